#include "db/conn_parts.h"

#include "base/require.h"
#include "db/failure.h"

#include <stdio.h>
#include <string.h>

static void name_of(enum db_context_level level, char name[static CONN_CONTEXT_NAME_BYTES])
{
	snprintf(name, CONN_CONTEXT_NAME_BYTES, "meantime: context %u", (unsigned)level);
}

/* Whether the session has prepared what sets them. */
static bool is_prepared(const struct db_conn *conn)
{
	return conn->settings->has_contexts && !db_settings_are_pooled(conn->settings);
}

int conn_prepare_contexts(struct db_conn *conn)
{
	char name[CONN_CONTEXT_NAME_BYTES];

	if (LIKELY(!is_prepared(conn)))
		return 0;
	for (enum db_context_level level = DB_CONTEXT_ROLE; level < DB_CONTEXT_LEVELS; level++) {
		name_of(level, name);
		if (conn_send_setup_prepare(conn, name, db_context_sql(level)) != 0)
			return -1;
	}
	return 0;
}

/* Once a transaction has set one of these, the session has it as '' behind that, and not as NULL. So that a policy reads
 * the same in each session they are '' from the beginning. */
int conn_begin_contexts(struct db_conn *conn)
{
	static const char sql[] = "SELECT set_config(name, '', false) FROM unnest('{request.jwt.claims,request.headers,"
				  "request.method,request.path}'::text[]) name";

	if (LIKELY(!is_prepared(conn)))
		return 0;
	if (!PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->setup_left++;
	return 0;
}

bool conn_needs_context(const struct db_conn *conn, const struct db_batch *batch)
{
	/* what would undo another's stands in a unit of its own */
	REQUIRE(batch->context != NULL || conn->unit_context == NULL);
	return batch->context != NULL && !db_context_is_same(conn->unit_context, batch->context);
}

int conn_send_context(struct db_conn *conn, const struct db_context *context)
{
	const char *const values[] = {context->role, context->claims, context->headers, context->method, context->path};
	enum db_context_level level = db_context_level(context), before = db_context_level(conn->unit_context);
	char name[CONN_CONTEXT_NAME_BYTES];
	int count, is_sent;

	/* and sets back what another has set that this one does not have */
	if (level < before)
		level = before;
	_Static_assert(ARRAY_LENGTH(values) == DB_CONTEXT_TEXTS, "all of them");
	count = (int)db_context_texts(level);
	name_of(level, name);
	if (is_prepared(conn))
		is_sent = PQsendQueryPrepared(conn->pg, name, count, values, NULL, NULL, 0);
	else
		is_sent = PQsendQueryParams(conn->pg, db_context_sql(level), count, NULL, values, NULL, NULL, 0);
	conn->unit_context = context;
	return is_sent ? 0 : conn_fail(conn, PQerrorMessage(conn->pg));
}

/* What a transaction was told ends with it, and a procedure may end its transaction and begin another. So the session is told
 * first, in a unit of its own. The procedure's unit asks whether it was, and fails otherwise: a cancel may have hit the first
 * unit alone. Behind it all is taken back. */
bool conn_surrounds(const struct db_conn *conn, const struct db_batch *batch)
{
	return db_batch_may_commit(batch) && !db_settings_are_pooled(conn->settings);
}

static int send_texts(struct db_conn *conn, const char *sql, const struct db_context *context)
{
	static const struct db_context none;
	const char *values[DB_CONTEXT_TEXTS];

	memcpy(values, context != NULL ? context : &none, sizeof(values));
	if (!PQsendQueryParams(conn->pg, sql, DB_CONTEXT_TEXTS, NULL, values, NULL, NULL, 0))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	return 0;
}

int conn_send_whether_told(struct db_conn *conn, const struct db_context *context)
{
	conn->unit_context = context;
	return send_texts(conn, db_context_told_sql, context);
}

int conn_send_around(struct db_conn *conn, enum slot_around around, const struct db_context *context)
{
	conn_add_slot(conn, (struct db_slot){.around = around, .results_left = 1, .ends_unit = true});
	conn->preparing++;
	conn->units_in_flight++;
	if (send_texts(conn, db_context_session_sql, context) != 0)
		return -1;
	return PQpipelineSync(conn->pg) ? 0 : conn_fail(conn, PQerrorMessage(conn->pg));
}

/* The unit behind it is the procedure's, and does not run. */
void conn_refuse_around(struct db_conn *conn, const PGresult *error)
{
	struct db_batch *batch = db_conn_slot(conn, conn->arrived + 1)->batch;

	REQUIRE(db_conn_slot(conn, conn->arrived + 1)->around == AROUND_INSIDE);
	if (batch != NULL)
		conn_refuse_context(batch, error);
}

bool db_conn_is_taken_back(const struct db_conn *conn)
{
	return conn->in_flight > 0 && db_conn_slot(conn, conn->in_flight - 1)->around == AROUND_BEHIND;
}

/* There is no such role (22023), or the service's own is no member of it (42501). */
void conn_refuse_context(struct db_batch *batch, const PGresult *error)
{
	const char *sqlstate = PQresultErrorField(error, PG_DIAG_SQLSTATE);

	failure_take(batch, error);
	if (strcmp(sqlstate, "22023") != 0 && strcmp(sqlstate, "42501") != 0)
		return;
	batch->error = ERROR_FORBIDDEN;
	batch->status = 0;
	batch->message = db_role_refused;
	batch->detail = batch->hint = "";
	batch->sqlstate[0] = '\0';
}
