/* computation.h - work for the processor, in parts that may run at the same time: what a step hands to await_compute().
 *
 * Life:    a step fills in `parts` and `run` -> await_compute() -> over. May be handed over again then.
 * Owner:   the exchange's arena; embedded in what the work needs, recovered by CONTAINER_OF.
 * Thread:  run(): compute threads, the parts in any order and side by side; only a single part may use the arena.
 * Limits:  the request's deadline: a part that takes longer than a few milliseconds asks computation_is_over() now and
 *          then, and returns early.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct compute_pool;
struct compute_words;

struct computation {
	unsigned parts;
	void (*run)(struct computation *computation, unsigned part);
	bool is_prompt; /* of microseconds, and many may come at once: its threads do not give way wholly */

	/* private */
	uint64_t deadline_ns, started_ns, done_ns;
	atomic_bool *is_abandoned;         /* the client has left */
	atomic_bool was_cut;               /* a part was told to return early */
	struct compute_pool *pool;         /* that has it, where no thread waits */
	const struct compute_words *words; /* what is said of it there */
	unsigned next_part;
	atomic_uint parts_left;
	struct list link;
	void (*over)(struct computation *computation); /* called once, in a compute thread */
	void *data;                                    /* over's own */
};

/* Returns whether its exchange has stopped waiting for it. */
bool computation_is_over(struct computation *computation);
