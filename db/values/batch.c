#include "db/values/batch.h"

#include "base/clock.h"
#include "base/require.h"

#include <stdlib.h>
#include <string.h>

const char db_unreachable[] = "the database cannot be reached; try again";
const char db_lost_twice[] = "the connection to the database was lost twice; try again";
const char db_given_up[] = "its connections to the database had to be given up, again and again; try again";
const char db_outcome_unknown[] = "the connection to the database was lost; whether it was written is not known";
const char db_not_run[] = "its statement has to be prepared again, and again; nothing was written; try again";
const char db_not_prepared[] = "its statement could not be prepared before the deadline; nothing was run";
const char db_no_answer[] = "PostgreSQL did not answer before the deadline";
const char db_role_refused[] = "the database does not let this service act in the role of the request's identity";
const char db_standby[] = "the database takes no writes at the moment; nothing was written";
const char db_client_left[] = "the client had left before it was its turn";

void db_batch_init(struct db_batch *batch)
{
	memset(batch, 0, offsetof(struct db_batch, queries));
	batch->message = batch->detail = batch->hint = batch->said = "";
	list_init(&batch->link);
}

void db_batch_add(struct db_batch *batch, const struct db_statement *statement, const char *const *values)
{
	const struct db_signature *signature = db_statement_signature(statement);

	REQUIRE(batch->query_count < DB_BATCH_QUERIES_MAX);
	batch->queries[batch->query_count++] = (struct db_query){
	    .statement = statement, .checked_for = signature, .values = values, .signature = signature};
}

bool db_batch_is_read_only(const struct db_batch *batch)
{
	for (unsigned i = 0; i < batch->query_count; i++)
		if (!batch->queries[i].statement->is_read_only)
			return false;
	return true;
}

bool db_batch_may_commit(const struct db_batch *batch)
{
	for (unsigned i = 0; i < batch->query_count; i++)
		if (batch->queries[i].statement->may_commit)
			return true;
	return false;
}

void db_batch_rewind(struct db_batch *batch)
{
	for (unsigned i = 0; i < batch->query_count; i++) {
		if (batch->queries[i].result != NULL)
			db_result_destroy(batch->queries[i].result);
		batch->queries[i].result = NULL;
	}
	if (batch->words != NULL)
		free(batch->words);
	batch->words = NULL;
	batch->error = ERROR_NONE;
	batch->status = 0;
	batch->is_rolled_back = false;
	batch->sqlstate[0] = '\0';
	batch->message = batch->detail = batch->hint = batch->said = "";
	batch->arrived = 0;
}

bool db_batch_is_abandoned(const struct db_batch *batch)
{
	return batch->is_abandoned != NULL && atomic_load_explicit(batch->is_abandoned, memory_order_relaxed);
}

static const atomic_bool withdrawn = true;

void db_batch_withdraw(struct db_batch *batch)
{
	REQUIRE(db_batch_is_read_only(batch));
	batch->is_abandoned = &withdrawn;
}

bool db_batch_is_withdrawn(const struct db_batch *batch)
{
	return batch->is_abandoned == &withdrawn;
}

void db_batch_end_unsent(struct db_batch *batch, uint64_t now_ns)
{
	batch->done_ns = now_ns;
	db_batch_fail(batch, ERROR_BUSY, db_client_left);
}

void db_batch_fail(struct db_batch *batch, enum error error, const char *message)
{
	/* the first failure is the cause; what follows are its consequences */
	if (batch->error != ERROR_NONE)
		return;
	batch->error = error;
	batch->message = message;
}

void db_batch_note_lateness(struct db_batch *batch, unsigned timeout_ms, unsigned slack_ms, uint64_t now_ns)
{
	batch->is_late = batch->deadline_ns + slack_ms * NS_PER_MS < now_ns + timeout_ms * NS_PER_MS;
}

void db_batch_miss_deadline(struct db_batch *batch)
{
	if (db_batch_is_read_only(batch))
		db_batch_fail(batch, ERROR_DEADLINE, db_no_answer);
	else
		db_batch_fail(batch, ERROR_DEADLINE_OUTCOME_UNKNOWN,
			      "PostgreSQL did not answer before the deadline; whether it was written is not known");
}

void db_batch_end_at_deadline(struct db_batch *batch)
{
	if (db_batch_is_read_only(batch) || db_batch_may_commit(batch))
		db_batch_miss_deadline(batch);
	else
		db_batch_fail(batch, ERROR_DEADLINE, "PostgreSQL ended it when its time was over; nothing was written");
}

void db_batch_cleanup(struct db_batch *batch)
{
	db_batch_rewind(batch);
	db_batch_init(batch);
}
