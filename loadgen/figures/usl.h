/* usl.h - how throughput depends on concurrency: the Universal Scalability Law (N. Gunther).
 *
 *     X(N) = lambda N / (1 + sigma (N-1) + kappa N (N-1))
 *
 * Fitted by weighted linear least squares of N/X on (N-1) and N(N-1), refined by Levenberg-Marquardt on X itself,
 * sigma and kappa >= 0. Intervals come from resampling 1000 times. Amdahl's law is kappa = 0: X -> lambda / sigma.
 *
 * Thread: any; pure functions.
 */
#pragma once

#include "base/compiler.h"
#include "loadgen/figures/statistics.h"

/* One level of a curve: repeats of one load. */
struct level {
	double in_flight;  /* N: measured mean requests under way */
	double throughput; /* X: answers a second, median of the repeats */
	double repeats[16];
	unsigned repeat_count;
};

enum { LEVELS_MAX = 32, USL_LEVELS_MIN = 6 };

struct usl {
	bool is_fitted; /* false: `why` */
	const char *why;
	double lambda, sigma, kappa, r2;
	struct interval lambda_interval, sigma_interval, kappa_interval;
	bool has_peak; /* kappa's interval does not hold 0 */
	double n_max, x_max;
	double ceiling; /* Amdahl: lambda / sigma; INFINITY when sigma is 0 */
};
struct usl usl_fit(const struct level *levels, size_t count, uint64_t seed);
double usl_throughput(const struct usl *usl, double n);

struct usl_parameters {
	double v[3]; /* lambda, sigma, kappa */
};
/* Where the refinement starts: N/X = 1/lambda + sigma/lambda (N-1) + kappa/lambda N(N-1). `uses`: which of the three
 * terms there are; the others are 0. False when the levels do not determine them. */
MUST_CHECK bool usl_fit_linear(const struct level *levels, size_t count, const bool uses[3],
			       struct usl_parameters *result);
