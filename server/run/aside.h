/* aside.h - steps that have much to do run beside the loop, so that no turn of it is long. They are those that read a
 * large result, or a large body.
 *
 * A step touches nothing but its exchange, so any thread may run it; in threads mode the workers do.
 *
 * Life:    aside_open() -> aside_run()* -> aside_close(), when none is under way; once the loop has closed the handle
 *          aside_cleanup().
 * Owner:   an exchange is the pool's from aside_run() until `over`.
 * Thread:  the loop; the step runs in a thread of the pool.
 * Limits:  as many as there are requests in flight. A step that has begun ends, whatever its deadline: what it writes
 *          has come from the database already.
 */
#pragma once

#include <stdbool.h>

#include "exchange/exchange.h"
#include "loop/inbox.h"

struct compute_pool;

/* The loop would read as many in half a millisecond. */
enum { ASIDE_BYTES = 262144 };

typedef void aside_over_fn(struct exchange *x, enum step step);

struct aside {
	struct compute_pool *pool;
	struct inbox inbox; /* steps that are over */
	aside_over_fn *over;
};

void aside_open(struct aside *aside, uv_loop_t *loop, struct compute_pool *pool, aside_over_fn *over);
/* Whether the exchange has a large body, or what it has awaited is large. */
bool aside_is_due(const struct exchange *x);
/* Runs the next step of the exchange; `over` is called later, on the loop, with what it returned. */
void aside_run(struct aside *aside, struct exchange *x);
void aside_close(struct aside *aside);
void aside_cleanup(struct aside *aside);
