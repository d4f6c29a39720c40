/* pulse.h - whether each loop still turns: a loop counts its beats, another thread looks whether they go on.
 *
 * The time that a loop stands still is counted in looks, not by the clock: after the whole process was stopped, nothing
 * has stood still.
 *
 * Life:    all zero -> pulse_beat()* and, beside it, pulse_look()* .
 * Thread:  pulse_beat(), pulse_end(): the loop's. pulse_look(): one other.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pulse {
	atomic_uint beats;
	atomic_bool is_over;
	char apart[64]; /* what follows is written by another thread: not in the loop's cache line */
	/* the looking thread's own */
	unsigned seen;
	uint64_t still_ms;
};

static inline void pulse_beat(struct pulse *pulse)
{
	/* one writer: a load and a store need no lock prefix */
	unsigned beats = atomic_load_explicit(&pulse->beats, memory_order_relaxed);

	atomic_store_explicit(&pulse->beats, beats + 1, memory_order_relaxed);
}

/* The loop has ended: it does not count as standing still. */
void pulse_end(struct pulse *pulse);
/* To be called each `since_ms`. True: there was no beat for `longest_ms` or longer. */
bool pulse_look(struct pulse *pulse, uint64_t since_ms, uint64_t longest_ms);
