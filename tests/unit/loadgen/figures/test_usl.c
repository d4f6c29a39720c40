#include "loadgen/figures/usl.h"

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

/* Requests/s at 1 to 32 clients, of a PHP site (S. Moniz, S. Gunther: the example of the R package usl). What they come
 * to was computed apart from this program: the linear fits in fractions, the minimum by Newton's method. */
static const double site[] = {
    955.16, 1878.91,  2688.01,  3548.68,  4315.54,  5130.43,  5931.37,  6531.08,  7219.8,   7867.61,  8278.71,
    8646.7, 9047.84,  9426.55,  9645.37,  9897.24,  10097.6,  10240.5,  10532.39, 10798.52, 11151.43, 11518.63,
    11806,  12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4,  12074.39,
};

static size_t make_site(struct level *levels)
{
	memset(levels, 0, LEVELS_MAX * sizeof(*levels));
	for (unsigned i = 0; i < ARRAY_LENGTH(site); i++) {
		levels[i].in_flight = i + 1;
		levels[i].throughput = site[i];
	}
	return ARRAY_LENGTH(site);
}

static void assert_parameters(const struct usl_parameters *p, double lambda, double sigma, double kappa)
{
	assert_near(p->v[0], lambda, 1e-9 * lambda);
	assert_near(p->v[1], sigma, 1e-9);
	assert_near(p->v[2], kappa, 1e-12);
}

/* Without the weights lambda would be 963.48. */
static void the_start_is_the_weighted_linear_fit(void **state)
{
	struct level levels[LEVELS_MAX];
	struct usl_parameters p;
	size_t count = make_site(levels);

	(void)state;
	assert_true(usl_fit_linear(levels, count, (bool[]){true, true, true}, &p));
	assert_parameters(&p, 996.6572283342165, 0.02660433515217043, 0.0007738362801466399);
	assert_true(usl_fit_linear(levels, count, (bool[]){true, true, false}, &p));
	assert_parameters(&p, 1218.5994961822528, 0.065873073927321, 0);
	assert_true(usl_fit_linear(levels, count, (bool[]){true, false, false}, &p));
	assert_parameters(&p, 574.7361723066714, 0, 0);
}

/* A hundred thousandth of it: less than one answer a second. */
static void the_unit_of_time_does_not_matter(void **state)
{
	struct level levels[LEVELS_MAX];
	struct usl_parameters p;
	size_t count = make_site(levels);
	struct usl usl;

	(void)state;
	for (unsigned i = 0; i < count; i++)
		levels[i].throughput *= 1e-5;
	assert_true(usl_fit_linear(levels, count, (bool[]){true, true, true}, &p));
	assert_parameters(&p, 996.6572283342165e-5, 0.02660433515217043, 0.0007738362801466399);
	usl = usl_fit(levels, count, 1);
	assert_near(usl.lambda, 995.648785933284e-5, 1e-9);
	assert_near(usl.sigma, 0.026715945, 1e-8);
	assert_near(usl.r2, 0.9971511351644421, 1e-9);
}

static void what_does_not_determine_the_law_is_not_fitted(void **state)
{
	struct level levels[LEVELS_MAX];
	struct usl_parameters p;

	(void)state;
	make_site(levels);
	for (unsigned i = 0; i < 8; i++)
		levels[i].in_flight = 4; /* one level, eight times */
	assert_false(usl_fit_linear(levels, 8, (bool[]){true, true, true}, &p));
	assert_false(usl_fit(levels, 8, 1).is_fitted);
	assert_string_equal(usl_fit(levels, 8, 1).why, "the measured levels do not determine the law");
}

static void assert_interval(struct interval interval, double low, double high)
{
	assert_near(interval.low, low, 1e-6 * low);
	assert_near(interval.high, high, 1e-6 * high);
}

static void the_fit_is_the_least_of_squares(void **state)
{
	struct level levels[LEVELS_MAX];
	struct usl usl = usl_fit(levels, make_site(levels), 1);

	(void)state;
	assert_near(usl.lambda, 995.648785933284, 1e-4);
	assert_near(usl.sigma, 0.026715945, 1e-8);
	assert_near(usl.kappa, 0.00076909392, 1e-10);
	assert_near(usl.r2, 0.9971511351644421, 1e-10);
	assert_near(usl.n_max, 35.573788, 1e-4);
	assert_near(usl.x_max, 12342.85255, 1e-2);
	assert_near(usl.ceiling, 995.648786 / 0.026715945, 0.1);
	assert_true(usl.has_peak);
	/* of this seed; intervals_cover() says that they are right */
	assert_interval(usl.lambda_interval, 947.925998, 1036.22741);
	assert_interval(usl.sigma_interval, 0.0187465505, 0.0353415539);
	assert_interval(usl.kappa_interval, 0.000583271303, 0.000961060231);
}

/* A term that would be negative goes, and the others are fitted without it. */
static void a_negative_term_is_left_out(void **state)
{
	static const double at[] = {1, 2, 4, 8, 16, 32};
	static const double widening[] = {100, 190, 350, 640, 1200, 2300}, better[] = {100, 210, 440, 900, 1900, 4000};
	static const double bulging[] = {100, 205, 425, 840, 1500, 2100};
	struct level levels[LEVELS_MAX] = {0};
	struct usl usl;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		levels[i] = (struct level){.in_flight = at[i], .throughput = widening[i]};
	usl = usl_fit(levels, 6, 1);
	assert_near(usl.lambda, 81.98512044, 1e-5);
	assert_near(usl.sigma, 0.00464161552, 1e-8);
	assert_true(usl.kappa == 0 && !usl.has_peak);
	for (unsigned i = 0; i < 6; i++)
		levels[i].throughput = bulging[i];
	usl = usl_fit(levels, 6, 1);
	assert_near(usl.lambda, 108.324383119, 1e-5);
	assert_near(usl.kappa, 0.00065534738, 1e-9);
	assert_true(usl.sigma == 0 && isinf(usl.ceiling));
	for (unsigned i = 0; i < 6; i++)
		levels[i].throughput = better[i];
	usl = usl_fit(levels, 6, 1);
	assert_true(usl.is_fitted && usl.sigma == 0 && usl.kappa == 0 && isinf(usl.ceiling));
	assert_near(usl.lambda,
		    100.0 * (1 + 2 * 2.1 + 4 * 4.4 + 8 * 9 + 16 * 19 + 32 * 40) / (1 + 4 + 16 + 64 + 256 + 1024), 1e-6);
}

/* The interval of the law holds it in 95 of 100 samples, at least in most. */
static void intervals_cover(void **state)
{
	unsigned held = 0;
	uint64_t seed = 5;

	(void)state;
	for (unsigned run = 0; run < 20; run++) {
		struct level levels[LEVELS_MAX] = {0};
		struct usl usl;
		unsigned count = 0;

		for (double n = 1; n <= 128; n *= 2) {
			struct level *level = &levels[count++];
			double sorted[9];

			level->in_flight = n;
			level->repeat_count = 9;
			for (unsigned i = 0; i < 9; i++)
				sorted[i] = level->repeats[i] =
				    law(1000, 0.05, 0.0005, n) * (1 + 0.03 * (2 * random_unit(&seed) - 1));
			level->throughput = median_of(sorted, 9);
		}
		usl = usl_fit(levels, count, run + 1);
		held += usl.sigma_interval.low <= 0.05 && usl.sigma_interval.high >= 0.05;
	}
	assert_true(held >= 17);
}

/* A level with one repeat has no spread of its own; and levels that are all alike have no variation to explain. */
static void what_does_not_vary_has_no_r2(void **state)
{
	struct level levels[LEVELS_MAX] = {0};
	struct usl usl;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		levels[i] = (struct level){.in_flight = i + 1, .throughput = 64, .repeat_count = 1, .repeats = {1}};
	usl = usl_fit(levels, 8, 1);
	assert_true(usl.is_fitted);
	assert_near(usl.sigma, 1, 1e-6);
	assert_near(usl.r2, 0, 0);
	assert_false(usl.has_peak);
	assert_near(usl.lambda_interval.low, 64, 1e-6);
}

static void each_reason_is_said(void **state)
{
	struct level levels[LEVELS_MAX];
	size_t count = make_levels(levels, 1000, 0.05, 0.0005, 0);

	(void)state;
	assert_string_equal(usl_fit(levels, 5, 1).why, "the law needs at least 6 levels of concurrency");
	assert_true(usl_fit(levels, 6, 1).is_fitted);
	assert_true(usl_fit(levels, make_site(levels), 1).is_fitted); /* as many as there may be */
	assert_string_equal(usl_fit(levels, LEVELS_MAX + 1, 1).why, "the law needs at least 6 levels of concurrency");
	make_levels(levels, 1000, 0.05, 0.0005, 0);
	levels[0].throughput = 0;
	assert_string_equal(usl_fit(levels, count, 1).why, "at some level nothing was answered");
	make_levels(levels, 1000, 0.05, 0.0005, 0);
	levels[0].in_flight = 0;
	assert_string_equal(usl_fit(levels, count, 1).why, "at some level nothing was answered");
	make_levels(levels, 0.5, 0.05, 0.0005, 0); /* less than one a second */
	assert_near(usl_fit(levels, count, 1).lambda, 0.5, 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_law_is_recovered),
	    cmocka_unit_test(under_noise_the_intervals_hold_it),
	    cmocka_unit_test(without_a_peak_none_is_claimed),
	    cmocka_unit_test(too_little_is_not_fitted),
	    cmocka_unit_test(the_start_is_the_weighted_linear_fit),
	    cmocka_unit_test(the_unit_of_time_does_not_matter),
	    cmocka_unit_test(what_does_not_determine_the_law_is_not_fitted),
	    cmocka_unit_test(the_fit_is_the_least_of_squares),
	    cmocka_unit_test(a_negative_term_is_left_out),
	    cmocka_unit_test(intervals_cover),
	    cmocka_unit_test(what_does_not_vary_has_no_r2),
	    cmocka_unit_test(each_reason_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
