/* curve.h - throughput over concurrency, measured level by level, and what bounds it.
 *
 * Several arms are measured as one. At each level every round runs them all, in turns of opposite direction, so that a
 * machine that slows down slows them all alike.
 *
 * Life:    curves_init() -> curves_measure() | curves_measure_level()* -> curves_finish(), which adds them to the
 *          report -> curves_cleanup().
 * Thread:  one.
 * Limits:  ARMS_MAX arms, LEVELS_MAX levels, ROUNDS_MAX rounds.
 * Errors:  -1 and command->why.
 */
#pragma once

#include "loadgen/commands/command.h"

enum { ROUNDS_MAX = 16 };

struct curve {
	struct report_curve *report; /* in the report, from the beginning on */
	struct request_set requests;
	bool has_requests;
	struct level levels[LEVELS_MAX]; /* for the fit */
	double best;                     /* throughput so far */
	unsigned without_gain;
	bool is_over;
	double response_at_one_ms, wait_ms; /* at the lowest level; NAN unknown */
};

struct curve_plan {
	unsigned rounds;
	double duration_s, warmup_s, delay_ms;
	const char *group; /* begins with "curve" */
	bool seeks_goal;   /* levels with too few requests for a goal's percentile are measured for longer */
};

struct curves {
	struct command *command;
	struct curve_plan plan;
	struct curve curves[ARMS_MAX];
	unsigned first_arm, count;
};

/* urls[i] belongs to arm first_arm + i. */
int curves_init(struct curves *curves, struct command *command, const struct curve_plan *plan, unsigned first_arm,
		const char *const *urls, unsigned count);
void curves_cleanup(struct curves *curves);
/* All of `levels`, or with NULL 1, 2, 4 ... up_to. An arm stops when three levels in a row brought no gain, once
 * there are enough for the fit. It also stops when more than half of a level's requests failed. */
int curves_measure(struct curves *curves, const uint64_t *levels, unsigned level_count, uint64_t up_to);
/* What that takes at most of one arm; for the live line. */
double curves_seconds(struct command *command, const struct curve_plan *plan, unsigned level_count, uint64_t up_to);
/* One level, on the arms that are not over; duration_s for once. */
int curves_measure_level(struct curves *curves, unsigned concurrency, double duration_s);
/* Fits, bounds, and the sentence that says where measured and bound meet. */
void curves_finish(struct curves *curves);
