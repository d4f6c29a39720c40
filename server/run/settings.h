/* settings.h - what the runners of all loops have in common.
 *
 * Owner:   the service; a runner borrows it.
 * Thread:  any; constant while loops run, but for `fetcher` and `events`, which are set before an edition that needs them is
 *          served.
 */
#pragma once

#include "config/options.h"
#include "db/settings.h"

struct compute_pool;
struct event_hub;
struct fetcher;
struct queue_store;

struct runner_settings {
	const struct options *options;
	struct db_settings db, db_for_streams, db_for_events;
	struct compute_pool *pool;        /* NULL while nothing is served */
	struct compute_pool *large_pool;  /* for bodies, results and responses that are large; NULL while nothing is
					     served */
	struct compute_pool *prompt_pool; /* for computations that are prompt; NULL where no credentials are verified */
	struct compute_pool *file_pool;   /* that reads files; NULL where none are served, or a thread waits for them */
	struct fetcher *fetcher;          /* NULL while no endpoint fetches pages */
	struct event_hub *events;         /* NULL while no endpoint has events */
	struct queue_store *queues;       /* NULL: they are not served */
};
