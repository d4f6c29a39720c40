/* statistics.h - numbers about numbers: exact percentiles with their confidence, differences, what depends on what.
 *
 * Requests of one run are not independent. What is said of one run uses blocks of time (moving-block bootstrap); what is
 * said of several runs uses one value a run. Every formula names its source.
 *
 * Thread:  any; pure functions of their arguments. Random numbers come from a seed, so results can be repeated.
 * Limits:  sizes are the caller's; percentages are between 0 and 100, confidence is 95 % throughout.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval {
	double low, high;
};

/* A percentile of sorted values, by the nearest-rank definition: the smallest value with at least p % at or below. */
struct percentile {
	double percent, value;
	struct interval interval; /* by order statistics, ranks np +- 1.96 sqrt(np(1-p)) */
	bool is_supported;        /* enough values beyond it: n >= ln(0.05) / ln(p) */
	bool is_at_least;         /* the value itself, or one below it, is a lower bound only */
};

double mean_of(const double *values, size_t count);
double median_of(double *values, size_t count); /* sorts them */
double variance_of(const double *values, size_t count);

/* How many values a percentile needs: ln(0.05) / ln(percent / 100). p99: 299, p99.9: 2995. */
size_t percentile_needs(double percent);
/* `sorted` ascending; `at_least_from`: the lowest value that is only a lower bound, or INFINITY. */
struct percentile percentile_of(const double *sorted, size_t count, double percent, double at_least_from);

/* Two samples, one value a run. */
struct difference {
	double a, b;              /* medians */
	double ratio;             /* b / a */
	struct interval interval; /* of the ratio */
	double p;                 /* two-sided; Mann-Whitney U where several runs, bootstrap where one */
	enum verdict { VERDICT_NO_DIFFERENCE, VERDICT_A_IS_LOWER, VERDICT_B_IS_LOWER } verdict;
};
enum { RUNS_MAX = 20 };
/* From run-level values, at most RUNS_MAX a side. The ratio is the Hodges-Lehmann shift of the logarithms; its
 * interval is the one that belongs to the exact Mann-Whitney test. With fewer than 4 a side no interval has 95 %. (3
 * against 3 can be ordered in 20 ways, so even complete separation has p = 0.1.) The interval is then everything, and
 * the verdict no difference. */
struct difference difference_of_runs(const double *a, size_t a_count, const double *b, size_t b_count);

/* A distribution as counts in log-linear buckets (3 significant digits), one a block of time. */
struct histogram {
	double *values;   /* ascending: the middle of each bucket */
	uint64_t *counts; /* of the same length */
	size_t length;
};
struct blocks {
	struct histogram *blocks;
	double *rates; /* answers a second in each block */
	size_t count;
};
/* Fewer blocks tell nothing about how they vary. */
enum { BLOCKS_MIN = 5 };
enum block_statistic { BLOCK_PERCENTILE, BLOCK_MEAN, BLOCK_RATE };
/* From blocks of two runs, by moving-block bootstrap, 1000 times; percent is for BLOCK_PERCENTILE. */
struct difference difference_of_blocks(const struct blocks *a, const struct blocks *b, enum block_statistic statistic,
				       double percent, uint64_t seed);
/* The log-linear bucket of a value, and the middle of a bucket: relative error below 1/2048. */
unsigned bucket_of_ns(uint64_t ns);
uint64_t bucket_middle_ns(unsigned bucket);
enum { BUCKET_COUNT = 64 * 1024 };

/* Least squares of y on x: slope with its t value. */
struct regression {
	double intercept, slope, t;
};
struct regression regression_of(const double *x, const double *y, size_t count);

/* Is the number of requests under way growing? Slope over the window with t > 3, and by more than half of the mean. */
struct steadiness {
	bool is_known; /* ten moments or more */
	bool is_steady;
	double growth_per_s;
};
struct steadiness steadiness_of(const double *in_flight, const double *at_s, size_t count);
