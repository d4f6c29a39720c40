#include "db/rerun.h"

#include "base/clock.h"

#include <stdlib.h>

uint64_t rerun_rest_ns(struct db_batch *batch, uint64_t now_ns)
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

bool rerun_may(struct db_batch *batch, enum db_conn_outcome outcome)
{
	bool was_lost = batch->was_lost;

	if (batch->error != ERROR_NONE)
		return false;
	db_batch_rewind(batch);
	batch->was_lost |= outcome == DB_CONN_LOST;
	if (outcome != DB_CONN_NOT_RUN && !db_batch_is_read_only(batch))
		db_batch_fail(batch, ERROR_OUTCOME_UNKNOWN, db_outcome_unknown);
	else if (outcome == DB_CONN_LOST && was_lost)
		db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE, db_lost_twice);
	else if (outcome != DB_CONN_LOST && ++batch->given_up > GIVEN_UP_MAX)
		db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE,
			      outcome == DB_CONN_GIVEN_UP ? db_given_up : db_not_run);
	return batch->error == ERROR_NONE;
}
