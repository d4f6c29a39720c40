/* arm.h - a service that is started here, in one of its modes, to be measured.
 *
 * It ends with this program, whatever happens to it. Between fork and exec the child asks the kernel for SIGTERM at
 * its parent's death (posix_spawn has no place for that). Of the environment all but MEANTIME_* is passed on.
 *
 * Life:    arm_start() -> url -> arm_stop(), which ends only the process that it started, and waits for it.
 * Thread:  one.
 * Limits:  ARM_START_MS until it serves, ARM_STOP_MS until it has ended; then it is killed.
 * Errors:  -1 and `why`, with the last lines that the service said.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "loadgen/engine/relay.h"

enum { ARM_START_MS = 30000, ARM_STOP_MS = 10000, ARM_OPTIONS_MAX = 64 };

struct arm_settings {
	const char *program, *database, *endpoints; /* of the service */
	const char *const *options;                 /* more of them, as they are: "--loops=2" */
	unsigned option_count;
	const char *mode; /* "sync" */
	unsigned threads; /* 0: the service's own default */
	double delay_ms;  /* 0: straight to the database */
};

struct arm {
	pid_t pid; /* 0: not started */
	char url[128];
	struct relay *relay;
	char log[64]; /* the file that takes what the service says */
};

int arm_start(struct arm *arm, const struct arm_settings *settings, char *why, size_t why_size);
void arm_stop(struct arm *arm);
