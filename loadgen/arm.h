/* arm.h - something to measure: an address that is given, or a service that is started here in one of its modes.
 *
 * Life:    arm_start() -> url -> arm_stop(), which ends only the process that it started, and waits for it.
 * Errors:  -1 and `why`, with the last lines that the service said.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "loadgen/relay.h"

struct arm_settings {
	const char *program, *database, *endpoints; /* of the service */
	const char *const *options;                 /* more of them, as they are: "--loops", "2" */
	unsigned option_count;
	const char *mode; /* "sync" */
	unsigned threads;
	double delay_ms; /* 0: straight to the database */
};

struct arm {
	pid_t pid;
	char url[128]; /* "http://127.0.0.1:41234" */
	struct relay *relay;
	char folder[64]; /* private: of its output */
};

int arm_start(struct arm *arm, const struct arm_settings *settings, char *why, size_t why_size);
void arm_stop(struct arm *arm);
