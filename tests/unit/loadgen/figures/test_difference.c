/* What is said of two samples of runs: exact p values, ratios and intervals, worked out another way. */
#include "loadgen/figures/statistics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/compiler.h"
#include "loadgen/engine/random.h"
#include "lib/near.h"

enum { PLACES_MAX = 10 };

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void runs_are_told_apart_only_when_there_are_enough(void **state)
{
	static const double low[] = {10, 11, 12, 13, 14}, high[] = {20, 21, 22, 23, 24};
	struct difference found;

	(void)state;
	found = difference_of_runs(low, 3, high, 3); /* 20 orders: even the most extreme has p = 0.1 */
	assert_int_equal(found.verdict, VERDICT_NO_DIFFERENCE);
	assert_near(found.interval.low, 0, 0);
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

/* U of the order in which the set bits of `order` are the first sample's places. */
static unsigned u_of(unsigned order, unsigned places)
{
	unsigned u = 0, others = 0;

	for (unsigned place = 0; place < places; place++)
		if (order >> place & 1)
			u += others;
		else
			others++;
	return u;
}

/* The definition, word for word: of all orders that are equally likely, the share that is at least as extreme. */
static double p_by_counting(unsigned order, unsigned n, unsigned m)
{
	unsigned all = 0, extreme = 0, u = u_of(order, n + m);

	u = u < n * m - u ? u : n * m - u;
	for (unsigned other = 0; other < 1U << (n + m); other++)
		if ((unsigned)__builtin_popcount(other) == n) {
			all++;
			extreme += u_of(other, n + m) <= u;
		}
	return fmin(1, 2.0 * extreme / all);
}

static void assert_p_of_all_orders(unsigned n, unsigned m)
{
	for (unsigned order = 0; order < 1U << (n + m); order++) {
		double a[PLACES_MAX], b[PLACES_MAX];
		unsigned in_a = 0, in_b = 0;

		if ((unsigned)__builtin_popcount(order) != n)
			continue;
		for (unsigned place = 0; place < n + m; place++)
			if (order >> place & 1)
				a[in_a++] = 1 + place;
			else
				b[in_b++] = 1 + place;
		assert_near(difference_of_runs(a, n, b, m).p, p_by_counting(order, n, m), 1e-12);
	}
}

static void every_p_is_that_of_counting_the_orders(void **state)
{
	(void)state;
	assert_p_of_all_orders(1, 1);
	assert_p_of_all_orders(1, 6);
	assert_p_of_all_orders(3, 3);
	assert_p_of_all_orders(2, 5);
	assert_p_of_all_orders(5, 3);
	assert_p_of_all_orders(4, 5);
}

/* The largest U that is refused at 5 %, two-sided: the tables of Mann and Whitney (1947) as extended by D. Auble (1953). */
static const struct {
	unsigned n, m, critical;
} table[] = {
    {4, 4, 0},   {4, 5, 1},    {5, 5, 2},    {5, 4, 1},     {4, 10, 5},  {6, 6, 5},
    {7, 7, 8},   {8, 8, 13},   {9, 9, 17},   {10, 10, 23},  {8, 12, 22}, {12, 8, 22},
    {5, 20, 20}, {12, 12, 37}, {15, 15, 64}, {20, 20, 127}, {20, 6, 27}, {16, 20, 98},
};

/* The interval's ends are the shifts behind the refused ones: neither one more nor one less is left out. */
static void the_interval_is_that_of_the_tables(void **state)
{
	uint64_t seed = 31;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
		double a[RUNS_MAX], b[RUNS_MAX], ratios[RUNS_MAX * RUNS_MAX];
		unsigned n = table[i].n, m = table[i].m;
		struct difference found;

		for (unsigned j = 0; j < n; j++)
			a[j] = 1 + random_unit(&seed);
		for (unsigned j = 0; j < m; j++)
			b[j] = 1 + random_unit(&seed);
		for (unsigned j = 0; j < n * m; j++)
			ratios[j] = b[j % m] / a[j / m];
		qsort(ratios, n * m, sizeof(*ratios), ascending);
		found = difference_of_runs(a, n, b, m);
		assert_near(found.interval.low, ratios[table[i].critical], 1e-12);
		assert_near(found.interval.high, ratios[n * m - 1 - table[i].critical], 1e-12);
	}
}

/* Hodges-Lehmann: the median of all ratios of one of b to one of a; of an even number, the geometric mean of two. */
static void the_ratio_is_the_median_of_all_pairs(void **state)
{
	static const double a[] = {3, 9, 1, 7, 5}, b[] = {4, 2, 30, 8, 6};
	double ratios[25];
	struct difference found = difference_of_runs(a, 5, b, 5);

	(void)state;
	for (size_t i = 0; i < 25; i++)
		ratios[i] = b[i % 5] / a[i / 5];
	qsort(ratios, 25, sizeof(*ratios), ascending);
	assert_near(found.ratio, ratios[12], 1e-12);
	assert_near(found.interval.low, ratios[2], 1e-12);
	assert_near(found.interval.high, ratios[22], 1e-12);
	assert_int_equal(found.verdict, VERDICT_NO_DIFFERENCE);
	found = difference_of_runs((const double[]){1, 1}, 2, (const double[]){2, 8}, 2); /* 2 2 8 8 */
	assert_near(found.ratio, 4, 1e-12);
	assert_near(found.b, 5, 0);
}

/* 95 of 100 intervals hold the ratio that there is: of 2,000 pairs of samples 1,900 and more, since the test is exact and
 * its 2 of 70, 252, ... lie below 5 %. Six standard deviations of 1,900 are 58; intervals of 90 % would hold some 1,835. */
static void intervals_of_runs_hold_the_truth(void **state)
{
	uint64_t seed = 23;
	unsigned held = 0;

	(void)state;
	for (unsigned pair = 0; pair < 2000; pair++) {
		double a[8], b[8];
		struct difference found;

		for (unsigned i = 0; i < 8; i++) {
			a[i] = exp(random_unit(&seed));
			b[i] = 1.5 * exp(random_unit(&seed));
		}
		found = difference_of_runs(a, 8, b, 8);
		held += found.interval.low <= 1.5 && 1.5 <= found.interval.high;
	}
	assert_in_range(held, 1842, 1958);
}

/* The normal approximation with its corrections for ties and for continuity (E. Lehmann, "Nonparametrics", 1.4), by hand. */
static void ties_are_corrected_for(void **state)
{
	struct difference found =
	    difference_of_runs((const double[]){1, 2, 3, 4, 5}, 5, (const double[]){3, 4, 5, 6, 7}, 5);

	(void)state;
	/* U = 1 + 1 + 1 + 3 / 2; three pairs tie: sigma^2 = 25 / 12 (11 - 18 / 90) = 22.5; z = (12.5 - 4.5 - 0.5) / sigma */
	assert_near(found.p, erfc(7.5 / sqrt(22.5) / sqrt(2)), 1e-12);
	assert_near(found.p, 0.1138, 5e-5);
	found = difference_of_runs((const double[]){1, 2, 2}, 3, (const double[]){2, 3, 4, 5}, 4);
	/* U = 1; three 2s tie: sigma^2 = 12 / 12 (8 - 24 / 42); z = (6 - 1 - 0.5) / sigma */
	assert_near(found.p, erfc(4.5 / sqrt(8 - 24.0 / 42) / sqrt(2)), 1e-12);
	/* all alike, and as many above as below */
	assert_near(difference_of_runs((const double[]){3, 3, 3}, 3, (const double[]){3, 3, 3}, 3).p, 1, 0);
	assert_near(difference_of_runs((const double[]){1, 2, 3}, 3, (const double[]){1, 2, 3}, 3).p, 1, 0);
}

static void assert_nothing_is_said(const double *a, size_t n, const double *b, size_t m)
{
	struct difference found = difference_of_runs(a, n, b, m);

	assert_int_equal(found.verdict, VERDICT_NO_DIFFERENCE);
	assert_near(found.p, 1, 0);
	assert_near(found.interval.low, 0, 0);
	assert_true(isinf(found.interval.high));
}

static void what_has_no_logarithm_gets_no_interval(void **state)
{
	static const double good[] = {1, 2, 3, 4, 5}, more[] = {11, 12, 13, 14, 15};
	static const double wrong[] = {0, -1, NAN, INFINITY};
	struct difference found;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		for (size_t at = 0; at < 5; at++) {
			double values[5];

			memcpy(values, more, sizeof(values));
			values[at] = wrong[i];
			assert_nothing_is_said(good, 5, values, 5);
			assert_nothing_is_said(values, 5, good, 5);
		}
	assert_nothing_is_said(good, 5, more, 0);
	assert_nothing_is_said(good, 0, more, 5);
	/* the medians and their ratio are there all the same */
	found = difference_of_runs((const double[]){0, 2, 3}, 3, (const double[]){4, 5, 6}, 3);
	assert_near(found.a, 2, 0);
	assert_near(found.b, 5, 0);
	assert_near(found.ratio, 2.5, 1e-12);
}

static void more_runs_than_that_are_not_judged(void **state)
{
	double low[RUNS_MAX + 1], high[RUNS_MAX + 1];

	(void)state;
	for (unsigned i = 0; i <= RUNS_MAX; i++) {
		low[i] = 10 + i;
		high[i] = 100 + i;
	}
	assert_int_equal(RUNS_MAX, 20);
	assert_int_equal(difference_of_runs(low, RUNS_MAX, high, RUNS_MAX).verdict, VERDICT_A_IS_LOWER);
	assert_nothing_is_said(low, RUNS_MAX + 1, high, RUNS_MAX);
	assert_nothing_is_said(low, RUNS_MAX, high, RUNS_MAX + 1);
}

/* An interval that touches 1 does not exclude it. */
static void one_is_no_difference(void **state)
{
	static const double a[] = {10, 11, 12, 13}, same[] = {13, 14, 15, 16}, below[] = {7, 8, 9, 10};
	struct difference found = difference_of_runs(a, 4, same, 4);

	(void)state;
	assert_near(found.interval.low, 1, 0);
	assert_int_equal(found.verdict, VERDICT_NO_DIFFERENCE);
	found = difference_of_runs(a, 4, below, 4);
	assert_near(found.interval.high, 1, 0);
	assert_int_equal(found.verdict, VERDICT_NO_DIFFERENCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(runs_are_told_apart_only_when_there_are_enough),
	    cmocka_unit_test(every_p_is_that_of_counting_the_orders),
	    cmocka_unit_test(the_interval_is_that_of_the_tables),
	    cmocka_unit_test(the_ratio_is_the_median_of_all_pairs),
	    cmocka_unit_test(intervals_of_runs_hold_the_truth),
	    cmocka_unit_test(ties_are_corrected_for),
	    cmocka_unit_test(what_has_no_logarithm_gets_no_interval),
	    cmocka_unit_test(more_runs_than_that_are_not_judged),
	    cmocka_unit_test(one_is_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
