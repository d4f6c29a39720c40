#include "db/conn_parts.h"

#include "base/log.h"
#include "base/require.h"
#include "db/failure.h"
#include "db/learn.h"
#include "db/values/sql_message.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_BYTES_MAX = 63 };

static const char cannot_follow[] = "a table has changed in a way that this endpoint cannot follow; nothing was run; "
				    "its endpoint file has to be changed, or the service to be restarted";
static const char other_parameters[] =
    "a table has just changed, and a parameter with it, so nothing was run; try again";

static unsigned generation_of(const struct db_statement *statement)
{
	return statement->signatures != NULL
		   ? atomic_load_explicit(&statement->signatures->generation, memory_order_acquire)
		   : 0;
}

/* Sending */

static int send_deallocate(struct db_conn *conn, const char *name)
{
	char sql[sizeof("DEALLOCATE \"\"") + NAME_BYTES_MAX];

	/* an endpoint may be named "all" */
	snprintf(sql, sizeof(sql), "DEALLOCATE \"%s\"", name);
	return PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0) ? 0 : -1;
}

/* Behind a transaction pooler the session has no limit of ours. 0: the session's own counts. */
static unsigned limit_of(const struct db_conn *conn, const struct db_statement *statement)
{
	if (statement->timeout_ms > 0 || !db_settings_are_pooled(conn->settings))
		return statement->timeout_ms;
	return conn->settings->statement_timeout_ms;
}

static int send_limit(struct db_conn *conn, const struct db_statement *statement)
{
	unsigned limit_ms = limit_of(conn, statement);

	return limit_ms > 0 ? conn_send_timeout(conn, limit_ms) : 0;
}

static void add_slot(struct db_conn *conn, const struct db_statement *statement, unsigned results)
{
	conn_add_slot(conn, (struct db_slot){
				.prepares = statement,
				.results_left = (unsigned short)(results + (limit_of(conn, statement) > 0)),
				.ends_unit = true,
			    });
	conn->preparing++;
	conn->units_in_flight++;
}

static int send_cursor(struct db_conn *conn, const struct db_statement *statement)
{
	struct arena scratch = {0};
	const char *sql = arena_printf(&scratch, "%s%s", db_conn_declare, statement->sql);
	bool is_sent = PQsendPrepare(conn->pg, statement->name, sql, 0, NULL) != 0;

	arena_cleanup(&scratch);
	return is_sent ? 0 : conn_fail(conn, PQerrorMessage(conn->pg));
}

/* With a Sync of its own, a statement that does not prepare, since its table has gone, fails its own endpoint and no
 * other. And a connection is ready before any table is looked at, so that a lock on one does not keep it from others.
 */
static int send_prepare(struct db_conn *conn, const struct db_statement *statement)
{
	struct db_prepared *prepared = &conn->prepared[statement->index];
	/* a cursor has no columns: they are those of its statement */
	const char *name = db_conn_prepares(conn, statement) && !conn->has_cursors ? statement->name : "";

	add_slot(conn, statement, 2U + prepared->is_in_session + conn->has_cursors);
	prepared->is_under_way = true;
	prepared->has_failed = false;
	prepared->asked = generation_of(statement);
	if (send_limit(conn, statement) != 0)
		return -1;
	if (prepared->is_in_session && send_deallocate(conn, statement->name) != 0)
		return conn_fail(conn, PQerrorMessage(conn->pg));
	if (!PQsendPrepare(conn->pg, name, statement->sql, 0, NULL))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	if (UNLIKELY(conn->has_cursors) && send_cursor(conn, statement) != 0)
		return -1;
	if (!PQsendDescribePrepared(conn->pg, name) || !PQpipelineSync(conn->pg))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	return conn_flush(conn);
}

/* What is new about it are types: PostgreSQL tells what they are. */
static int send_types_query(struct db_conn *conn, const struct db_statement *statement)
{
	struct arena scratch = {0};
	struct learn_catalog nothing = {.arena = &scratch};
	const char *oids = learn_missing_types(&nothing, conn->prepared[statement->index].described);
	bool is_sent;

	add_slot(conn, statement, 1);
	if (send_limit(conn, statement) != 0)
		return -1;
	if (oids == NULL)
		oids = "{}";
	is_sent = PQsendQueryParams(conn->pg, learn_types_sql, 1, NULL, &oids, NULL, NULL, 0) != 0 &&
		  PQpipelineSync(conn->pg) != 0;
	arena_cleanup(&scratch);
	return is_sent ? conn_flush(conn) : conn_fail(conn, PQerrorMessage(conn->pg));
}

/* Before a batch */

static void refuse(struct db_batch *batch, const struct db_prepared *prepared)
{
	if (prepared->failure != NULL)
		failure_take(batch, prepared->failure);
	else
		db_batch_fail(batch, ERROR_DATABASE_ERROR, cannot_follow);
}

static enum db_conn_readiness look_again(struct db_conn *conn, struct db_batch *batch, struct db_prepared *prepared,
					 const struct db_statement *statement, bool has_waited)
{
	REQUIRE(statement->index < conn->catalog.statement_count);
	if (prepared->has_failed && has_waited) {
		refuse(batch, prepared);
		return DB_CONN_REFUSES;
	}
	if (UNLIKELY(conn->has_pooler) && conn->in_flight > 0 && !prepared->is_under_way) {
		prepared->has_failed = false; /* it was another batch that heard of it */
		return DB_CONN_WAITS;
	}
	/* one that is retiring takes no more batches: this one goes elsewhere when those in flight are over */
	if (prepared->is_under_way || conn->is_retiring)
		return DB_CONN_WAITS;
	return send_prepare(conn, statement) == 0 ? DB_CONN_WAITS : DB_CONN_BROKEN;
}

static enum db_conn_readiness prepare_query(struct db_conn *conn, struct db_batch *batch, struct db_query *query,
					    bool has_waited)
{
	const struct db_statement *statement = query->statement;
	struct db_prepared *prepared;

	if (!db_conn_knows(conn, statement))
		return DB_CONN_READY;
	prepared = &conn->prepared[statement->index];
	if (UNLIKELY(prepared->seen != generation_of(statement) + 1))
		return look_again(conn, batch, prepared, statement, has_waited);
	if (UNLIKELY(prepared->signature != query->checked_for) &&
	    !db_signature_takes(prepared->signature, query->checked_for, statement->parameter_count)) {
		db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE, other_parameters);
		return DB_CONN_REFUSES;
	}
	query->signature = prepared->signature;
	return DB_CONN_READY;
}

enum db_conn_readiness db_conn_prepare(struct db_conn *conn, struct db_batch *batch, bool has_waited)
{
	enum db_conn_readiness all = DB_CONN_READY;

	REQUIRE(db_conn_is_usable(conn) && conn->unit_ns == 0);
	for (unsigned i = 0; i < batch->query_count; i++) {
		enum db_conn_readiness one = prepare_query(conn, batch, &batch->queries[i], has_waited);

		if (one > all)
			all = one;
	}
	/* it is described, and the Sync behind that has not come: a pooler would take the session for idle with that */
	if (UNLIKELY(conn->has_pooler) && all == DB_CONN_READY && conn->preparing > 0)
		return DB_CONN_WAITS;
	return all;
}

/* What comes back */

/* What ends what takes too long, or waits for a lock too long, says nothing of the statement. */
static bool is_about_statement(const char *sqlstate)
{
	return strncmp(sqlstate, "57", 2) != 0 && strncmp(sqlstate, "55", 2) != 0;
}

static void drop_results(struct db_prepared *prepared)
{
	PQclear(prepared->described);
	PQclear(prepared->failure);
	prepared->described = prepared->failure = NULL;
}

static void note_failure(struct db_prepared *prepared)
{
	drop_results(prepared);
	prepared->is_under_way = false;
	prepared->has_failed = true;
	prepared->seen = 0;
	prepared->signature = NULL;
}

void conn_fail_to_prepare(struct db_conn *conn, const struct db_slot *slot, PGresult *error)
{
	struct db_prepared *prepared = &conn->prepared[slot->prepares->index];
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY);
	char named[512];

	/* what DEALLOCATE and Parse do to a session stays when their unit fails */
	if (prepared->described == NULL)
		prepared->is_in_session = slot->results_left == 1 && db_conn_prepares(conn, slot->prepares);
	note_failure(prepared);
	prepared->failure = error;
	if (prepared->has_complained || !is_about_statement(sqlstate))
		return;
	prepared->has_complained = true;
	sql_message_named(slot->prepares, message != NULL ? message : "", named, sizeof(named));
	log_error("db", "conn %u: %s does not prepare any more, and fails: %s", conn->number, slot->prepares->name,
		  named);
}

static void refuse_change(struct db_conn *conn, const struct db_statement *statement, const char *why)
{
	struct db_prepared *prepared = &conn->prepared[statement->index];

	note_failure(prepared);
	if (prepared->has_complained)
		return;
	prepared->has_complained = true;
	log_error("db",
		  "conn %u: %s %s since a table has changed, and fails; change its endpoint file, or restart the "
		  "service",
		  conn->number, statement->name, why);
}

/* Two sessions may see different tables of one name: one that finds again what it had before proves nothing. */
static void settle(struct db_conn *conn, const struct db_statement *statement, const struct db_signature *signature)
{
	struct db_prepared *prepared = &conn->prepared[statement->index];
	bool is_news = signature != db_statement_signature(statement) && signature != prepared->before;
	unsigned generation = prepared->asked;

	if (is_news) {
		unsigned published = db_signatures_publish(statement->signatures, signature);

		log_info("db", "conn %u: %s has other columns or parameters than before, and serves them", conn->number,
			 statement->name);
		/* another's doubt in the meantime is a reason to look once more */
		generation = published == generation + 1 ? published : generation;
	}
	drop_results(prepared);
	prepared->signature = prepared->before = signature;
	prepared->seen = generation + 1;
	prepared->is_under_way = prepared->has_complained = false;
}

static void take_description(struct db_conn *conn, const struct db_statement *statement, PGresult *described)
{
	const struct db_signature *known = learn_find(statement, described);

	conn->prepared[statement->index].is_in_session = db_conn_prepares(conn, statement);
	if (known != NULL)
		settle(conn, statement, known);
	else if (statement->signatures == NULL)
		refuse_change(conn, statement, "has other columns or parameters");
	else
		conn->prepared[statement->index].described = described;
	if (conn->prepared[statement->index].described != described)
		PQclear(described);
}

static void take_types(struct db_conn *conn, const struct db_statement *statement, PGresult *types)
{
	struct db_prepared *prepared = &conn->prepared[statement->index];
	const struct db_signature *signature;
	char why[200];

	signature = learn_again(statement, prepared->described, types, why, sizeof(why));
	PQclear(types);
	if (signature != NULL)
		settle(conn, statement, signature);
	else
		refuse_change(conn, statement, why);
}

void conn_take_prepared(struct db_conn *conn, const struct db_slot *slot, PGresult *result)
{
	const struct db_statement *statement = slot->prepares;

	if (slot->results_left > 1)
		PQclear(result);
	else if (conn->prepared[statement->index].described == NULL)
		take_description(conn, statement, result);
	else
		take_types(conn, statement, result);
}

int conn_end_prepare(struct db_conn *conn, const struct db_statement *statement)
{
	return conn->prepared[statement->index].described != NULL ? send_types_query(conn, statement) : 0;
}

/* Its result would have other types than when it was prepared. */
static bool is_of_old_plan(const PGresult *error)
{
	const char *function = PQresultErrorField(error, PG_DIAG_SOURCE_FUNCTION);

	return function != NULL && strcmp(function, "RevalidateCachedQuery") == 0;
}

/* A parameter keeps the type that it was prepared with: of a column that is a text now, an integer is no value. The
 * statement does not fit its tables any more, and may when it is prepared again; once, or it is its own fault. */
static bool may_be_of_old_types(const struct db_batch *batch, const char *sqlstate)
{
	return strncmp(sqlstate, "42", 2) == 0 && strcmp(sqlstate, "42501") != 0 && !batch->was_run_again &&
	       !batch->queries[0].statement->may_commit;
}

/* Other connections have it prepared, too. */
void conn_doubt(struct db_conn *conn, const struct db_statement *statement)
{
	struct db_prepared *prepared = db_conn_knows(conn, statement) ? &conn->prepared[statement->index] : NULL;

	if (prepared == NULL)
		return;
	if (statement->signatures != NULL && prepared->seen == generation_of(statement) + 1)
		db_signatures_doubt(statement->signatures);
	prepared->seen = 0;
}

bool conn_is_outdated(struct db_conn *conn, const struct db_slot *slot, const PGresult *error)
{
	const struct db_batch *batch = slot->batch;
	const struct db_statement *statement;

	/* in place of the Sync it is the commit's; what a function of the statement's own met has a context */
	if (slot->results_left == 0 || slot->preamble_left > 0 || batch->arrived == batch->query_count ||
	    PQresultErrorField(error, PG_DIAG_CONTEXT) != NULL)
		return false;
	statement = batch->queries[batch->arrived].statement;
	if (!db_conn_knows(conn, statement) ||
	    (!is_of_old_plan(error) && !may_be_of_old_types(batch, PQresultErrorField(error, PG_DIAG_SQLSTATE))))
		return false;
	conn_doubt(conn, statement);
	return true;
}

void conn_forget_prepared(struct db_conn *conn)
{
	for (unsigned i = 0; i < conn->catalog.statement_count; i++)
		drop_results(&conn->prepared[i]);
	free(conn->prepared);
	conn->prepared = NULL;
}
