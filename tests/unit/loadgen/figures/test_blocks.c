/* What is said of two runs in blocks of time: the figures of all blocks, and the moving-block bootstrap. */
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

enum { COUNT_MAX = 64, VALUES_MAX = 50, RESAMPLES = 1000 };

/* Blocks on the stack; a value's count is `each`. */
struct made {
	double values[COUNT_MAX][VALUES_MAX], rates[COUNT_MAX];
	uint64_t counts[COUNT_MAX][VALUES_MAX];
	struct histogram histograms[COUNT_MAX];
	struct blocks blocks;
};

static struct blocks *make(struct made *made, size_t count, size_t length, uint64_t each)
{
	*made = (struct made){.blocks = {made->histograms, made->rates, count}};
	for (size_t i = 0; i < count; i++) {
		made->histograms[i] = (struct histogram){made->values[i], made->counts[i], length};
		made->rates[i] = 100;
		for (size_t j = 0; j < length; j++)
			made->counts[i][j] = each;
	}
	return &made->blocks;
}

static struct blocks *make_noisy(struct made *made, double scale, double noise, uint64_t seed)
{
	make(made, 20, VALUES_MAX, 10);
	for (size_t i = 0; i < 20; i++) {
		for (size_t j = 0; j < VALUES_MAX; j++)
			made->values[i][j] =
			    scale * (1 + (double)j / VALUES_MAX + noise * (random_unit(&seed) - 0.5) / 50);
		made->rates[i] = 1000 / scale * (1 + noise * (random_unit(&seed) - 0.5));
	}
	return &made->blocks;
}

static void blocks_show_a_difference_that_is_there(void **state)
{
	static struct made of_a, of_b, of_c;
	struct blocks *a = make_noisy(&of_a, 10, 0.1, 1), *b = make_noisy(&of_b, 12, 0.1, 2),
		      *c = make_noisy(&of_c, 10, 0.1, 3);
	struct difference found = difference_of_blocks(a, b, BLOCK_PERCENTILE, 50, 7);

	(void)state;
	assert_int_equal(found.verdict, VERDICT_A_IS_LOWER);
	assert_near(found.ratio, 1.2, 0.01);
	assert_true(found.interval.low < 1.2 && found.interval.high > 1.19);
	assert_near(found.p, 2 / 1001.0, 1e-12); /* the least there is: no resample lies on the other side */
	assert_int_equal(difference_of_blocks(a, b, BLOCK_RATE, 0, 7).verdict, VERDICT_B_IS_LOWER);
	assert_int_equal(difference_of_blocks(a, c, BLOCK_PERCENTILE, 99, 7).verdict, VERDICT_NO_DIFFERENCE);
}

/* The values 1 to 100 dealt out to five blocks, each three times: of 300 the n-th smallest is known. */
static struct blocks *make_hundred(struct made *made)
{
	struct blocks *blocks = make(made, 5, 20, 3);

	for (size_t i = 0; i < 100; i++)
		made->values[i % 5][i / 5] = 1 + (double)i;
	return blocks;
}

static void a_percentile_of_blocks_is_that_of_all_their_values(void **state)
{
	static const struct {
		double percent, value;
	} expected[] = {{0.1, 1},   {1, 1},   {1.001, 2},  {49.9, 50}, {50, 50},
			{50.1, 51}, {99, 99}, {99.3, 100}, {99.9, 100}};
	static struct made made, thousand;
	struct blocks *blocks = make_hundred(&made);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		struct difference found =
		    difference_of_blocks(blocks, blocks, BLOCK_PERCENTILE, expected[i].percent, 1);

		assert_near(found.a, expected[i].value, 0);
		assert_near(found.b, expected[i].value, 0);
		assert_near(found.ratio, 1, 0);
	}
	/* 99.9 % of 1,000 is 999, though 1000 * 99.9 / 100 may be a rounding error more */
	blocks = make(&thousand, 20, VALUES_MAX, 1);
	for (size_t i = 0; i < 1000; i++)
		thousand.values[i % 20][i / 20] = 1 + (double)i;
	assert_near(difference_of_blocks(blocks, blocks, BLOCK_PERCENTILE, 99.9, 1).a, 999, 0);
	assert_near(difference_of_blocks(blocks, blocks, BLOCK_PERCENTILE, 55.1, 1).a, 551, 0);
}

/* A value counts as often as it was measured. */
static void the_mean_of_blocks_is_weighted_by_their_counts(void **state)
{
	static struct made made;
	struct blocks *blocks = make(&made, 5, 2, 1);

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		made.values[i][0] = 1;
		made.values[i][1] = 11 + (double)i;
		made.counts[i][0] = 9;
	}
	assert_near(difference_of_blocks(blocks, blocks, BLOCK_MEAN, 0, 1).a, (45 + 65) / 50.0, 1e-12);
	made.counts[4][1] = 6;
	assert_near(difference_of_blocks(blocks, blocks, BLOCK_MEAN, 0, 1).a, (45 + 65 + 75) / 55.0, 1e-12);
	made.rates[2] = 130;
	assert_near(difference_of_blocks(blocks, blocks, BLOCK_RATE, 0, 1).a, 106, 1e-12);
}

/* What repeats every n^(1/3) blocks is the same in every run of so many neighbours (H. Kuensch, 1989), wherever it begins:
 * the interval has no width. In runs of any other length it has one, so one of length 1 is found out. */
static void runs_of_blocks_are_as_long_as_the_third_root(void **state)
{
	static const unsigned lengths[] = {2, 3, 4};
	static struct made flat, made;
	struct blocks *a = make(&flat, 5, 1, 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
		unsigned length = lengths[i], count = length * length * length;
		struct blocks *b = make(&made, count, 1, 1);
		struct difference found;

		for (unsigned j = 0; j < count; j++)
			made.rates[j] = j % length == 0 ? 100 + 20 * (length - 1) : 80;
		found = difference_of_blocks(a, b, BLOCK_RATE, 0, i);
		assert_near(found.interval.low, 1, 1e-12);
		assert_near(found.interval.high, 1, 1e-12);
		assert_near(found.p, 1, 0);
		for (unsigned j = 0; j < count; j++)
			made.rates[j] = j % (2 * length) < length ? 120 : 80;
		found = difference_of_blocks(a, b, BLOCK_RATE, 0, i);
		assert_true(found.interval.low < 0.95 && found.interval.high > 1.05);
	}
}

/* The bootstrap of eight blocks draws four runs of two neighbours, each of eight with the same chance: what the sum of the
 * rates can be, and how likely, is counted here. */
static const unsigned eight[] = {97, 90, 104, 99, 95, 113, 102, 100};
enum { SUM_MAX = 8 * 113 };

static void count_sums(double *share)
{
	double next[SUM_MAX + 1];

	memset(share, 0, (SUM_MAX + 1) * sizeof(*share));
	share[0] = 1;
	for (unsigned draw = 0; draw < 4; draw++) {
		memset(next, 0, sizeof(next));
		for (unsigned sum = 0; sum <= SUM_MAX; sum++)
			for (unsigned i = 0; i < 8 && share[sum] > 0; i++)
				next[sum + eight[i] + eight[(i + 1) % 8]] += share[sum] / 8;
		memcpy(share, next, sizeof(next));
	}
}

/* The chance that of 1,000 draws at least `least` come about, each with chance p. */
static double chance_of(unsigned least, double p)
{
	double below = 0;

	if (p <= 0 || p >= 1)
		return p <= 0 ? 0 : 1;
	for (unsigned i = 0; i < least; i++)
		below += exp(lgamma(RESAMPLES + 1) - lgamma(i + 1) - lgamma(RESAMPLES - i + 1) + i * log(p) +
			     (RESAMPLES - i) * log1p(-p));
	return 1 - below;
}

/* Mean and standard deviation of the `rank`-th smallest of 1,000 sums. */
static double expected_at(unsigned rank, const double *share, double *deviation)
{
	double up_to = 0, before = 0, mean = 0, squares = 0;

	for (unsigned sum = 0; sum <= SUM_MAX; sum++) {
		double chance = chance_of(rank, fmin(1, up_to += share[sum]));

		mean += sum * (chance - before);
		squares += (double)sum * sum * (chance - before);
		before = chance;
	}
	*deviation = sqrt(squares - mean * mean);
	return mean;
}

/* 2.5 % of the resamples are beyond each end: the 26th and the 975th of 1,000, on the average of 1,000 seeds as exactly as
 * five standard deviations allow (a chance of 1e-6). An interval of 90 % would be 0.005 away, a rank more or less 0.0002. */
static void the_interval_of_blocks_leaves_out_a_fortieth_at_each_end(void **state)
{
	enum { SEEDS = 1000 };
	static struct made flat, made;
	struct blocks *a = make(&flat, 5, 1, 1), *b = make(&made, 8, 1, 1);
	double share[SUM_MAX + 1], low = 0, high = 0, deviation;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		made.rates[i] = eight[i];
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct difference found = difference_of_blocks(a, b, BLOCK_RATE, 0, seed);

		low += found.interval.low * 800 / SEEDS;
		high += found.interval.high * 800 / SEEDS;
	}
	count_sums(share);
	assert_near(low, expected_at(26, share, &deviation), 5 * deviation / sqrt(SEEDS));
	assert_near(high, expected_at(975, share, &deviation), 5 * deviation / sqrt(SEEDS));
}

/* The share of sums up to 776, where the rates come to those of `a`, doubled; and one resample more on each side. */
static void p_is_the_share_on_the_other_side(void **state)
{
	enum { SEEDS = 200 };
	static struct made flat, made;
	struct blocks *a = make(&flat, 5, 1, 1), *b = make(&made, 8, 1, 1);
	double share[SUM_MAX + 1], other = 0, p = 0;

	(void)state;
	count_sums(share);
	for (unsigned sum = 0; sum <= 776; sum++)
		other += share[sum];
	for (unsigned i = 0; i < 8; i++)
		made.rates[i] = eight[i] + 3;
	for (uint64_t seed = 0; seed < SEEDS; seed++)
		p += difference_of_blocks(a, b, BLOCK_RATE, 0, seed).p / SEEDS;
	assert_true(share[776] > 0.005); /* a sum that is neither above nor below counts on both sides */
	assert_near(p, 2 * (1 + 1000 * other) / 1001, 2 * 5 * sqrt(other * (1 - other) / 1000 / SEEDS));
	for (unsigned i = 0; i < 8; i++)
		flat.rates[i % 5] = 103 * 103 / 100.0, made.rates[i] = eight[i] + 3;
	p = 0;
	for (uint64_t seed = 0; seed < SEEDS; seed++) /* and from above */
		p += difference_of_blocks(b, a, BLOCK_RATE, 0, seed).p / SEEDS;
	assert_true(p < 0.6 && p > 0.05);
}

static void assert_nothing_is_said(const struct blocks *a, const struct blocks *b, enum block_statistic statistic)
{
	struct difference found = difference_of_blocks(a, b, statistic, 50, 3);

	assert_int_equal(found.verdict, VERDICT_NO_DIFFERENCE);
	assert_near(found.interval.low, 0, 0);
	assert_true(isinf(found.interval.high));
	assert_near(found.p, 1, 0);
}

static void too_few_blocks_tell_nothing(void **state)
{
	static struct made of_a, of_b;
	struct blocks *a = make(&of_a, 5, 1, 1), *b = make(&of_b, 5, 1, 1);
	struct difference found;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		of_b.rates[i] = 200;
	assert_int_equal(difference_of_blocks(a, b, BLOCK_RATE, 0, 3).verdict, VERDICT_A_IS_LOWER);
	a->count = 4;
	assert_nothing_is_said(a, b, BLOCK_RATE);
	assert_nothing_is_said(b, a, BLOCK_RATE);
	found = difference_of_blocks(a, b, BLOCK_RATE, 0, 3); /* the figures are there all the same */
	assert_near(found.a, 100, 0);
	assert_near(found.ratio, 2, 0);
	a->count = 0;
	assert_nothing_is_said(a, b, BLOCK_RATE);
	assert_nothing_is_said(b, a, BLOCK_RATE);
	assert_true(isnan(difference_of_blocks(b, a, BLOCK_RATE, 0, 3).ratio));
}

static void where_nothing_was_answered_nothing_is_said(void **state)
{
	static struct made of_a, of_b;
	struct blocks *a = make(&of_a, 10, 1, 1), *b = make(&of_b, 10, 1, 1);

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		of_a.values[i][0] = 10 + i;
		of_b.values[i][0] = 30 + i;
		of_b.rates[i] = 0;
	}
	assert_nothing_is_said(a, b, BLOCK_RATE);
	assert_nothing_is_said(b, a, BLOCK_RATE);
	assert_int_equal(difference_of_blocks(a, b, BLOCK_PERCENTILE, 50, 3).verdict, VERDICT_A_IS_LOWER);
	assert_int_equal(difference_of_blocks(a, b, BLOCK_MEAN, 0, 3).verdict, VERDICT_A_IS_LOWER);
	/* most blocks are empty: some resample has no answer at all, so there is no telling */
	for (unsigned i = 1; i < 10; i++)
		of_b.histograms[i].length = 0;
	assert_nothing_is_said(a, b, BLOCK_PERCENTILE);
	assert_nothing_is_said(b, a, BLOCK_MEAN);
	of_b.histograms[0].length = 0;
	assert_nothing_is_said(a, b, BLOCK_PERCENTILE);
	assert_nothing_is_said(a, b, BLOCK_MEAN);
	assert_true(isnan(difference_of_blocks(a, b, BLOCK_MEAN, 0, 3).b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blocks_show_a_difference_that_is_there),
	    cmocka_unit_test(a_percentile_of_blocks_is_that_of_all_their_values),
	    cmocka_unit_test(the_mean_of_blocks_is_weighted_by_their_counts),
	    cmocka_unit_test(runs_of_blocks_are_as_long_as_the_third_root),
	    cmocka_unit_test(the_interval_of_blocks_leaves_out_a_fortieth_at_each_end),
	    cmocka_unit_test(p_is_the_share_on_the_other_side),
	    cmocka_unit_test(too_few_blocks_tell_nothing),
	    cmocka_unit_test(where_nothing_was_answered_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
