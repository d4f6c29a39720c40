/* awaitable.h - something that can be waited for: it knows how to be waited for, and how to be started.
 *
 * Life:    its owner sets the class -> one of wait(), start() and fail(), once -> it is over; may be used again then.
 * Owner:   embedded in what waits (exchange.awaited); recovered by CONTAINER_OF.
 * Thread:  wait(): any, blocks it. start(): the loop; `done` is called there, exactly once, never inside start().
 * Limits:  every awaitable has a deadline and ends at it, well or badly. Later are a computation that runs, until its
 *          parts look at the time, and a batch that was sent, by DB_BATCH_GRACE_MS at most.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct awaitable;
struct resources; /* what a thread has to wait with: its connections, its loop (resources.h) */

typedef void awaitable_done_fn(struct awaitable *awaitable);

struct awaitable_class {
	void (*wait)(struct awaitable *awaitable, struct resources *resources);
	void (*start)(struct awaitable *awaitable, struct resources *resources);
	/* Completes it with an error before it was started: no worker became free in time. */
	void (*fail)(struct awaitable *awaitable, enum error error, const char *why);
};

struct awaitable {
	const struct awaitable_class *class;
	awaitable_done_fn *done; /* set before start() */
	uint64_t deadline_ns, submitted_ns;
	/* how it ended; a batch says so itself */
	enum error error;
	const char *why;
};
