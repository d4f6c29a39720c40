/* settings.h - what the runners of all loops have in common.
 *
 * Owner:   the service; a runner borrows it.
 * Thread:  any; constant while loops run, but for `fetcher`, which is set before an edition that fetches is served.
 */
#pragma once

#include "config/options.h"
#include "db/settings.h"

struct compute_pool;
struct fetcher;

struct runner_settings {
	const struct options *options;
	struct db_settings db, db_for_streams;
	struct compute_pool *pool;        /* NULL while nothing is served */
	struct compute_pool *coding_pool; /* for responses that are large; NULL while nothing is served */
	struct compute_pool *prompt_pool; /* for computations that are prompt; NULL where no credentials are verified */
	struct fetcher *fetcher;          /* NULL while no endpoint fetches pages */
};
