#include "db/conn_parts.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/require.h"

const char conn_timeout_statement[] = "meantime: timeout";
const char conn_read_only_statement[] = "meantime: read only";

/* What every session is set to. PostgreSQL itself refuses to write in a read-only session, and ends a statement that
 * nobody waits for any more, even when this program has been killed (client_connection_check_interval). */
static int send_session_settings(struct db_conn *conn)
{
	static const char sql[] =
	    "SELECT set_config('default_transaction_read_only', $1, false),"
	    " set_config('statement_timeout', $2, false),"
	    " set_config('idle_in_transaction_session_timeout', $3, false),"
	    " set_config('client_connection_check_interval', '2s', false),"
	    " set_config('DateStyle', 'ISO', false), set_config('IntervalStyle', 'iso_8601', false),"
	    " set_config('bytea_output', 'hex', false), set_config('extra_float_digits', '1', false)";
	char timeout[16], idle[16];
	const char *values[] = {conn->is_read_only ? "on" : "off", timeout, idle};

	snprintf(timeout, sizeof(timeout), "%u", conn->settings->statement_timeout_ms);
	snprintf(idle, sizeof(idle), "%u", conn->settings->idle_timeout_ms);
	if (!PQsendQueryParams(conn->pg, sql, 3, NULL, values, NULL, NULL, 0))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->setup_left++;
	return 0;
}

static int send_setup_sync(struct db_conn *conn)
{
	if (!PQpipelineSync(conn->pg))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->setup_left++;
	return 0;
}

static int send_setup_prepare(struct db_conn *conn, const char *name, const char *sql)
{
	if (!PQsendPrepare(conn->pg, name, sql, 0, NULL))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->setup_left++;
	return 0;
}

int conn_send_setup(struct db_conn *conn)
{
	conn_set_state(conn, CONN_PREPARING);
	conn->setup_left = 0;
	if (PQsetnonblocking(conn->pg, 1) != 0 || !PQenterPipelineMode(conn->pg))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->asked_ns = 0;
	if (send_session_settings(conn) != 0 ||
	    send_setup_prepare(conn, conn_timeout_statement, "SELECT set_config('statement_timeout', $1, true)") != 0 ||
	    send_setup_prepare(conn, conn_read_only_statement, "SET transaction_read_only = on") != 0 ||
	    send_setup_sync(conn) != 0)
		return -1;
	return conn_flush(conn);
}

/* Statements */

static bool has_to_be_prepared(const struct db_conn *conn, const struct db_statement *statement)
{
	return UNLIKELY(statement->name != NULL && !conn->prepared[statement->index].is_prepared);
}

/* With a Sync of its own, a statement that does not prepare, since its table has gone, fails its own endpoint and no
 * other. And a connection is ready before any table is looked at, so that a lock on one does not keep it from others.
 */
static int send_prepare(struct db_conn *conn, const struct db_statement *statement)
{
	REQUIRE(statement->index < conn->settings->statement_count);
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

	prepared->is_prepared = false;
	if (prepared->has_complained || !is_about_statement(error))
		return;
	prepared->has_complained = true;
	log_error("db", "conn %u: %s does not prepare any more, and fails: %s", conn->number, statement->name,
		  message != NULL ? message : "");
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

static void mark_session(struct db_conn *conn)
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

/* How far away PostgreSQL is: once all is set up, a Sync alone costs it nothing but the way there and back. */
static int measure_distance(struct db_conn *conn)
{
	if (conn->asked_ns > 0) {
		conn->distance_ns = clock_now_ns() - conn->asked_ns;
		mark_session(conn);
		conn_set_state(conn, CONN_READY);
		return 0;
	}
	conn->asked_ns = clock_now_ns();
	return send_setup_sync(conn) != 0 ? -1 : conn_flush(conn);
}

int conn_receive_setup(struct db_conn *conn)
{
	while (conn->setup_left > 0 && !PQisBusy(conn->pg)) {
		PGresult *result = PQgetResult(conn->pg);
		ExecStatusType status = PQresultStatus(result);

		if (result == NULL) {
			if (PQstatus(conn->pg) == CONNECTION_BAD)
				return conn_fail(conn, PQerrorMessage(conn->pg));
			if (!conn->is_inside_query)
				return 0;
			conn->is_inside_query = false;
			continue;
		}
		if (status == PGRES_FATAL_ERROR) {
			conn_fail(conn, PQresultErrorMessage(result));
			PQclear(result);
			return -1;
		}
		conn->is_inside_query = status != PGRES_PIPELINE_SYNC;
		conn->setup_left--;
		PQclear(result);
	}
	return conn->setup_left == 0 ? measure_distance(conn) : 0;
}
