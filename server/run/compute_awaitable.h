/* compute_awaitable.h - what await_compute() waits for: a computation on the pool's threads.
 *
 * Life:    compute_loop_create() -> used by the async runner's exchanges -> compute_loop_close(), when none awaits;
 *          once the loop has closed its handles compute_loop_destroy().
 * Thread:  the loop.
 */
#pragma once

#include <uv.h>

#include "server/run/awaitables.h"

/* Where a loop gets its computations back. */
struct compute_loop;
struct compute_pool;

struct compute_loop *compute_loop_create(uv_loop_t *loop, struct compute_pool *pool);
void compute_loop_close(struct compute_loop *compute);
void compute_loop_destroy(struct compute_loop *compute);
