#include "db/conn_parts.h"

#include "base/clock.h"
#include "base/require.h"

#include <stdio.h>

int conn_send_query(struct db_conn *conn, const struct db_query *query)
{
	const struct db_statement *statement = query->statement;
	int count = (int)statement->parameter_count;
	int is_sent;

	REQUIRE(!db_conn_prepares(conn, statement) || conn->prepared[statement->index].seen > 0);
	if (db_conn_prepares(conn, statement))
		is_sent = PQsendQueryPrepared(conn->pg, statement->name, count, query->values, NULL, NULL, 0);
	else if (statement->sent_as != NULL && conn->has_cursors)
		is_sent = PQsendQueryPrepared(conn->pg, statement->sent_as, count, query->values, NULL, NULL, 0);
	else
		is_sent = PQsendQueryParams(conn->pg, statement->sql, count, NULL, query->values, NULL, NULL, 0);
	return is_sent ? 0 : conn_fail(conn, PQerrorMessage(conn->pg));
}

int conn_send_timeout(struct db_conn *conn, unsigned timeout_ms)
{
	char text[16];
	const char *values[] = {text};
	int is_sent;

	if (conn->statement_limit_ms > 0 && conn->statement_limit_ms < timeout_ms)
		timeout_ms = conn->statement_limit_ms;
	snprintf(text, sizeof(text), "%u", timeout_ms);
	if (db_settings_are_pooled(conn->settings))
		is_sent = PQsendQueryParams(conn->pg, conn_timeout_sql, 1, NULL, values, NULL, NULL, 0);
	else
		is_sent = PQsendQueryPrepared(conn->pg, conn_timeout_statement, 1, values, NULL, NULL, 0);
	return is_sent ? 0 : conn_fail(conn, PQerrorMessage(conn->pg));
}

/* PostgreSQL ends a statement with a time of its own when no request waits for it any more. */
static unsigned time_left_ms(const struct db_batch *batch, unsigned timeout_ms, uint64_t now_ns)
{
	uint64_t left_ms = batch->deadline_ns > now_ns ? (batch->deadline_ns - now_ns) / NS_PER_MS + 1 : 1;

	return left_ms < timeout_ms ? (unsigned)left_ms : timeout_ms;
}

/* What a statement of the batch's transaction may take at most; 0: the session's own time counts. */
static unsigned timeout_of(const struct db_conn *conn, const struct db_batch *batch)
{
	const struct db_statement *statement = batch->queries[0].statement;

	if (statement->timeout_ms > 0 || !batch->is_late)
		return statement->timeout_ms;
	return conn->settings->statement_timeout_ms;
}

/* What goes before the queries: this many statements. */
static unsigned preamble_size(const struct db_conn *conn, unsigned timeout_ms, bool is_first, bool becomes_read_only)
{
	unsigned has_timeout = timeout_ms > 0;

	return db_settings_are_pooled(conn->settings) ? is_first : has_timeout + becomes_read_only;
}

/* The session's default makes a read's transaction read-only already; this holds even when a function called before has
 * changed the default. */
static int send_preamble(struct db_conn *conn, unsigned timeout_ms, bool is_first, bool becomes_read_only)
{
	if (db_settings_are_pooled(conn->settings))
		return is_first ? conn_send_unit_settings(conn, timeout_ms, becomes_read_only) : 0;
	if (becomes_read_only && !PQsendQueryPrepared(conn->pg, conn_read_only_statement, 0, NULL, NULL, NULL, 0))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	return timeout_ms > 0 ? conn_send_timeout(conn, timeout_ms) : 0;
}

static void end_sending(struct db_conn *conn)
{
	conn->unit_ns = 0;
	conn->unit_context = NULL;
	conn->units_in_flight++;
}

static int send_context(struct db_conn *conn, const struct db_context *context, bool is_inside)
{
	return is_inside ? conn_send_whether_told(conn, context) : conn_send_context(conn, context);
}

int db_conn_send(struct db_conn *conn, struct db_batch *batch, bool ends_unit)
{
	const struct db_statement *statement = batch->queries[0].statement;
	/* a unit leaves at its end, all of it at once */
	bool is_first = conn->unit_ns == 0, is_read_only = db_batch_is_read_only(batch);
	bool becomes_read_only = is_first && !statement->is_inside && (conn->is_read_only || is_read_only);
	bool sets_context = conn_needs_context(conn, batch);
	bool is_inside = UNLIKELY(sets_context) && conn_surrounds(conn, batch);
	unsigned timeout_ms = timeout_of(conn, batch);
	struct db_slot *slot;

	REQUIRE(db_conn_is_usable(conn) && !db_conn_is_full(conn));
	if (is_first)
		conn->unit_ns = clock_now_ns();
	batch->sent_ns = conn->unit_ns;
	if (is_inside && conn_send_around(conn, AROUND_BEFORE, batch->context) != 0)
		return -1;
	slot = conn_add_slot(
	    conn, (struct db_slot){
		      .batch = batch,
		      .only = is_first && ends_unit && db_conn_knows(conn, statement) ? statement : NULL,
		      .preamble_left =
			  (unsigned char)(preamble_size(conn, timeout_ms, is_first, becomes_read_only) + sets_context),
		      .sets_context = sets_context,
		      .around = is_inside ? AROUND_INSIDE : AROUND_NONE,
		      .ends_unit = ends_unit,
		      .is_read_only = is_read_only,
		  });
	slot->results_left = (unsigned short)(batch->query_count + slot->preamble_left);
	conn_plan_look(conn, slot);
	batch->slot = slot;
	if (send_preamble(conn, time_left_ms(batch, timeout_ms, conn->unit_ns), is_first, becomes_read_only) != 0)
		return -1;
	if (UNLIKELY(sets_context) && send_context(conn, batch->context, is_inside) != 0)
		return -1;
	if (UNLIKELY(slot->looks_left > 0)) {
		end_sending(conn);
		return conn_send_look(conn, batch);
	}
	for (unsigned i = 0; i < batch->query_count; i++)
		if (conn_send_query(conn, &batch->queries[i]) != 0)
			return -1;
	if (!ends_unit)
		return 0;
	end_sending(conn);
	if (!PQpipelineSync(conn->pg))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	if (is_inside && conn_send_around(conn, AROUND_BEHIND, NULL) != 0)
		return -1;
	return conn_flush(conn);
}
