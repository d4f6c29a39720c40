/* rerun.h - may a batch run again? One rule for every mode.
 *
 * One that other transactions were in the way of (a deadlock, a serialization failure) PostgreSQL rolled back, so nothing
 * was written. It rests first, for a random time that doubles up to 65 ms: those that were in each other's way are not to
 * meet again.
 *
 * One whose connection broke may run again when it was not run, or when it only reads. A write that was sent never does.
 * Neither does one that has failed: its error is the answer.
 *
 * Thread: the batch's owner.
 * Limits: RERUNS_MAX times after a rollback, and before the deadline. Where sixteen clients write one row in serializable
 *         transactions, one in a hundred writes needs more than a dozen. GIVEN_UP_MAX times what was not run, or what was
 *         read on a connection that was given up on purpose. Once what was lost otherwise: it may be the reason.
 * Errors: what may not run again has its error.
 */
#pragma once

#include "base/compiler.h"
#include "db/conn.h"

enum {
	RERUNS_MAX = 30,
	RERUN_DOUBLINGS_MAX = 5,
	GIVEN_UP_MAX = 4,
};

/* Returns how long to rest, and counts the rerun; 0: it does not run again, its error stands. */
MUST_CHECK uint64_t rerun_rest_ns(struct db_batch *batch, uint64_t now_ns);
/* After an outcome without a result: whether it may run again, which is counted. Else it has failed. It keeps no
 * result of what was run. */
MUST_CHECK bool rerun_may(struct db_batch *batch, enum db_conn_outcome outcome);
