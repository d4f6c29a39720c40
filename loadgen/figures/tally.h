/* tally.h - requests by how they ended: what failed is named before anything is said of the rest.
 *
 * Thread: any.
 */
#pragma once

#include "loadgen/figures/report.h"

/* More than this share of failures, and what was measured is the failing. */
#define FAILURES_MAX 0.1

struct tally {
	uint64_t requests, failed; /* but for those that were not sent, or cut off by a signal */
	uint64_t outcomes[OUTCOME_COUNT], statuses[STATUS_COUNT];
};

void tally_add_load(struct tally *tally, const struct report_load *load);
/* All repeats. */
void tally_add_burst(struct tally *tally, const struct report_burst *burst);
bool tally_fails(const struct tally *tally);
/* 301, 302, 303, 307, 308: an answer that leads elsewhere. */
uint64_t tally_redirects(const struct tally *tally);
/* Of the failures, what happened most often: "status 404", "refused". */
const char *tally_worst(const struct tally *tally, struct arena *arena);
/* All there is: "status 200 5000 times, status 302 (a redirect) 3 times, refused 2 times". */
const char *tally_words(const struct tally *tally, struct arena *arena);

/* Answered with 2xx or 3xx, and the others. */
uint64_t good_of(const struct report_load *load);
uint64_t failures_of(const struct report_load *load);
