/* verdict.h - which of two is faster, in words, or that no difference is shown.
 *
 * Where each side has four rounds or more, from one value a round; else from blocks of time within the rounds
 * (statistics.h). A measurement that is not sound gets no verdict, whatever its figures.
 *
 * Thread:  one.
 * Limits:  DIFFERENCES_MAX in a report; what is beyond is left out.
 */
#pragma once

#include "loadgen/figures/report.h"

enum { VERDICT_ROUNDS_MIN = 4, VERDICT_ROUNDS_MAX = RUNS_MAX };

struct verdict_side {
	unsigned arm; /* in the report that is written */
	struct report_load *const *loads;
	unsigned count;
};

/* Adds requests/s, p50 and p99 to the report's differences. Returns the first of them, NULL when there is no room. */
const struct report_difference *verdict_add(struct report *report, const char *group, const struct verdict_side *a,
					    const struct verdict_side *b, uint64_t seed);
