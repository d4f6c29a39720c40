/* scaling.h - how throughput depends on concurrency, and where it must end: USL, Amdahl, Little, the knee.
 *
 * Universal Scalability Law (N. Gunther): X(N) = lambda N / (1 + sigma (N-1) + kappa N (N-1)). Fitted by weighted
 * linear least squares of N/X on (N-1) and N(N-1), refined by Levenberg-Marquardt, sigma and kappa >= 0; intervals by
 * resampling 1000 times. Amdahl is kappa = 0: X -> lambda / sigma. Little: L = X R.
 *
 * Thread: any; pure functions.
 */
#pragma once

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

/* Where waiting in line begins: N* = (D + Z) / D_max, with R(1) as D and 1 / X_max as D_max (operational analysis). */
double knee_of(double response_at_one_s, double think_s, double throughput_max);

/* Little's bound of a service whose `workers` each wait `wait_s` for the database: X <= workers / wait_s. */
double little_bound(double workers, double wait_s);

/* The serial share s that fits T(n) = T(1) (s + (1 - s) / n) best (least squares through the first point, which must be
 * of one thread), between 0 and 1; NAN for fewer than two points. And what it allows: 1 / (s + (1 - s) / n). */
double amdahl_share(const double *threads, const double *times, size_t count);
double amdahl_speedup(double share, double threads);

/* How much of K requests' time overlapped: (sum of solo - makespan) / (sum of solo - longest solo); with K equal ones
 * (K S - makespan) / ((K - 1) S). 0 queued behind each other, 1 all at once, and never beyond: what is, is the noise of
 * the solo times. NAN for fewer than two. */
double overlap_of(const double *solo, size_t count, double makespan);

/* The search for the highest load that still meets a goal: doubling, then bisection, then a longer run that confirms.
 */
struct search {
	double lowest_bad, highest_good; /* INFINITY and 0 in the beginning */
	double precision;                /* ends when bad / good is below it, e.g. 1.1 */
	double limit;
	double passed_over; /* the highest load that nothing can be said of */
	unsigned steps;
};
void search_init(struct search *search, double limit, double precision);
/* The load to try next; 0 when the search is over. */
double search_next(const struct search *search);
void search_tell(struct search *search, double load, bool is_good);
/* Nothing can be said of `load`: neither good nor bad, and not to be tried again. */
void search_pass_over(struct search *search, double load);
