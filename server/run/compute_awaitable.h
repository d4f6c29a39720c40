/* compute_awaitable.h - what await_compute() waits for: a computation on the pool's threads.
 *
 * Life:    compute_inbox_create() -> used by the async runner's exchanges -> compute_inbox_close(), when none awaits;
 *          once the loop has closed its handles compute_inbox_destroy().
 * Thread:  the loop.
 */
#pragma once

#include <uv.h>

#include "server/run/awaitables.h"

/* Where a loop gets its computations back. */
struct compute_inbox;
struct compute_pool;
struct exchange;

/* What is said of a kind of computation, by its name in Server-Timing. */
struct compute_words {
	const char *name, *too_many, *not_begun, *not_ended;
};

/* For an awaitable whose x->computation runs on this pool, while the loop goes on. */
void compute_start(struct exchange *x, struct compute_inbox *compute, struct compute_pool *pool,
		   const struct compute_words *words);

struct compute_inbox *compute_inbox_create(uv_loop_t *loop);
void compute_inbox_close(struct compute_inbox *compute);
void compute_inbox_destroy(struct compute_inbox *compute);
