/* goal.h - what a service is held to: --slo p99<50ms, --max-errors 1%.
 *
 * Thread:  any.
 * Errors:  false for what is no goal; the caller says what was expected.
 */
#pragma once

#include "loadgen/figures/report.h"
#include "loadgen/figures/tally.h"

struct goal {
	enum { GOAL_PERCENTILE, GOAL_MEAN, GOAL_MAX } kind;
	double percent, limit_ms;
	const char *text;
};

/* "p99<50ms", "p99.9<1s", "mean<5ms", "max<2s"; also with <=. The unit has to be said. */
bool goal_read(const char *text, struct goal *goal);
/* Requests that failed have no time (tally.h). *is_known: enough requests for the percentile, and the value is no
 * lower bound below the limit. */
bool goal_is_met(const struct goal *goal, const struct report_times *times, double *value, bool *is_known);

/* --max-errors: a number, or a share in percent. */
struct error_limit {
	double most;
	bool is_share;
};
bool error_limit_read(const char *text, struct error_limit *limit);
bool error_limit_is_met(const struct error_limit *limit, uint64_t failures, uint64_t requests);
