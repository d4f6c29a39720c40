/* findings.h - what a report says in words, from its values alone. Each looks whether the condition of its sentence holds
 * (figures/sentences.def).
 *
 * Life:    a command measures, then its findings are added; find_conclusion() is the last.
 * Thread:  the report's.
 */
#pragma once

#include "loadgen/figures/report.h"

/* Verdicts about processors are withheld when other programs took more than this share of them. */
#define OTHERS_MAX 0.1

/* findings_load.c */
void find_run(struct report *report, const struct report_load *load);
/* The loads of `sweep --rates`, one a rate. */
void find_rates(struct report *report);
/* findings_burst.c: of one arm; of several. */
void find_burst(struct report *report);
void find_bursts(struct report *report);
/* findings_curve.c: where measured and bound meet, as the curve's bound_sentence; NULL when nothing was answered. */
void find_bound(struct report *report, struct report_curve *curve);
/* --slo of a sweep. */
void find_goal(struct report *report, const struct report_curve *curve);
/* Is there an end to what the fitted law allows, that the measured levels tell something of? NAN when not. */
double find_law_end(const struct report_curve *curve);

/* findings_others.c */
void find_speedup(struct report *report);
/* The figures of the first arm, and at each distance what the last gains over it; `differences[i]` is of requests/s, or
 * NULL. */
struct gain {
	double delay_ms;
	const struct report_difference *difference;
};
void find_gains(struct report *report, const char *first, const char *last, const char *path, const struct gain *gains,
		unsigned count);
/* Of queue: also whether it failed, and is sound. */
void find_items(struct report *report);
void find_loop(struct report *report, uint64_t items);
/* `a` and `b` are the files that `report` compares. */
void find_changes(struct report *report, const struct report *a, const struct report *b);

/* findings_whole.c: failing arms and what is not sound, in front of everything; goals of a report that is not sound are
 * not known. Without an error limit of the user's, an arm that fails makes the report fail. */
void find_conclusion(struct report *report, bool has_error_limit);
/* The arms of `of` that fail are named, as those of `name` ("B: async"); NULL: by their own names. */
void find_failing(struct report *report, const struct report *of, const char *name);
/* The mean over the loads of an arm's group, by their time; NAN when it is not known of one. */
double find_others_share(const struct report *report, unsigned arm, const char *group);
