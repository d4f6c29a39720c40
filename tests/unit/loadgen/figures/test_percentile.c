/* Percentiles: nearest ranks, the ranks of their intervals, and how many values they need. */
#include "loadgen/figures/statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>

#include "base/compiler.h"
#include "loadgen/engine/random.h"
#include "lib/near.h"

static const double percents[] = {50, 75, 90, 95, 99, 99.9};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Each value is its rank. */
static double *ranks(size_t count)
{
	double *values = malloc(count * sizeof(*values));

	for (size_t i = 0; i < count; i++)
		values[i] = 1 + (double)i;
	return values;
}

/* The definition, word for word: the smallest value with at least p % at or below; percents in thousandths. */
static double nearest_rank(size_t count, uint64_t thousandths)
{
	uint64_t rank = 1;

	while (rank * 100000 < thousandths * count)
		rank++;
	return (double)rank;
}

static void percentiles_are_nearest_ranks(void **state)
{
	(void)state;
	for (size_t count = 1; count <= 1000; count += 37) {
		double *values = ranks(count);

		for (uint64_t thousandths = 100; thousandths < 100000; thousandths += 100) {
			struct percentile found = percentile_of(values, count, (double)thousandths / 1000, INFINITY);

			assert_near(found.value, nearest_rank(count, thousandths), 0);
			assert_near(found.percent, (double)thousandths / 1000, 0);
			assert_true(found.interval.low <= found.value && found.value <= found.interval.high);
			assert_false(found.is_at_least);
		}
		free(values);
	}
}

/* np -+ 1.96 sqrt(np(1-p)), downwards and upwards to whole ranks and one above (W. Conover, "Practical nonparametric
 * statistics", 3.2; G. Hahn, W. Meeker, "Statistical intervals", 5.2): by hand. With 90 % instead of 95 % every one of them
 * is narrower. */
static const struct {
	size_t count;
	double percent, low, high;
} intervals[] = {
    {10, 50, 1, 10},     {30, 50, 9, 22},      {100, 50, 40, 61},      {1000, 50, 469, 532}, {100, 90, 84, 97},
    {200, 95, 183, 198}, {1000, 99, 983, 998}, {5000, 99, 4936, 4965}, {299, 99, 292, 299},  {10000, 99.9, 9983, 9998},
};

static void intervals_have_the_ranks_of_the_books(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(intervals); i++) {
		double *values = ranks(intervals[i].count);
		struct percentile found = percentile_of(values, intervals[i].count, intervals[i].percent, INFINITY);

		assert_near(found.interval.low, intervals[i].low, 0);
		assert_near(found.interval.high, intervals[i].high, 0);
		free(values);
	}
}

/* The chance that at most `most` of n independent values lie below a percentile. */
static double chance_up_to(double most, double n, double p)
{
	double sum = 0;

	for (double k = 0; k <= most; k++)
		sum += exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p));
	return sum;
}

/* Exactly, for every distribution: at least `low` and fewer than `high` of the values lie below the percentile. */
static double coverage(size_t count, double percent)
{
	double *values = ranks(count), p = percent / 100;
	struct percentile found = percentile_of(values, count, percent, INFINITY);

	free(values);
	return chance_up_to(found.interval.high - 1, (double)count, p) -
	       chance_up_to(found.interval.low - 1, (double)count, p);
}

static void intervals_hold_the_truth_95_times_of_100(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(percents); i++) {
		size_t needs = percentile_needs(percents[i]);

		/* with the fewest values the upper end is the largest of them, which bounds the percentile to 95 % alone */
		assert_true(coverage(needs, percents[i]) > 0.93);
		for (size_t count = needs * 3 / 2; count < needs * 6; count += needs / 4)
			assert_true(coverage(count, percents[i]) >= 0.95);
	}
	/* nor are they wider than that takes: a rank less at each end, and fewer than 95 of 100 hold it */
	for (size_t count = 1000; count <= 4000; count += 500) {
		double *values = ranks(count);
		struct percentile found = percentile_of(values, count, 50, INFINITY);

		assert_true(chance_up_to(found.interval.high - 2, (double)count, 0.5) -
				chance_up_to(found.interval.low, (double)count, 0.5) <
			    0.951);
		free(values);
	}
}

/* And as they are used: of 2,000 samples of a known distribution 1,900 hold it; six standard deviations are 58. */
static void intervals_of_samples_hold_the_truth(void **state)
{
	uint64_t seed = 11;
	unsigned held = 0;

	(void)state;
	for (unsigned run = 0; run < 2000; run++) {
		double values[600];
		struct percentile found;

		for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
			values[i] = -log(random_unit(&seed));
		qsort(values, ARRAY_LENGTH(values), sizeof(*values), ascending);
		found = percentile_of(values, ARRAY_LENGTH(values), 90, INFINITY);
		held += found.interval.low <= log(10) && log(10) <= found.interval.high;
	}
	assert_in_range(held, 1842, 1970);
}

static void a_percentile_needs_enough_values(void **state)
{
	double values[299] = {0};

	(void)state;
	/* ln 0.05 / ln p, upwards, as in the literature */
	assert_int_equal(percentile_needs(50), 5);
	assert_int_equal(percentile_needs(75), 11);
	assert_int_equal(percentile_needs(90), 29);
	assert_int_equal(percentile_needs(95), 59);
	assert_int_equal(percentile_needs(99), 299);
	assert_int_equal(percentile_needs(99.9), 2995);
	assert_int_equal(percentile_needs(99.99), 29956);
	assert_int_equal(percentile_needs(0), 1);
	assert_int_equal(percentile_needs(1), 1);
	assert_int_equal(percentile_needs(100), 1);
	assert_false(percentile_of(values, 298, 99, INFINITY).is_supported);
	assert_true(percentile_of(values, 299, 99, INFINITY).is_supported);
}

static void above_a_lower_bound_it_is_one_too(void **state)
{
	double *values = ranks(100);

	(void)state;
	assert_false(percentile_of(values, 100, 50, 90).is_at_least);
	assert_false(percentile_of(values, 100, 89, 90).is_at_least);
	assert_true(percentile_of(values, 100, 90, 90).is_at_least);
	assert_true(percentile_of(values, 100, 95, 90).is_at_least);
	free(values);
}

static void of_no_values_there_is_none(void **state)
{
	struct percentile found = percentile_of(NULL, 0, 50, INFINITY);

	(void)state;
	assert_true(isnan(found.value) && isnan(found.interval.low) && isnan(found.interval.high));
	assert_false(found.is_supported || found.is_at_least);
	assert_near(found.percent, 50, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(percentiles_are_nearest_ranks),
	    cmocka_unit_test(intervals_have_the_ranks_of_the_books),
	    cmocka_unit_test(intervals_hold_the_truth_95_times_of_100),
	    cmocka_unit_test(intervals_of_samples_hold_the_truth),
	    cmocka_unit_test(a_percentile_needs_enough_values),
	    cmocka_unit_test(above_a_lower_bound_it_is_one_too),
	    cmocka_unit_test(of_no_values_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
