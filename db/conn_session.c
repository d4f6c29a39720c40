#include "db/conn_parts.h"

#include "base/clock.h"
#include "base/log.h"

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

/* Each with a Sync of its own: a statement that does not prepare any more, since a table has changed, fails its own
 * endpoint and no other. */
static int send_prepare(struct db_conn *conn, const char *name, const char *sql)
{
	if (!PQsendPrepare(conn->pg, name, sql, 0, NULL))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->setup_left++;
	return send_setup_sync(conn);
}

/* Settings and statements go out together: one round trip. */
int conn_send_setup(struct db_conn *conn)
{
	const struct db_settings *settings = conn->settings;

	conn_set_state(conn, CONN_PREPARING);
	conn->setup_left = 0;
	if (PQsetnonblocking(conn->pg, 1) != 0 || !PQenterPipelineMode(conn->pg))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->has_settings = false;
	conn->asked_ns = 0;
	if (send_session_settings(conn) != 0 || send_setup_sync(conn) != 0 ||
	    send_prepare(conn, conn_timeout_statement, "SELECT set_config('statement_timeout', $1, true)") != 0 ||
	    send_prepare(conn, conn_read_only_statement, "SET transaction_read_only = on") != 0)
		return -1;
	for (unsigned i = 0; i < settings->statement_count; i++)
		if (settings->statements[i]->is_read_only == conn->is_read_only &&
		    send_prepare(conn, settings->statements[i]->name, settings->statements[i]->sql) != 0)
			return -1;
	return conn_flush(conn);
}

/* Without its settings a session is of no use; without a statement it is. */
static int check_setup_error(struct db_conn *conn, const PGresult *error)
{
	if (!conn->has_settings || PQresultErrorField(error, PG_DIAG_SQLSTATE) == NULL || conn_is_farewell(error))
		return conn_fail(conn, PQresultErrorMessage(error));
	log_error("db", "conn %u: a statement does not prepare any more, its endpoint will fail: %s", conn->number,
		  PQresultErrorField(error, PG_DIAG_MESSAGE_PRIMARY));
	return 0;
}

/* A statement may call a function that SETs what the statements behind it rely on. PostgreSQL reports these, and no
 * others, whenever they change; what it does not report (search_path, a role) is for the function's author to keep. */
static const char *const reported_settings[] = {
    "default_transaction_read_only", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone", "is_superuser",
    "session_authorization",
};
_Static_assert(ARRAY_LENGTH(reported_settings) == DB_CONN_REPORTED, "a mark for each");

/* FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint32_t mark_of(const struct db_conn *conn, const char *setting)
{
	const char *value = PQparameterStatus(conn->pg, setting);
	uint32_t mark = 2166136261u;

	for (; value != NULL && *value != '\0'; value++)
		mark = (mark ^ (unsigned char)*value) * 16777619u;
	return mark;
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
		conn->ready_ns = clock_now_ns();
		conn->distance_ns = conn->ready_ns - conn->asked_ns;
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
		if (status == PGRES_FATAL_ERROR && check_setup_error(conn, result) != 0) {
			PQclear(result);
			return -1;
		}
		conn->has_settings = conn->has_settings || status == PGRES_PIPELINE_SYNC;
		conn->is_inside_query = status != PGRES_PIPELINE_SYNC;
		conn->setup_left--;
		PQclear(result);
	}
	return conn->setup_left == 0 ? measure_distance(conn) : 0;
}
