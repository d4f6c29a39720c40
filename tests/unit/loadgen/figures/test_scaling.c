#include "loadgen/figures/scaling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/compiler.h"
#include "loadgen/engine/random.h"
#include "lib/near.h"

static double law(double lambda, double sigma, double kappa, double n)
{
	return lambda * n / (1 + sigma * (n - 1) + kappa * n * (n - 1));
}

static size_t make_levels(struct level *levels, double lambda, double sigma, double kappa, double noise)
{
	size_t count = 0;
	uint64_t seed = 17;

	memset(levels, 0, LEVELS_MAX * sizeof(*levels));
	for (double n = 1; n <= 256; n *= 2) {
		struct level *level = &levels[count++];
		double sum = 0;

		level->in_flight = n;
		level->repeat_count = 5;
		for (unsigned i = 0; i < 5; i++) {
			level->repeats[i] = law(lambda, sigma, kappa, n) * (1 + noise * (2 * random_unit(&seed) - 1));
			sum += level->repeats[i];
		}
		level->throughput = sum / 5;
	}
	return count;
}

static void the_law_is_recovered(void **state)
{
	struct level levels[LEVELS_MAX];
	struct usl usl = usl_fit(levels, make_levels(levels, 1000, 0.03, 0.0008, 0), 1);

	(void)state;
	assert_true(usl.is_fitted);
	assert_near(usl.lambda, 1000, 1);
	assert_near(usl.sigma, 0.03, 1e-4);
	assert_near(usl.kappa, 0.0008, 1e-6);
	assert_near(usl.r2, 1, 1e-6);
	assert_true(usl.has_peak);
	assert_near(usl.n_max, sqrt((1 - 0.03) / 0.0008), 0.1);
	assert_near(usl.x_max, law(1000, 0.03, 0.0008, usl.n_max), 1);
	assert_near(usl.ceiling, 1000 / 0.03, 200);
	assert_near(usl_throughput(&usl, 7), law(1000, 0.03, 0.0008, 7), 1);
}

static void under_noise_the_intervals_hold_it(void **state)
{
	struct level levels[LEVELS_MAX];
	struct usl usl = usl_fit(levels, make_levels(levels, 1000, 0.05, 0.0005, 0.03), 1);

	(void)state;
	assert_near(usl.sigma, 0.05, 0.02);
	assert_true(usl.lambda_interval.low <= 1030 && usl.lambda_interval.high >= 970);
	assert_true(usl.kappa_interval.low > 0 && usl.kappa_interval.low < 0.0005 && usl.kappa_interval.high > 0.00045);
	assert_true(usl.lambda_interval.low < usl.lambda && usl.lambda < usl.lambda_interval.high);
}

static void without_a_peak_none_is_claimed(void **state)
{
	struct level levels[LEVELS_MAX];
	struct usl usl = usl_fit(levels, make_levels(levels, 1000, 0.05, 0, 0.02), 1);

	(void)state;
	assert_false(usl.has_peak);
	assert_near(usl.ceiling, 20000, 2000);
	usl = usl_fit(levels, make_levels(levels, 1000, 0, 0, 0), 1);
	assert_near(usl.sigma, 0, 1e-9);
	assert_true(isinf(usl.ceiling) || usl.ceiling > 1e9);
	usl = usl_fit(levels, make_levels(levels, 1000, 1, 0, 0), 1); /* one at a time */
	assert_false(usl.has_peak);
	assert_near(usl.ceiling, 1000, 1);
}

static void too_little_is_not_fitted(void **state)
{
	struct level levels[LEVELS_MAX];
	struct usl usl;

	(void)state;
	make_levels(levels, 1000, 0.05, 0, 0);
	usl = usl_fit(levels, USL_LEVELS_MIN - 1, 1);
	assert_false(usl.is_fitted);
	assert_non_null(usl.why);
	levels[3].throughput = 0;
	assert_false(usl_fit(levels, 8, 1).is_fitted);
}

static void bounds_are_those_of_the_books(void **state)
{
	static const double solo[] = {400, 300, 100};

	(void)state;
	assert_near(little_bound(8, 0.020), 400, 1e-9);
	assert_true(isinf(little_bound(8, 0)));
	assert_near(knee_of(0.020, 0, 400), 8, 1e-9);
	assert_near(knee_of(0.020, 0.080, 400), 40, 1e-9);
	assert_near(overlap_of(solo, 3, 800), 0, 1e-12);
	assert_near(overlap_of(solo, 3, 400), 1, 1e-12);
	assert_near(overlap_of((const double[]){1, 1, 1}, 3, 2), 0.5, 1e-12);
	assert_true(isnan(overlap_of(solo, 1, 400)));
}

/* Every limit that there can be is found within the precision, in few steps. */
static void the_search_finds_the_limit(void **state)
{
	(void)state;
	for (unsigned limit = 0; limit <= 1100; limit++) {
		struct search search;
		double next;

		search_init(&search, 1024, 1.1);
		while ((next = search_next(&search)) > 0) {
			assert_true(next <= 1024 && search.steps < 30);
			search_tell(&search, next, next <= limit);
		}
		if (limit >= 1024)
			assert_near(search.highest_good, 1024, 0);
		else if (limit == 0)
			assert_near(search.highest_good, 0, 0);
		else
			assert_true(search.highest_good <= limit && search.highest_good >= floor(limit / 1.1));
	}
}

static void what_was_good_and_is_bad_is_bad(void **state)
{
	struct search search;

	(void)state;
	search_init(&search, 100, 1.1);
	search_tell(&search, 16, true);
	search_tell(&search, 16, false);
	assert_true(search.highest_good < 16);
	assert_near(search.lowest_bad, 16, 0);
}

static void the_serial_share_is_recovered(void **state)
{
	static const double threads[] = {1, 2, 4, 8};
	static const double shares[] = {0, 0.05, 0.3, 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(shares); i++) {
		double times[4];

		for (size_t j = 0; j < 4; j++)
			times[j] = 120 / amdahl_speedup(shares[i], threads[j]);
		assert_near(amdahl_share(threads, times, 4), shares[i], 1e-9);
		assert_near(amdahl_share(threads, times, 2), shares[i], 1e-9);
	}
	assert_near(amdahl_speedup(0.1, 4), 1 / (0.1 + 0.9 / 4), 1e-12);
	/* faster than there are threads, and slower than with one: the share stays a share */
	assert_near(amdahl_share(threads, (const double[]){100, 40, 20, 10}, 4), 0, 1e-12);
	assert_near(amdahl_share(threads, (const double[]){100, 130, 150, 190}, 4), 1, 1e-12);
	assert_true(isnan(amdahl_share(threads, (const double[]){100}, 1)));
	assert_true(isnan(amdahl_share((const double[]){2, 4}, (const double[]){50, 25}, 2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_law_is_recovered),           cmocka_unit_test(under_noise_the_intervals_hold_it),
	    cmocka_unit_test(without_a_peak_none_is_claimed), cmocka_unit_test(too_little_is_not_fitted),
	    cmocka_unit_test(bounds_are_those_of_the_books),  cmocka_unit_test(the_serial_share_is_recovered),
	    cmocka_unit_test(the_search_finds_the_limit),     cmocka_unit_test(what_was_good_and_is_bad_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
