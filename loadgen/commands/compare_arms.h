/* compare_arms.h - what is compared: services that are started here, one in each mode, or targets that run already.
 *
 * Life:    compare_arms_init() -> (compare_arms_start() -> compare_arms_url()* -> compare_arms_stop())*.
 * Owner:   names and URLs are the report's, or argv's own.
 * Thread:  one.
 * Limits:  ARMS_MAX.
 * Errors:  -1 and the command's `why`. After a start that failed, compare_arms_stop() ends those that run.
 */
#pragma once

#include "loadgen/commands/command.h"
#include "loadgen/engine/arm.h"

struct compare_arms {
	struct command *command;
	const char *names[ARMS_MAX], *urls[ARMS_MAX]; /* base of the services, URL of a target */
	unsigned count;
	bool is_ours; /* services, that are started here */
	struct arm services[ARMS_MAX];
};

/* Adds them to the report. */
int compare_arms_init(struct compare_arms *arms, struct command *command);
/* Starts the services, with the database `delay_ms` away. Targets run already. */
int compare_arms_start(struct compare_arms *arms, double delay_ms);
void compare_arms_stop(struct compare_arms *arms);
/* `path` below an arm; NULL: the arm's own URL. */
const char *compare_arms_url(const struct compare_arms *arms, unsigned arm, const char *path);
/* How a service is started in `mode`, with the database where it is. */
struct arm_settings compare_arms_settings(struct command *command, const char *mode);
