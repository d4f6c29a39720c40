/* speedup.h - what more compute threads are worth: the same request, alone, at services that have 1, 2, ... of them.
 *
 * Amdahl's law (G. Amdahl, AFIPS 1967): with a serial share s of the work, n threads are 1 / (s + (1 - s) / n) times
 * as fast. No number of them is more than 1 / s times as fast. The share is fitted over the thread counts that have a
 * core each.
 *
 * Life:    one call; starts its services and ends them.
 * Errors:  -1 and command->why.
 */
#pragma once

#include "loadgen/engine/arm.h"
#include "loadgen/commands/command.h"

/* What it is expected to take: a guess, for the live line. */
double speedup_seconds(const struct load_options *options, unsigned cores);
/* `service` is how the services are started, but for --compute-threads; `path` is what they are asked. */
int speedup_measure(struct command *command, const struct arm_settings *service, const char *path);
