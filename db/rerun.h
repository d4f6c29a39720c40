/* rerun.h - a batch that other transactions were in the way of (a deadlock, a serialization failure) runs again.
 *
 * PostgreSQL rolled it back, so nothing was written. It rests first, for a random time that doubles up to 65 ms: those
 * that were in each other's way are not to meet again.
 *
 * Thread: the batch's owner.
 * Limits: RERUNS_MAX times, and before the deadline. Where sixteen clients write one row in serializable transactions,
 *         one in a hundred writes needs more than a dozen.
 */
#pragma once

#include <stdlib.h>

#include "base/clock.h"
#include "db/values/batch.h"

enum {
	RERUNS_MAX = 30,
	RERUN_DOUBLINGS_MAX = 5,
	GIVEN_UP_MAX =
	    4, /* so often a batch runs again that was not run, or whose connection was given up on purpose */
};

/* Returns how long to rest, and counts the rerun; 0: it does not run again, its error stands. */
MUST_CHECK static inline uint64_t rerun_rest_ns(struct db_batch *batch, uint64_t now_ns)
{
	unsigned doublings = batch->reruns < RERUN_DOUBLINGS_MAX ? batch->reruns : RERUN_DOUBLINGS_MAX;
	uint64_t rest_ns;

	if (!batch->is_rolled_back || batch->reruns == RERUNS_MAX)
		return 0;
	rest_ns = NS_PER_MS + (uint64_t)random() % (2 * NS_PER_MS << doublings);
	if (now_ns + rest_ns >= batch->deadline_ns)
		return 0;
	batch->reruns++;
	return rest_ns;
}
