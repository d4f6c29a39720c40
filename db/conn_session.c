#include "db/conn_parts.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/require.h"
#include "db/sql_place.h"

/* Statements */

static bool has_to_be_prepared(const struct db_conn *conn, const struct db_statement *statement)
{
	return UNLIKELY(db_conn_prepares(conn, statement) && !conn->prepared[statement->index].is_prepared);
}

/* With a Sync of its own, a statement that does not prepare, since its table has gone, fails its own endpoint and no
 * other. And a connection is ready before any table is looked at, so that a lock on one does not keep it from others.
 */
static int send_prepare(struct db_conn *conn, const struct db_statement *statement)
{
	REQUIRE(statement->index < conn->catalog.statement_count);
	conn_add_slot(conn, (struct db_slot){
				.prepares = statement,
				.results_left = (unsigned short)(1 + (statement->timeout_ms > 0)),
				.ends_unit = true,
			    });
	conn->preparing++;
	conn->units_in_flight++;
	conn->prepared[statement->index].is_prepared = true;
	if (statement->timeout_ms > 0 && conn_send_timeout(conn, statement->timeout_ms) != 0)
		return -1;
	if (!PQsendPrepare(conn->pg, statement->name, statement->sql, 0, NULL) || !PQpipelineSync(conn->pg))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	return 0;
}

int db_conn_prepare(struct db_conn *conn, const struct db_batch *batch)
{
	REQUIRE(db_conn_is_usable(conn) && conn->unit_ns == 0);
	for (unsigned i = 0; i < batch->query_count; i++)
		if (has_to_be_prepared(conn, batch->queries[i].statement) &&
		    send_prepare(conn, batch->queries[i].statement) != 0)
			return -1;
	return 0;
}

/* What ends what takes too long, or waits for a lock too long, says nothing of the statement. */
static bool is_about_statement(const PGresult *error)
{
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);

	return strncmp(sqlstate, "57", 2) != 0 && strncmp(sqlstate, "55", 2) != 0;
}

void conn_note_unprepared(struct db_conn *conn, const struct db_statement *statement, const PGresult *error)
{
	struct db_prepared *prepared = &conn->prepared[statement->index];
	const char *message = PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY);
	char named[512];

	prepared->is_prepared = false;
	if (prepared->has_complained || !is_about_statement(error))
		return;
	prepared->has_complained = true;
	sql_message_named(statement, message != NULL ? message : "", named, sizeof(named));
	log_error("db", "conn %u: %s does not prepare any more, and fails: %s", conn->number, statement->name, named);
}

void conn_note_prepared(struct db_conn *conn, const struct db_statement *statement)
{
	struct db_prepared *prepared = &conn->prepared[statement->index];

	prepared->has_complained = prepared->has_complained && !prepared->is_prepared;
}

/* Settings */

/* A statement may call a function that SETs what the statements behind it rely on. PostgreSQL reports these, and no
 * others, whenever they change; what it does not report (search_path, a role) is for the function's author to keep. */
static const char *const reported_settings[] = {
    "default_transaction_read_only", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone", "is_superuser",
    "session_authorization",
};
_Static_assert(ARRAY_LENGTH(reported_settings) == DB_CONN_REPORTED, "a mark for each");

static uint32_t mark_of(const struct db_conn *conn, const char *setting)
{
	const char *value = PQparameterStatus(conn->pg, setting);

	return hash_fnv1a(text_of(value != NULL ? value : ""));
}

void conn_mark_session(struct db_conn *conn)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(reported_settings); i++)
		conn->reported_marks[i] = mark_of(conn, reported_settings[i]);
}

const char *conn_changed_setting(const struct db_conn *conn)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(reported_settings); i++)
		if (mark_of(conn, reported_settings[i]) != conn->reported_marks[i])
			return reported_settings[i];
	return NULL;
}
