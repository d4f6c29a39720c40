/* pacer.h - wakes a load at absolute times: a timerfd, since every other timer here is a millisecond coarse.
 *
 * Errors: REQUIRE; a machine without timerfd is none that this runs on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/engine/load.h"

struct pacer {
	int fd;
	uint64_t random;
	double next_ns, gap_ns; /* of a schedule; a double knows a year of uptime within 4 ns */
	enum load_arrivals arrivals;
};

void pacer_init(struct pacer *pacer, uint64_t seed);
void pacer_cleanup(struct pacer *pacer);
/* The file becomes readable at `at_ns` of the monotonic clock; 0: never. */
void pacer_wake_at(struct pacer *pacer, uint64_t at_ns);
/* Takes the wake-up that was reported. */
void pacer_take(struct pacer *pacer);

/* A schedule that nothing holds up: `rate` a second from `from_ns` on. */
void pacer_schedule(struct pacer *pacer, double rate, enum load_arrivals arrivals, uint64_t from_ns);
uint64_t pacer_due_ns(const struct pacer *pacer);
void pacer_next(struct pacer *pacer);
