/* resources.h - what a thread has to wait with: a connection to block on, or a loop and its pipeline.
 *
 * Owner:   the runner; lent to an awaitable for the call.
 * Thread:  a worker's own, or the loop's.
 */
#pragma once

#include <stdatomic.h>

#include "db/pipeline.h"
#include "db/wait.h"

struct resources {
	struct db_wait *wait;         /* where waiting blocks */
	struct db_pipeline *pipeline; /* where it does not */
	uv_loop_t *loop;
	struct compute_pool *pool; /* of all loops */
	struct compute_pool *prompt_pool;
	struct compute_pool *file_pool;  /* that reads files; NULL: a thread that waits does */
	struct fetcher *const *fetcher;  /* where it is, once an endpoint fetches */
	struct event_hub *const *events; /* and this, once one has events */
	struct compute_inbox *compute;   /* without a thread that waits: how computations come back */
	struct fetch_inbox *fetches;     /* and pages */
	struct event_inbox *event_inbox; /* and events */
	struct cache_inbox *cache_inbox; /* and what waits for another's query */
	struct queue_store *queues;      /* NULL: they are not served */
	struct queue_inbox *orders;      /* how orders to them come back */
	const struct db_settings *stream_settings;
	atomic_uint *streams; /* open in this loop and its workers */
	unsigned streams_max;
};
