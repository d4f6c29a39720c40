/* Means, medians, buckets, lines and growth: exact values, by hand. */
#include "loadgen/figures/statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/compiler.h"
#include "loadgen/engine/random.h"
#include "lib/near.h"

static void means_are_means(void **state)
{
	(void)state;
	assert_near(mean_of((const double[]){1, 2, 6}, 3), 3, 0);
	assert_near(mean_of((const double[]){7}, 1), 7, 0);
	assert_true(isnan(mean_of(NULL, 0)));
}

static void medians_are_in_the_middle(void **state)
{
	double odd[] = {9, 1, 4}, even[] = {10, 1, 4, 3}, one[] = {5}, two[] = {8, 6};

	(void)state;
	assert_near(median_of(odd, 3), 4, 0);
	assert_near(odd[0], 1, 0); /* they are sorted */
	assert_near(odd[2], 9, 0);
	assert_near(median_of(even, 4), 3.5, 0);
	assert_near(median_of(one, 1), 5, 0);
	assert_near(median_of(two, 2), 7, 0);
	assert_true(isnan(median_of(NULL, 0)));
}

static void the_variance_is_that_of_a_sample(void **state)
{
	(void)state;
	assert_near(variance_of((const double[]){2, 4, 4, 4, 5, 5, 7, 9}, 8), 32 / 7.0, 1e-12);
	assert_near(variance_of((const double[]){1, 3}, 2), 2, 1e-12);
	assert_near(variance_of((const double[]){3}, 1), 0, 0);
	assert_near(variance_of(NULL, 0), 0, 0);
}

static void a_bucket_is_narrow_and_holds_its_values(void **state)
{
	uint64_t seed = 9;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t ns = random_next(&seed) >> (20 + i % 44);
		unsigned bucket = bucket_of_ns(ns);
		double middle = (double)bucket_middle_ns(bucket);

		assert_true(bucket < BUCKET_COUNT);
		assert_true(fabs(middle - (double)ns) <= (double)ns / 2048 + 0.5);
		assert_int_equal(bucket_of_ns(bucket_middle_ns(bucket)), bucket);
	}
}

/* 1,024 to a power of two; below 2,048 each nanosecond has its own. */
static void buckets_are_log_linear(void **state)
{
	static const struct {
		uint64_t ns;
		unsigned bucket;
		uint64_t middle;
	} expected[] = {
	    {0, 0, 0},          {1, 1, 1},          {1023, 1023, 1023},
	    {1024, 1024, 1024}, {2047, 2047, 2047}, {2048, 2048, 2048},
	    {2049, 2048, 2048}, {2050, 2049, 2050}, {4095, 3071, 4094},
	    {4096, 3072, 4097}, {4099, 3072, 4097}, {4100, 3073, 4101},
	    {8191, 4095, 8189}, {8192, 4096, 8195}, {1 << 20, 11264, (1 << 20) + 511},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		assert_int_equal(bucket_of_ns(expected[i].ns), expected[i].bucket);
		assert_int_equal(bucket_middle_ns(expected[i].bucket), expected[i].middle);
	}
	assert_true(bucket_of_ns(UINT64_MAX) < BUCKET_COUNT);
}

/* The textbook's five points: SS of the rest 2.4, so that t = 0.6 / sqrt(0.8 / 10). */
static void a_line_is_found(void **state)
{
	static const double x[] = {1, 2, 3, 4, 5}, y[] = {2, 4, 5, 4, 5};
	struct regression found = regression_of(x, y, 5);

	(void)state;
	assert_near(found.slope, 0.6, 1e-12);
	assert_near(found.intercept, 2.2, 1e-12);
	assert_near(found.t, 0.6 / sqrt(0.08), 1e-12);
	found = regression_of((const double[]){0, 1, 2}, (const double[]){0, 1, 5}, 3);
	assert_near(found.slope, 2.5, 1e-12);
	assert_near(found.intercept, -0.5, 1e-12);
	assert_near(found.t, 2.5 / sqrt(0.75), 1e-12);
}

static void assert_no_line(struct regression found)
{
	assert_near(found.slope, 0, 0);
	assert_near(found.intercept, 0, 0);
	assert_near(found.t, 0, 0);
}

static void a_line_needs_three_points_that_are_apart(void **state)
{
	static const double x[] = {0, 1, 2}, same[] = {1, 1, 1}, rising[] = {1, 2, 3}, falling[] = {3, 2, 1},
			    flat[] = {4, 4, 4};

	(void)state;
	assert_no_line(regression_of(x, rising, 2));
	assert_no_line(regression_of(same, rising, 3));
	/* without any rest, t has no bound */
	assert_true(regression_of(x, rising, 3).t > 1e300);
	assert_true(regression_of(x, falling, 3).t < -1e300);
	assert_near(regression_of(x, flat, 3).t, 0, 0);
}

/* A straight line from `from` on, 17 points, a second apart; every figure is exact in binary. */
static struct steadiness straight(double from, double slope, size_t count)
{
	double in_flight[17], at_s[17];

	for (size_t i = 0; i < 17; i++) {
		at_s[i] = (double)i + 5;
		in_flight[i] = from + slope * (double)i;
	}
	return steadiness_of(in_flight, at_s, count);
}

static void a_backlog_that_grows_is_not_steady(void **state)
{
	(void)state;
	assert_false(straight(0, 100, 17).is_steady);
	assert_near(straight(0, 100, 17).growth_per_s, 100, 1e-9);
	assert_true(straight(1600, -100, 17).is_steady); /* it shrinks */
	assert_true(straight(100, 0, 17).is_steady);
	/* by two requests, or by half of the mean: that is noise; above, it is growth */
	assert_true(straight(0, 0.125, 17).is_steady);
	assert_false(straight(0, 0.15625, 17).is_steady);
	assert_true(straight(24, 1, 17).is_steady);
	assert_false(straight(23.5, 1, 17).is_steady);
}

static void ten_points_are_needed_to_say_so(void **state)
{
	(void)state;
	assert_true(straight(0, 100, 9).is_steady);
	assert_near(straight(0, 100, 9).growth_per_s, 0, 0);
	assert_false(straight(0, 100, 10).is_steady);
}

/* Up and down by `swing` around a line of slope 3: sxx is 110, the rest 8 swing^2 + 0, over nine degrees of freedom. */
static bool is_steady_around(double swing)
{
	static const double signs[11] = {1, -1, -1, 1, 0, 0, 0, 1, -1, -1, 1};
	double in_flight[11], at_s[11];

	for (size_t i = 0; i < 11; i++) {
		at_s[i] = (double)i;
		in_flight[i] = 3 * (double)i + swing * signs[i];
	}
	return steadiness_of(in_flight, at_s, 11).is_steady;
}

static void growth_within_the_noise_is_none(void **state)
{
	(void)state;
	/* t = 3 / sqrt(8 swing^2 / 9 / 110): 3.3 and 2.7 */
	assert_false(is_steady_around(10.1));
	assert_true(is_steady_around(12.4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(means_are_means),
	    cmocka_unit_test(medians_are_in_the_middle),
	    cmocka_unit_test(the_variance_is_that_of_a_sample),
	    cmocka_unit_test(a_bucket_is_narrow_and_holds_its_values),
	    cmocka_unit_test(buckets_are_log_linear),
	    cmocka_unit_test(a_line_is_found),
	    cmocka_unit_test(a_line_needs_three_points_that_are_apart),
	    cmocka_unit_test(a_backlog_that_grows_is_not_steady),
	    cmocka_unit_test(ten_points_are_needed_to_say_so),
	    cmocka_unit_test(growth_within_the_noise_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
