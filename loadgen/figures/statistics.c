#include "loadgen/figures/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "loadgen/engine/random.h"

static const double Z_95 = 1.959963984540054; /* of the standard normal distribution, two-sided 95 % */

enum { RESAMPLES = 1000, BUCKETS_A_POWER = 1024 };

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double mean_of(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return count == 0 ? NAN : sum / (double)count;
}

double median_of(double *values, size_t count)
{
	if (count == 0)
		return NAN;
	qsort(values, count, sizeof(*values), ascending);
	return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double variance_of(const double *values, size_t count)
{
	double mean = mean_of(values, count), sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return count < 2 ? 0 : sum / (double)(count - 1);
}

/* Percentiles */

/* The probability that all of n values lie below the percentile is p^n; below 5 %, the largest bounds it. */
size_t percentile_needs(double percent)
{
	return percent <= 0 || percent >= 100 ? 1 : (size_t)ceil(log(0.05) / log(percent / 100));
}

static double value_at_rank(const double *sorted, size_t count, double rank)
{
	if (rank < 1)
		rank = 1;
	return sorted[rank > (double)count ? count - 1 : (size_t)rank - 1];
}

struct percentile percentile_of(const double *sorted, size_t count, double percent, double at_least_from)
{
	struct percentile result = {.percent = percent, .value = NAN, .interval = {NAN, NAN}};
	double p = percent / 100, n = (double)count, spread = Z_95 * sqrt(n * p * (1 - p));

	if (count == 0)
		return result;
	/* the product may lie a rounding error above a whole number */
	result.value = value_at_rank(sorted, count, ceil(n * p - 1e-9));
	result.interval.low = value_at_rank(sorted, count, floor(n * p - spread));
	result.interval.high = value_at_rank(sorted, count, ceil(n * p + spread) + 1);
	result.is_supported = count >= percentile_needs(percent);
	result.is_at_least = result.value >= at_least_from;
	return result;
}

/* Two samples of runs */

/* The share of the C(n+m, n) orders of two samples without ties whose U is `u` or below, doubled. */
static double exact_p(unsigned n, unsigned m, unsigned u)
{
	unsigned top = n * m;
	double *ways = memory_alloc_zeroed((size_t)(n + 1) * (top + 1), sizeof(*ways)), below = 0, all = 0;

	/* ways[i][sum]: i of the places so far are the first sample's, with so many of the other before them
	 * (Mann and Whitney, 1947) */
	ways[0] = 1;
	for (unsigned place = 1; place <= n + m; place++)
		for (unsigned i = place < n ? place : n; i >= 1; i--)
			for (unsigned before = place - i, sum = before; before <= m && sum <= top; sum++)
				ways[i * (top + 1) + sum] += ways[(i - 1) * (top + 1) + sum - before];
	for (unsigned sum = 0; sum <= top; sum++) {
		all += ways[n * (top + 1) + sum];
		below += sum <= u ? ways[n * (top + 1) + sum] : 0;
	}
	free(ways);
	return fmin(1, 2 * below / all);
}

static double tie_term(const double *a, size_t n, const double *b, size_t m)
{
	double *all = memory_alloc((n + m) * sizeof(*all)), sum = 0;

	memcpy(all, a, n * sizeof(*a));
	memcpy(all + n, b, m * sizeof(*b));
	qsort(all, n + m, sizeof(*all), ascending);
	for (size_t i = 0, j; i < n + m; i = j) {
		for (j = i; j < n + m && all[j] <= all[i]; j++)
			;
		sum += (double)(j - i) * ((double)(j - i) * (double)(j - i) - 1);
	}
	free(all);
	return sum;
}

/* Mann-Whitney U, two-sided: exact without ties, else by the normal approximation with their correction. */
static double mann_whitney(const double *a, size_t n, const double *b, size_t m)
{
	double u = 0, ties = tie_term(a, n, b, m), count = (double)(n + m), sigma;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < m; j++)
			u += a[i] > b[j] ? 1 : a[i] < b[j] ? 0 : 0.5;
	u = fmin(u, (double)(n * m) - u);
	if (ties <= 0)
		return exact_p((unsigned)n, (unsigned)m, (unsigned)u);
	sigma = sqrt((double)(n * m) / 12 * (count + 1 - ties / (count * (count - 1))));
	return sigma <= 0 ? 1 : fmin(1, erfc(((double)(n * m) / 2 - u - 0.5) / sigma / sqrt(2)));
}

static void shifts_of(const double *a, size_t n, const double *b, size_t m, double *shifts)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < m; j++)
			shifts[i * m + j] = log(b[j] / a[i]);
	qsort(shifts, n * m, sizeof(*shifts), ascending);
}

/* How many shifts lie outside of the interval at each end: the largest U that the test refuses at 5 %; -1 when it refuses
 * none. (M. Hollander, D. Wolfe, "Nonparametric statistical methods", 4.3) */
static long shifts_to_cut(size_t n, size_t m)
{
	long cut = -1;

	while (exact_p((unsigned)n, (unsigned)m, (unsigned)(cut + 1)) <= 0.05)
		cut++;
	return cut;
}

static bool all_positive(const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!(values[i] > 0) || isinf(values[i]))
			return false;
	return count > 0;
}

static double median_copy(const double *values, size_t count)
{
	double *copy = memory_alloc((count + 1) * sizeof(*copy)), result;

	memcpy(copy, values, count * sizeof(*values));
	result = median_of(copy, count);
	free(copy);
	return result;
}

static enum verdict verdict_of(struct interval interval)
{
	if (interval.low > 1)
		return VERDICT_A_IS_LOWER;
	return interval.high < 1 ? VERDICT_B_IS_LOWER : VERDICT_NO_DIFFERENCE;
}

struct difference difference_of_runs(const double *a, size_t n, const double *b, size_t m)
{
	struct difference result = {.a = median_copy(a, n), .b = median_copy(b, m), .interval = {0, INFINITY}, .p = 1};
	double *shifts;
	long cut;

	result.ratio = result.b / result.a;
	if (!all_positive(a, n) || !all_positive(b, m) || n > RUNS_MAX || m > RUNS_MAX)
		return result;
	shifts = memory_alloc(n * m * sizeof(*shifts));
	shifts_of(a, n, b, m, shifts);
	result.ratio = exp(median_copy(shifts, n * m));
	result.p = mann_whitney(a, n, b, m);
	cut = shifts_to_cut(n, m);
	if (cut >= 0) {
		result.interval = (struct interval){exp(shifts[cut]), exp(shifts[n * m - 1 - (size_t)cut])};
		result.verdict = verdict_of(result.interval);
	}
	free(shifts);
	return result;
}

/* Two runs, each in blocks of time */

unsigned bucket_of_ns(uint64_t ns)
{
	unsigned shift = ns < 2 * BUCKETS_A_POWER ? 0 : 63 - (unsigned)__builtin_clzll(ns) - 10;

	return shift * BUCKETS_A_POWER + (unsigned)(ns >> shift);
}

uint64_t bucket_middle_ns(unsigned bucket)
{
	unsigned shift = bucket < 2 * BUCKETS_A_POWER ? 0 : bucket / BUCKETS_A_POWER - 1;
	uint64_t low = (uint64_t)(bucket - shift * BUCKETS_A_POWER) << shift;

	return low + ((UINT64_C(1) << shift) - 1) / 2;
}

/* Some blocks, in any order and any of them twice, thrown together. */
struct heap {
	double value;
	uint64_t count;
};

static int by_value(const void *a, const void *b)
{
	return ascending(&((const struct heap *)a)->value, &((const struct heap *)b)->value);
}

static double percentile_of_blocks(const struct blocks *blocks, const unsigned *chosen, double percent)
{
	size_t length = 0, used = 0;
	uint64_t all = 0, so_far = 0;
	struct heap *heap;
	double result = NAN;

	for (size_t i = 0; i < blocks->count; i++)
		length += blocks->blocks[chosen[i]].length;
	heap = memory_alloc((length + 1) * sizeof(*heap));
	for (size_t i = 0; i < blocks->count; i++) {
		const struct histogram *block = &blocks->blocks[chosen[i]];

		for (size_t j = 0; j < block->length; j++) {
			heap[used++] = (struct heap){block->values[j], block->counts[j]};
			all += block->counts[j];
		}
	}
	qsort(heap, used, sizeof(*heap), by_value);
	for (size_t i = 0; i < used; i++) {
		so_far += heap[i].count;
		result = heap[i].value;
		if ((double)so_far >= (double)all * percent / 100 - 1e-9)
			break;
	}
	free(heap);
	return result;
}

static double mean_of_blocks(const struct blocks *blocks, const unsigned *chosen)
{
	double sum = 0, count = 0;

	for (size_t i = 0; i < blocks->count; i++) {
		const struct histogram *block = &blocks->blocks[chosen[i]];

		for (size_t j = 0; j < block->length; j++) {
			sum += block->values[j] * (double)block->counts[j];
			count += (double)block->counts[j];
		}
	}
	return count > 0 ? sum / count : NAN;
}

static double statistic_of(const struct blocks *blocks, const unsigned *chosen, enum block_statistic statistic,
			   double percent)
{
	double sum = 0;

	if (statistic == BLOCK_PERCENTILE)
		return percentile_of_blocks(blocks, chosen, percent);
	if (statistic == BLOCK_MEAN)
		return mean_of_blocks(blocks, chosen);
	for (size_t i = 0; i < blocks->count; i++)
		sum += blocks->rates[chosen[i]];
	return sum / (double)blocks->count;
}

/* Runs of neighbouring blocks, so that what hangs together stays together (H. Kuensch, 1989); n^(1/3) long. */
static void choose_blocks(unsigned *chosen, size_t count, uint64_t *random)
{
	size_t run = (size_t)lround(cbrt((double)count)), at = 0;

	for (size_t i = 0; i < count; i++, at++) {
		if (i % run == 0)
			at = random_below(random, count);
		chosen[i] = (unsigned)(at % count);
	}
}

static double whole(const struct blocks *blocks, enum block_statistic statistic, double percent)
{
	unsigned *all = memory_alloc(blocks->count * sizeof(*all));
	double result;

	for (size_t i = 0; i < blocks->count; i++)
		all[i] = (unsigned)i;
	result = statistic_of(blocks, all, statistic, percent);
	free(all);
	return result;
}

/* The share of resampled ratios on the other side of 1, doubled. It is never 0, since the sample itself is one of
 * those that could have been (A. Davison, D. Hinkley, "Bootstrap methods and their application", 4.2). */
static double p_of(const double *ratios)
{
	unsigned below = 0, above = 0;

	for (unsigned i = 0; i < RESAMPLES; i++) {
		below += ratios[i] <= 1;
		above += ratios[i] >= 1;
	}
	return fmin(1, 2 * (1.0 + (below < above ? below : above)) / (RESAMPLES + 1));
}

static void judge_ratios(double *ratios, struct difference *result)
{
	result->p = p_of(ratios);
	qsort(ratios, RESAMPLES, sizeof(*ratios), ascending);
	result->interval = (struct interval){ratios[RESAMPLES / 40], ratios[RESAMPLES - 1 - RESAMPLES / 40]};
	result->verdict = verdict_of(result->interval);
}

struct difference difference_of_blocks(const struct blocks *a, const struct blocks *b, enum block_statistic statistic,
				       double percent, uint64_t seed)
{
	struct difference result = {.a = NAN, .b = NAN, .ratio = NAN, .interval = {0, INFINITY}, .p = 1};
	unsigned *of_a, *of_b;
	double *ratios;
	bool is_known = true;

	if (a->count == 0 || b->count == 0)
		return result;
	result.a = whole(a, statistic, percent);
	result.b = whole(b, statistic, percent);
	result.ratio = result.b / result.a;
	if (a->count < BLOCKS_MIN || b->count < BLOCKS_MIN || !(result.a > 0) || !(result.b > 0))
		return result;
	of_a = memory_alloc(a->count * sizeof(*of_a));
	of_b = memory_alloc(b->count * sizeof(*of_b));
	ratios = memory_alloc(RESAMPLES * sizeof(*ratios));
	for (unsigned i = 0; i < RESAMPLES; i++) {
		choose_blocks(of_a, a->count, &seed);
		choose_blocks(of_b, b->count, &seed);
		ratios[i] = statistic_of(b, of_b, statistic, percent) / statistic_of(a, of_a, statistic, percent);
		is_known = is_known && !isnan(ratios[i]); /* where most blocks are empty, all that are chosen may be */
	}
	if (is_known)
		judge_ratios(ratios, &result);
	free(ratios);
	free(of_b);
	free(of_a);
	return result;
}

/* Growth */

struct regression regression_of(const double *x, const double *y, size_t count)
{
	struct regression result = {0};
	double mx = mean_of(x, count), my = mean_of(y, count), sxx = 0, sxy = 0, rest = 0;

	if (count < 3)
		return result;
	for (size_t i = 0; i < count; i++) {
		sxx += (x[i] - mx) * (x[i] - mx);
		sxy += (x[i] - mx) * (y[i] - my);
	}
	if (sxx <= 0)
		return result;
	result.slope = sxy / sxx;
	result.intercept = my - result.slope * mx;
	for (size_t i = 0; i < count; i++) {
		double off = y[i] - result.intercept - result.slope * x[i];

		rest += off * off;
	}
	rest = sqrt(rest / (double)(count - 2) / sxx);
	result.t = rest > 0 ? result.slope / rest : result.slope > 0 ? INFINITY : result.slope < 0 ? -INFINITY : 0;
	return result;
}

struct steadiness steadiness_of(const double *in_flight, const double *at_s, size_t count)
{
	struct regression line = regression_of(at_s, in_flight, count);
	double mean = mean_of(in_flight, count), grown;

	if (count < 10)
		return (struct steadiness){.is_steady = true};
	grown = line.slope * (at_s[count - 1] - at_s[0]);
	/* a queue that grows by less than half of its mean, or than two requests, is noise */
	return (struct steadiness){
	    .is_known = true, .is_steady = !(line.t > 3 && grown > fmax(2, 0.5 * mean)), .growth_per_s = line.slope};
}
