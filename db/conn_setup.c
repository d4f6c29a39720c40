#include "db/conn_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/require.h"

#include <stdio.h>
#include <stdlib.h>

const char conn_timeout_statement[] = "meantime: timeout";
const char conn_read_only_statement[] = "meantime: read only";
const char conn_timeout_sql[] = "SELECT set_config('statement_timeout', $1, true)";
const char db_conn_declare[] = "DECLARE rows NO SCROLL CURSOR FOR ";
const char db_conn_first_rows[] = "meantime: first rows";

enum {
	OLDEST_SERVER = 120000, /* the first whose extra_float_digits = 1 tells doubles exactly */
};

/* What the role, the database or the connection string has set is only ever tightened; 0 stands for no limit. PostgreSQL
 * shows times with a unit that interval's input understands. */
#define IN_MS(name) "(extract(epoch FROM current_setting('" name "', true)::interval) * 1000)::int8"
#define AT_MOST_MS(name, most, is_local)                                                                               \
	"set_config('" name "', least(" most "::int8, nullif(" IN_MS(name) ", 0))::text, " is_local ")"

/* What answers rely on, in every session, or in every transaction. $1: for the transaction only. */
static const char settings_sql[] = "SELECT " AT_MOST_MS(
    "statement_timeout", "$2",
    "$1::bool") ","
		" " AT_MOST_MS("idle_in_transaction_session_timeout", "$3",
			       "$1::bool") ","
					   " CASE WHEN $4::bool THEN "
					   "set_config('default_transaction_read_only', 'on', $1::bool) "
					   "END,"
					   " CASE WHEN $4::bool THEN set_config('transaction_read_only', "
					   "'on', $1::bool) END,"
					   " CASE WHEN $5::bool THEN set_config('client_min_messages', "
					   "'error', $1::bool) END,"
					   " set_config('DateStyle', 'ISO', $1::bool), "
					   "set_config('IntervalStyle', 'iso_8601', $1::bool),"
					   " set_config('bytea_output', 'hex', $1::bool), "
					   "set_config('extra_float_digits', '1', $1::bool)";

/* A session whose client has gone ends within 30 s, idle or not. Where a setting does not exist nothing is set. A unix
 * socket shows 0, and takes whatever it is given. */
#define TCP_AT_MOST(name, most)                                                                                        \
	"CASE WHEN current_setting('" name "', true) IS NOT NULL THEN set_config('" name "', least(" most              \
	", nullif(current_setting('" name "', true)::int8, 0))::text, false) END"
static const char tcp_sql[] = "SELECT " TCP_AT_MOST("tcp_keepalives_idle", "5") ", " TCP_AT_MOST(
    "tcp_keepalives_interval", "5") ","
				    " " TCP_AT_MOST("tcp_keepalives_count", "3") ", " TCP_AT_MOST("tcp_user_timeout",
												  "15000");

/* PostgreSQL 14, and not on every system. PostgreSQL itself then ends a statement whose client has gone, even
 * when this program has been killed. */
static const char check_sql[] = "SELECT CASE WHEN current_setting('client_connection_check_interval', true) IS NOT NULL"
				" THEN " AT_MOST_MS("client_connection_check_interval", "2000", "false") " END";

/* Before anything is set: the limit of the session's own, and whose it is. Behind a transaction pooler that is all. */
static const char limit_sql[] = "SELECT " IN_MS("statement_timeout") ", pg_catalog.pg_backend_pid()";

struct values {
	const char *values[5];
	char timeout[16], idle[16];
};

static void fill_values(struct values *values, const struct db_conn *conn, bool is_local, bool is_read_only,
			unsigned timeout_ms)
{
	snprintf(values->timeout, sizeof(values->timeout), "%u", timeout_ms);
	snprintf(values->idle, sizeof(values->idle), "%u", conn->settings->idle_timeout_ms);
	values->values[0] = is_local ? "on" : "off";
	values->values[1] = values->timeout;
	values->values[2] = values->idle;
	values->values[3] = is_read_only ? "on" : "off";
	/* what the service does not read does not travel */
	values->values[4] = log_is_on(LOG_DEBUG) ? "off" : "on";
}

int conn_send_settings(struct db_conn *conn, bool is_local, bool is_read_only, unsigned timeout_ms)
{
	struct values values;

	fill_values(&values, conn, is_local, is_read_only, timeout_ms);
	if (!PQsendQueryParams(conn->pg, settings_sql, ARRAY_LENGTH(values.values), NULL, values.values, NULL, NULL, 0))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	return 0;
}

static int send_setup_sync(struct db_conn *conn)
{
	if (!PQpipelineSync(conn->pg))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->setup_left++;
	return 0;
}

int conn_send_setup_prepare(struct db_conn *conn, const char *name, const char *sql)
{
	if (!PQsendPrepare(conn->pg, name, sql, 0, NULL))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->setup_left++;
	return 0;
}

/* A cursor's transaction begins with being read-only. */
static int send_cursor_statements(struct db_conn *conn)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "FETCH FORWARD %u FROM rows", DB_CONN_FIRST_ROWS);
	return conn_send_setup_prepare(conn, conn_read_only_statement, "BEGIN READ ONLY") != 0
		   ? -1
		   : conn_send_setup_prepare(conn, db_conn_first_rows, sql);
}

static int send_read_only_statement(struct db_conn *conn)
{
	if (UNLIKELY(conn->has_cursors))
		return send_cursor_statements(conn);
	return conn_send_setup_prepare(conn, conn_read_only_statement, "SET transaction_read_only = on");
}

/* What is prepared for ourselves, and the end of the unit. */
static int send_statements(struct db_conn *conn)
{
	if (conn_send_setup_prepare(conn, conn_timeout_statement, conn_timeout_sql) != 0 ||
	    send_read_only_statement(conn) != 0 || conn_prepare_contexts(conn) != 0)
		return -1;
	return send_setup_sync(conn);
}

static int send_required(struct db_conn *conn)
{
	if (conn_send_settings(conn, false, conn->is_read_only, conn->settings->statement_timeout_ms) != 0)
		return -1;
	conn->setup_left++;
	return conn_begin_contexts(conn) != 0 ? -1 : send_statements(conn);
}

/* With a Sync of its own. */
static int send_apart(struct db_conn *conn, const char *sql)
{
	if (!PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->setup_left++;
	return send_setup_sync(conn);
}

static int check_version(struct db_conn *conn)
{
	char why[128];
	int version = PQserverVersion(conn->pg);

	if (version >= OLDEST_SERVER)
		return 0;
	snprintf(why, sizeof(why), "PostgreSQL %d.%d is too old; %d is the oldest that is supported", version / 10000,
		 version < 100000 ? version / 100 % 100 : version % 10000, OLDEST_SERVER / 10000);
	return conn_fail(conn, why);
}

enum { PART_ASK, PART_REQUIRED, PART_TCP, PART_CHECK, PART_COUNT };

static unsigned part_count(const struct db_conn *conn)
{
	return db_settings_are_pooled(conn->settings) ? PART_ASK + 1 : PART_COUNT;
}

static int send_part(struct db_conn *conn, unsigned part)
{
	static const char *const apart[] = {[PART_ASK] = limit_sql, [PART_TCP] = tcp_sql, [PART_CHECK] = check_sql};

	return part == PART_REQUIRED ? send_required(conn) : send_apart(conn, apart[part]);
}

/* Nothing is sent behind the question before it is answered; behind a pooler one part is over before the next is sent. */
static int send_parts(struct db_conn *conn)
{
	bool is_alone = conn->has_pooler || conn->setup_sent == PART_ASK;

	do {
		if (send_part(conn, conn->setup_sent++) != 0)
			return -1;
	} while (conn->setup_sent < part_count(conn) && !is_alone);
	return conn_flush(conn);
}

int conn_send_setup(struct db_conn *conn)
{
	conn_set_state(conn, CONN_PREPARING);
	conn->setup_left = conn->setup_sent = conn->setup_over = 0;
	conn->asked_ns = 0;
	if (check_version(conn) != 0)
		return -1;
	if (PQsetnonblocking(conn->pg, 1) != 0 || !PQenterPipelineMode(conn->pg))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	return send_parts(conn);
}

/* How far away PostgreSQL is: once all is set up, a Sync alone costs it nothing but the way there and back. */
static int measure_distance(struct db_conn *conn)
{
	if (conn->asked_ns > 0) {
		conn->distance_ns = clock_now_ns() - conn->asked_ns;
		conn_mark_session(conn);
		conn_set_state(conn, CONN_READY);
		return 0;
	}
	conn->asked_ns = clock_now_ns();
	return send_setup_sync(conn) != 0 ? -1 : conn_flush(conn);
}

static int learn_session(struct db_conn *conn, const PGresult *row)
{
	conn->statement_limit_ms = (unsigned)strtoul(PQgetvalue(row, 0, 0), NULL, 10);
	if (!conn->has_pooler && strtol(PQgetvalue(row, 0, 1), NULL, 10) != PQbackendPID(conn->pg))
		return conn_fail(conn, "a pooler stands in front of PostgreSQL now; restart with --db-pooler");
	return 0;
}

static int take_setup_error(struct db_conn *conn, const PGresult *error)
{
	conn_fail(conn, PQresultErrorMessage(error));
	conn->gave_up = conn_is_dismissal(error);
	if (conn->is_turning || conn->setup_over <= PART_REQUIRED || conn_is_farewell(error))
		return -1;
	log_debug("db", "conn %u: goes on without an optional setting: %s", conn->number, conn->error);
	conn->error[0] = '\0';
	return 0;
}

/* Returns -1 when the session cannot be used. */
static int take_setup_result(struct db_conn *conn, const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);
	int good = status == PGRES_FATAL_ERROR ? take_setup_error(conn, result) : 0;

	if (status == PGRES_TUPLES_OK && conn->setup_over == PART_ASK)
		good = learn_session(conn, result);
	conn->setup_over += status == PGRES_PIPELINE_SYNC;
	conn->is_inside_query = status != PGRES_PIPELINE_SYNC;
	conn->setup_left--;
	return good;
}

static int end_turn(struct db_conn *conn)
{
	conn->is_turning = false;
	conn_set_state(conn, CONN_READY);
	return 0;
}

int conn_receive_setup(struct db_conn *conn)
{
	while (conn->setup_left > 0 && !PQisBusy(conn->pg)) {
		PGresult *result = PQgetResult(conn->pg);
		int status;

		if (result == NULL) {
			if (PQstatus(conn->pg) == CONNECTION_BAD)
				return conn_fail(conn, PQerrorMessage(conn->pg));
			if (!conn->is_inside_query)
				return 0;
			conn->is_inside_query = false;
			continue;
		}
		status = take_setup_result(conn, result);
		PQclear(result);
		if (status != 0)
			return -1;
	}
	if (conn->setup_left > 0)
		return 0;
	if (conn->is_turning)
		return end_turn(conn);
	return conn->setup_sent < part_count(conn) ? send_parts(conn) : measure_distance(conn);
}

/* Behind a transaction pooler a session is only held by a transaction, and the settings are that one's. */
static void hold_session(struct db_conn *conn)
{
	struct values values;

	fill_values(&values, conn, true, true, conn->settings->statement_timeout_ms);
	PQclear(PQexec(conn->pg, "BEGIN"));
	PQclear(PQexecParams(conn->pg, settings_sql, ARRAY_LENGTH(values.values), NULL, values.values, NULL, NULL, 0));
	PQclear(PQexec(conn->pg, "SAVEPOINT lent"));
}

/* The statements of the edition before go from the session, so that it holds no more than one edition's, and names mean
 * what they say. */
int db_conn_turn(struct db_conn *conn, struct db_catalog catalog)
{
	REQUIRE(conn->state == CONN_READY && conn->in_flight == 0 && conn->unit_ns == 0 && !conn->is_retiring);
	conn_free_room(conn);
	conn->catalog = catalog;
	conn_make_room(conn);
	/* nothing of it was prepared */
	if (db_settings_are_pooled(conn->settings))
		return 0;
	conn_set_state(conn, CONN_PREPARING);
	conn->is_turning = true;
	conn->has_cleaner = false;
	if (!PQsendQueryParams(conn->pg, "DEALLOCATE ALL", 0, NULL, NULL, NULL, NULL, 0))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->setup_left++;
	return send_statements(conn) != 0 ? -1 : conn_flush(conn);
}

PGconn *db_conn_lend(struct db_conn *conn)
{
	REQUIRE(conn->state == CONN_READY);
	REQUIRE(PQexitPipelineMode(conn->pg) && PQsetnonblocking(conn->pg, 0) == 0);
	if (db_settings_are_pooled(conn->settings))
		hold_session(conn);
	return conn->pg;
}

void db_conn_refresh_lent(struct db_conn *conn)
{
	if (PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
		PQclear(PQexec(conn->pg, "ROLLBACK TO SAVEPOINT lent"));
}
