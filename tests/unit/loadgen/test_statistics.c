#include "loadgen/statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/compiler.h"
#include "loadgen/load.h"
#include "loadgen/random.h"
#include "loadgen/sort.h"
#include "lib/near.h"

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sorting_is_that_of_qsort(void **state)
{
	uint64_t values[3000], seed = 5;
	double expected[3000];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
		values[i] = random_next(&seed) >> (11 + i % 53); /* of all sizes, exact as doubles */
		expected[i] = (double)values[i];
	}
	qsort(expected, ARRAY_LENGTH(expected), sizeof(*expected), ascending);
	sort_u64(values, ARRAY_LENGTH(values));
	for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
		assert_true((double)values[i] == expected[i]);
	sort_u64(values, 0);
}

/* The definition, word for word: the smallest value with at least p % at or below. */
static double nearest_rank(const double *sorted, size_t count, double percent)
{
	for (size_t i = 0; i < count; i++)
		if ((double)(i + 1) * 100 >= percent * (double)count - 1e-7)
			return sorted[i];
	return NAN;
}

static void percentiles_are_nearest_ranks(void **state)
{
	static const double percents[] = {1, 50, 75, 90, 95, 99, 99.9};
	double values[1000];

	(void)state;
	for (size_t count = 1; count <= 1000; count += 37) {
		for (size_t i = 0; i < count; i++)
			values[i] = (double)(i * i);
		for (size_t p = 0; p < ARRAY_LENGTH(percents); p++) {
			struct percentile found = percentile_of(values, count, percents[p], INFINITY);

			assert_true(found.value == nearest_rank(values, count, percents[p]));
			assert_true(found.interval.low <= found.value && found.value <= found.interval.high);
			assert_false(found.is_at_least);
		}
	}
}

static void a_percentile_needs_enough_values(void **state)
{
	double values[3000] = {0};

	(void)state;
	/* ln 0.05 / ln p, as in the literature */
	assert_int_equal(percentile_needs(99), 299);
	assert_int_equal(percentile_needs(99.9), 2995);
	assert_int_equal(percentile_needs(90), 29);
	assert_false(percentile_of(values, 298, 99, INFINITY).is_supported);
	assert_true(percentile_of(values, 299, 99, INFINITY).is_supported);
}

static void above_a_lower_bound_it_is_one_too(void **state)
{
	double values[100];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		values[i] = (double)i;
	assert_false(percentile_of(values, 100, 50, 90).is_at_least);
	assert_true(percentile_of(values, 100, 95, 90).is_at_least);
}

/* 95 of 100 intervals hold the truth: of 400 samples of a known distribution not far fewer do. */
static void intervals_of_percentiles_hold_the_truth(void **state)
{
	uint64_t seed = 11;
	unsigned held = 0;

	(void)state;
	for (unsigned run = 0; run < 400; run++) {
		double values[600];
		struct percentile median;

		for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
			values[i] = -log(random_unit(&seed));
		qsort(values, ARRAY_LENGTH(values), sizeof(*values), ascending);
		median = percentile_of(values, ARRAY_LENGTH(values), 50, INFINITY);
		held += median.interval.low <= log(2) && log(2) <= median.interval.high;
	}
	assert_in_range(held, 364, 398);
}

static void runs_are_told_apart_only_when_there_are_enough(void **state)
{
	static const double low[] = {10, 11, 12, 13, 14}, high[] = {20, 21, 22, 23, 24};
	struct difference found;

	(void)state;
	found = difference_of_runs(low, 3, high, 3); /* 20 orders: even the most extreme has p = 0.1 */
	assert_int_equal(found.verdict, VERDICT_NO_DIFFERENCE);
	assert_true(isinf(found.interval.high));
	assert_near(found.p, 0.1, 1e-12);
	found = difference_of_runs(low, 4, high, 4); /* 2 of 70 orders */
	assert_int_equal(found.verdict, VERDICT_A_IS_LOWER);
	assert_near(found.p, 2.0 / 70, 1e-12);
	assert_near(found.interval.low, 20.0 / 13, 1e-12);
	assert_near(found.interval.high, 23.0 / 10, 1e-12);
	found = difference_of_runs(high, 5, low, 5); /* 2 of 252 */
	assert_int_equal(found.verdict, VERDICT_B_IS_LOWER);
	assert_near(found.p, 2.0 / 252, 1e-12);
	assert_near(found.a, 22, 0);
	assert_near(found.b, 12, 0);
}

/* Hodges-Lehmann: the median of all 25 ratios. */
static void the_ratio_is_the_median_of_all_pairs(void **state)
{
	static const double a[] = {3, 9, 1, 7, 5}, b[] = {4, 2, 30, 8, 6};
	double ratios[25];
	struct difference found = difference_of_runs(a, 5, b, 5);

	(void)state;
	for (size_t i = 0; i < 25; i++)
		ratios[i] = b[i % 5] / a[i / 5];
	qsort(ratios, 25, sizeof(*ratios), ascending);
	assert_near(found.ratio, ratios[12], 1e-9);
	/* p <= 0.05 up to U = 2: 2 * (1 + 1 + 2) / 252, so the third from each end */
	assert_near(found.interval.low, ratios[2], 1e-9);
	assert_near(found.interval.high, ratios[22], 1e-9);
	assert_int_equal(found.verdict, VERDICT_NO_DIFFERENCE);
}

static struct blocks make_blocks(double scale, double noise, uint64_t seed, size_t count)
{
	struct blocks blocks = {calloc(count, sizeof(struct histogram)), calloc(count, sizeof(double)), count};

	for (size_t i = 0; i < count; i++) {
		struct histogram *block = &blocks.blocks[i];

		block->length = 50;
		block->values = calloc(50, sizeof(double));
		block->counts = calloc(50, sizeof(uint64_t));
		for (size_t j = 0; j < 50; j++) {
			block->values[j] = scale * (1 + (double)j / 50) * (1 + noise * (random_unit(&seed) - 0.5));
			block->counts[j] = 10;
		}
		qsort(block->values, 50, sizeof(double), ascending);
		blocks.rates[i] = 1000 / scale * (1 + noise * (random_unit(&seed) - 0.5));
	}
	return blocks;
}

static void free_blocks(struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++) {
		free(blocks->blocks[i].values);
		free(blocks->blocks[i].counts);
	}
	free(blocks->blocks);
	free(blocks->rates);
}

static void blocks_show_a_difference_that_is_there(void **state)
{
	struct blocks a = make_blocks(10, 0.1, 1, 20), b = make_blocks(12, 0.1, 2, 20), c = make_blocks(10, 0.1, 3, 20);
	struct difference found = difference_of_blocks(&a, &b, BLOCK_PERCENTILE, 50, 7);

	(void)state;
	assert_int_equal(found.verdict, VERDICT_A_IS_LOWER);
	assert_near(found.ratio, 1.2, 0.03);
	assert_true(found.interval.low < 1.2 && found.interval.high > 1.15);
	assert_int_equal(difference_of_blocks(&a, &b, BLOCK_RATE, 0, 7).verdict, VERDICT_B_IS_LOWER);
	assert_int_equal(difference_of_blocks(&a, &c, BLOCK_PERCENTILE, 99, 7).verdict, VERDICT_NO_DIFFERENCE);
	found = difference_of_blocks(&a, &a, BLOCK_MEAN, 0, 7);
	assert_near(found.ratio, 1, 1e-12);
	assert_int_equal(found.verdict, VERDICT_NO_DIFFERENCE);
	a.count = BLOCKS_MIN - 1;
	assert_true(isinf(difference_of_blocks(&a, &b, BLOCK_PERCENTILE, 50, 7).interval.high));
	a.count = 20;
	free_blocks(&a);
	free_blocks(&b);
	free_blocks(&c);
}

static void dependent_values_count_less(void **state)
{
	double independent[4096], dependent[4096];
	uint64_t seed = 3;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(independent); i++) {
		independent[i] = random_unit(&seed);
		dependent[i] = i % 64 == 0 ? random_unit(&seed) : dependent[i - 1];
	}
	assert_true(effective_count(independent, ARRAY_LENGTH(independent)) > 2000);
	assert_true(effective_count(dependent, ARRAY_LENGTH(dependent)) < 150);
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
		assert_true(ns <= lateness_edge_ns(lateness_bucket(ns)) || lateness_bucket(ns) == LATENESS_BUCKETS - 1);
	}
}

static void a_line_is_found(void **state)
{
	double x[50], y[50];
	struct regression found;

	(void)state;
	for (size_t i = 0; i < 50; i++) {
		x[i] = (double)i / 10;
		y[i] = 3 + 2 * x[i] + (i % 2 ? 0.1 : -0.1);
	}
	found = regression_of(x, y, 50);
	assert_near(found.intercept, 3, 0.05);
	assert_near(found.slope, 2, 0.02);
	assert_true(found.t > 100);
}

static void a_backlog_that_grows_is_not_steady(void **state)
{
	double growing[40], level[40], at[40];
	uint64_t seed = 4;
	struct steadiness found;

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		at[i] = (double)i / 4;
		growing[i] = 100 * at[i] + 20 * random_unit(&seed);
		level[i] = 100 + 20 * random_unit(&seed);
	}
	found = steadiness_of(growing, at, 40);
	assert_false(found.is_steady);
	assert_near(found.growth_per_s, 100, 5);
	assert_true(steadiness_of(level, at, 40).is_steady);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sorting_is_that_of_qsort),
	    cmocka_unit_test(percentiles_are_nearest_ranks),
	    cmocka_unit_test(a_percentile_needs_enough_values),
	    cmocka_unit_test(above_a_lower_bound_it_is_one_too),
	    cmocka_unit_test(intervals_of_percentiles_hold_the_truth),
	    cmocka_unit_test(runs_are_told_apart_only_when_there_are_enough),
	    cmocka_unit_test(the_ratio_is_the_median_of_all_pairs),
	    cmocka_unit_test(blocks_show_a_difference_that_is_there),
	    cmocka_unit_test(dependent_values_count_less),
	    cmocka_unit_test(a_bucket_is_narrow_and_holds_its_values),
	    cmocka_unit_test(a_line_is_found),
	    cmocka_unit_test(a_backlog_that_grows_is_not_steady),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
