#include "db/conn_parts.h"

#include "base/clock.h"
#include "base/require.h"
#include "db/failure.h"
#include "db/intake.h"

#include <stdio.h>
#include <stdlib.h>

/* PostgreSQL's own errors name the place in its source. A pooler speaks for itself. */
static bool is_from_postgresql(const PGresult *error)
{
	return PQresultErrorField(error, PG_DIAG_SOURCE_FILE) != NULL;
}

static bool is_of_pooler(const PGresult *error)
{
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);

	return !is_from_postgresql(error) && sqlstate != NULL &&
	       (strncmp(sqlstate, "08", 2) == 0 || strncmp(sqlstate, "57P", 3) == 0);
}

/* The server ends the session instead of answering: it is lost. What it was working on is known not to have
 * happened, unless it commits as it goes. A pooler does the same, calls it an error, and knows nothing. */
bool conn_is_farewell(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	return is_of_pooler(result) ||
	       (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0));
}

bool conn_is_dismissal(const PGresult *error)
{
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);

	return sqlstate != NULL && strcmp(sqlstate, "57P01") == 0;
}

void conn_note_farewell(struct db_conn *conn, const PGresult *error)
{
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY);
	char words[sizeof(conn->error)];

	conn->gave_up = conn->gave_up || conn_is_dismissal(error);
	if (sqlstate == NULL || message == NULL) {
		conn_fail(conn, PQresultErrorMessage(error));
		return;
	}
	snprintf(words, sizeof(words), "%s (SQLSTATE %s)", message, sqlstate);
	conn_fail(conn, words);
	conn->has_farewell = true;
}

void conn_hand_back(struct db_conn *conn, struct db_slot *slot, enum db_conn_outcome outcome)
{
	struct db_batch *batch = slot->batch;

	if (batch == NULL)
		return;
	slot->batch = NULL;
	batch->slot = NULL;
	batch->done_ns = conn->progress_ns;
	conn->over(conn, batch, outcome);
}

/* Closed as soon as no batch is on it; those on it get their answers. */
static void retire(struct db_conn *conn, const char *why)
{
	conn_fail(conn, why);
	conn->is_retiring = true;
}

/* Breaks it on purpose: reads that are on it run again elsewhere. */
static int give_up(struct db_conn *conn, const char *why)
{
	conn->gave_up = true;
	return conn_fail(conn, why);
}

/* A statement ran DEALLOCATE or DISCARD. Nothing was run. What a function of the statement's own misses, or a trigger,
 * has a context; this has none. */
bool conn_misses_statement(const struct db_slot *slot, const PGresult *error)
{
	/* in place of the Sync it is the commit's */
	return slot->results_left > 0 && PQresultErrorField(error, PG_DIAG_CONTEXT) == NULL &&
	       strcmp(PQresultErrorField(error, PG_DIAG_SQLSTATE), "26000") == 0;
}

/* Nothing was run, so a write, too, is handed back to be run again. */
static int lose_statements(struct db_conn *conn)
{
	static const char why[] = "a prepared statement is gone, or another's";

	if (conn->is_read_only)
		return give_up(conn, why);
	retire(conn, why);
	return 0;
}

/* What is not about the statement is no reason to fail those that wait for it: they go elsewhere. */
static int take_prepare_error(struct db_conn *conn, const struct db_slot *slot, PGresult *error)
{
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
	int status = 0;

	if (slot->results_left > 0 && !conn_misses_statement(slot, error) && strcmp(sqlstate, "42P05") != 0)
		conn_fail_to_prepare(conn, slot, error);
	else if (slot->results_left > 0)
		status = lose_statements(conn);
	return status;
}

/* The server ends the session instead of answering. */
static int take_farewell(struct db_conn *conn, const struct db_slot *slot, const PGresult *error)
{
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
	struct db_batch *batch = slot->batch;

	if (sqlstate != NULL && is_from_postgresql(error) && batch != NULL && !slot->is_read_only &&
	    slot->results_left > 0 && batch->error == ERROR_NONE && !db_batch_may_commit(batch)) {
		snprintf(batch->sqlstate, sizeof(batch->sqlstate), "%s", sqlstate);
		db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE, "the database ended the session; nothing was written");
	}
	conn_note_farewell(conn, error);
	return -1;
}

static int take_error(struct db_conn *conn, struct db_slot *slot, PGresult *error)
{
	struct db_batch *batch = slot->batch;

	if (PQresultErrorField(error, PG_DIAG_SQLSTATE) == NULL || conn_is_farewell(error))
		return take_farewell(conn, slot, error);
	if (slot->prepares != NULL)
		return take_prepare_error(conn, slot, error);
	if (UNLIKELY(slot->around == AROUND_BEHIND))
		return conn_fail(conn, "what the session was told of a request cannot be taken back");
	if (UNLIKELY(slot->around == AROUND_BEFORE))
		conn_refuse_around(conn, error);
	if (UNLIKELY(slot->around == AROUND_CLEANING))
		return conn_fail(conn, PQresultErrorMessage(error));
	if (batch != NULL && slot->results_left == 0 && batch->words == NULL)
		batch->error = ERROR_NONE; /* the commit's failure is what counts */
	if (batch == NULL || batch->error != ERROR_NONE)
		return 0;
	if (conn_misses_statement(slot, error))
		return lose_statements(conn);
	if (UNLIKELY(slot->sets_context) && slot->preamble_left == 1 && slot->results_left > 0) {
		conn_refuse_context(batch, error);
		return 0;
	}
	if (!conn_is_outdated(conn, slot, error))
		failure_take(batch, error);
	return 0;
}

/* In text form. The memory it takes is known at once, and is always more. */
static bool is_too_large(const PGresult *result, size_t limit_bytes)
{
	size_t bytes = 0;

	if (PQresultMemorySize(result) <= limit_bytes)
		return false;
	for (int row = 0; row < PQntuples(result); row++)
		for (int column = 0; column < PQnfields(result); column++)
			bytes += (size_t)PQgetlength(result, row, column);
	return bytes > limit_bytes;
}

/* What no batch waits for. */
static void take_other(struct db_conn *conn, struct db_slot *slot, PGresult *result)
{
	if (slot->prepares != NULL) {
		conn_take_prepared(conn, slot, result);
		return;
	}
	if (UNLIKELY(slot->around == AROUND_CLEANING))
		conn_take_cleaned(slot, result);
	if (slot->preamble_left > 0)
		slot->preamble_left--;
	PQclear(result);
}

static void take_rows(struct db_conn *conn, struct db_slot *slot, PGresult *result)
{
	struct db_batch *batch = slot->batch;

	if (UNLIKELY(slot->looks_left > 0) && slot->preamble_left == 0) {
		conn_take_look(conn, slot, result);
		PQclear(result);
		return;
	}
	if (slot->preamble_left > 0 || batch == NULL || batch->arrived == batch->query_count) {
		take_other(conn, slot, result);
		return;
	}
	if (db_settings_are_pooled(conn->settings) && conn_is_other_result(conn, slot, result)) {
		PQclear(result);
		return;
	}
	slot->is_too_large |= is_too_large(result, conn->settings->result_limit_bytes);
	if (slot->is_too_large && slot->is_read_only)
		db_batch_fail(batch, ERROR_RESULT_TOO_LARGE,
			      "the result is larger than max_result_bytes; ask for less");
	batch->queries[batch->arrived++].result = (struct db_result *)result;
}

/* One result of the current slot's. */
static int take_result(struct db_conn *conn, PGresult *result)
{
	struct db_slot *slot = conn_current(conn);
	int status;

	conn->is_inside_query = true;
	conn->head_bytes = 0;
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		take_rows(conn, slot, result);
		return 0;
	case PGRES_PIPELINE_ABORTED:
		PQclear(result);
		return 0;
	case PGRES_FATAL_ERROR:
		conn->is_unit_aborted = true;
		status = take_error(conn, slot, result);
		if (slot->prepares == NULL || conn->prepared[slot->prepares->index].failure != result)
			PQclear(result);
		return status;
	default:
		/* COPY and the like: the parser of endpoint files lets none through */
		PQclear(result);
		return conn_fail(conn, "an answer of a kind that this program does not ask for");
	}
}

static int end_query(struct db_conn *conn)
{
	struct db_slot *slot = conn_current(conn);

	conn->is_inside_query = false;
	/* an error in place of the Sync: the commit failed; the Sync follows all the same */
	if (slot->results_left == 0)
		return 0;
	if (UNLIKELY(slot->looks_left > 0) && --slot->looks_left == 0 && conn_end_look(conn, slot) != 0)
		return -1;
	if (--slot->results_left == 0 && !slot->ends_unit)
		conn->arrived++;
	return 0;
}

/* What was answered meanwhile may look different, or worse. Reads run again elsewhere, so the connection is given up at
 * once; a write is not run twice. */
static int end_changed_session(struct db_conn *conn, const char *setting, const struct db_statement *only)
{
	char why[sizeof(conn->error)];

	conn->changed_by = only;
	snprintf(why, sizeof(why), "%s%s changed %s for its session, not for its transaction",
		 only != NULL ? "the statement of " : "a statement", only != NULL ? only->name : "", setting);
	if (conn->is_read_only)
		return give_up(conn, why);
	retire(conn, why);
	return 0;
}

/* Behind an error PostgreSQL runs nothing. */
static bool was_run(const struct db_batch *batch)
{
	return batch == NULL || batch->error != ERROR_NONE || batch->arrived == batch->query_count;
}

/* Of a unit that is over. `is_spoilt`: what its reads say cannot be trusted, not even their errors. */
static void release(struct db_conn *conn, struct db_slot *slot, bool is_spoilt)
{
	if (slot->batch != NULL && is_spoilt)
		db_batch_rewind(slot->batch);
	else if (slot->batch != NULL && slot->is_too_large)
		db_batch_fail(slot->batch, ERROR_RESULT_TOO_LARGE,
			      "it was written, but its result is larger than max_result_bytes");
	conn_hand_back(conn, slot, was_run(slot->batch) && !is_spoilt ? DB_CONN_DONE : DB_CONN_NOT_RUN);
}

static void release_unit(struct db_conn *conn, bool is_spoilt)
{
	struct db_slot slot;

	conn->arrived = 0;
	conn->is_unit_aborted = false;
	do {
		slot = conn_take_head(conn);
		release(conn, &slot, is_spoilt);
	} while (!slot.ends_unit);
}

static int end_unit(struct db_conn *conn)
{
	const struct db_slot *last = conn_current(conn);
	const struct db_statement *only = last->only, *prepares = last->prepares;
	/* around a procedure the role is the session's, too: is_superuser may differ until that is taken back */
	bool leaves, may_change = conn->is_retiring || !conn->settings->is_shared || last->around == AROUND_BEFORE ||
				  last->around == AROUND_INSIDE;
	const char *changed = may_change ? NULL : conn_changed_setting(conn);

	/* a pooler may give one client another's answers */
	if (conn->in_flight == conn->arrived || !last->ends_unit || last->results_left > 0)
		return conn_fail(conn, "an answer that was not asked for");
	if (UNLIKELY(last->around == AROUND_CLEANING) && conn_end_cleaning(conn, last) != 0)
		return -1;
	leaves = UNLIKELY(conn->is_unit_aborted) && conn_leaves_standby(conn, last);
	/* which of several reads saw the settings that another of them has changed cannot be told. And an error takes
	 * the change back before PostgreSQL tells of it */
	release_unit(conn, leaves || (conn->arrived > 0 && (changed != NULL || conn->is_unit_aborted)));
	conn->units_in_flight--;
	if (UNLIKELY(prepares != NULL) && conn_end_prepare(conn, prepares) != 0)
		return -1;
	if (conn->in_flight == 0)
		conn_set_state(conn, CONN_READY);
	if (UNLIKELY(leaves))
		retire(conn, "the server takes no writes any more");
	else if (changed != NULL && end_changed_session(conn, changed, only) != 0)
		return -1;
	if (conn->is_retiring && conn->in_flight == 0)
		return -1;
	return 0;
}

/* What is there arrived at one time, and waits no longer for PostgreSQL while those before it are being handled. */
int conn_receive_results(struct db_conn *conn)
{
	uint64_t arrived_ns = 0;

	while (!PQisBusy(conn->pg)) {
		PGresult *result = PQgetResult(conn->pg);

		if (result == NULL) {
			/* what was read before the connection ended comes first */
			if (!conn->is_inside_query && PQstatus(conn->pg) == CONNECTION_BAD)
				return conn_fail(conn, PQerrorMessage(conn->pg));
			if (!conn->is_inside_query)
				return 0;
			if (end_query(conn) != 0)
				return -1;
			continue;
		}
		if (arrived_ns == 0)
			arrived_ns = clock_now_ns();
		conn->progress_ns = arrived_ns;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			if (end_unit(conn) != 0)
				return -1;
		} else if (conn->in_flight == 0) {
			/* not asked for: the server says goodbye to an idle session */
			conn_note_farewell(conn, result);
			PQclear(result);
			return -1;
		} else if (take_result(conn, result) != 0) {
			return -1;
		}
	}
	return 0;
}

/* libpq keeps a result in memory however large it grows: what arrives of one that is not complete is counted. */
void conn_count_intake(struct db_conn *conn)
{
	size_t came_bytes = intake_end();

	if (conn->state == CONN_BUSY)
		conn->head_bytes += came_bytes;
	conn->has_grown |= conn->head_bytes > DB_CONN_GROWN_BYTES;
}

int conn_consume(struct db_conn *conn)
{
	int is_good;

	intake_begin(PQsocket(conn->pg));
	is_good = PQconsumeInput(conn->pg);
	conn_count_intake(conn);
	return is_good ? 0 : -1;
}

/* After what has come was looked at: head_bytes is 0 again when a result was complete. */
int conn_bound_result(struct db_conn *conn)
{
	if (conn->state != CONN_BUSY || conn->head_bytes <= 2 * conn->settings->result_limit_bytes + 65536)
		return 0;
	/* whether a write that is cut off here was committed cannot be known: it is lost */
	if (conn_current(conn)->batch != NULL && conn_current(conn)->is_read_only)
		db_batch_fail(conn_current(conn)->batch, ERROR_RESULT_TOO_LARGE,
			      "the result is larger than max_result_bytes; ask for less");
	return give_up(conn, "a result larger than max_result_bytes was cut off");
}
