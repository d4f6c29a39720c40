#include "db/conn_parts.h"

#include "base/require.h"
#include "db/learn.h"

/* Settings */

/* Behind a transaction pooler the transaction has all the settings, and the session none. A stream's transaction has
 * them from its first unit on, and a time for each of its parts. */
int conn_send_unit_settings(struct db_conn *conn, unsigned timeout_ms, bool becomes_read_only)
{
	if (timeout_ms == 0)
		timeout_ms = conn->settings->statement_timeout_ms;
	if (PQtransactionStatus(conn->pg) == PQTRANS_INTRANS)
		return conn_send_timeout(conn, timeout_ms);
	return conn_send_settings(conn, true, becomes_read_only, timeout_ms);
}

/* What is looked at again. Another session may have described it before, and a table have changed since. Parse locks the
 * tables of a statement until its transaction ends: what is described there is what runs. */

static bool looks_first(const struct db_conn *conn, const struct db_batch *batch)
{
	if (!db_settings_are_pooled(conn->settings) || db_batch_is_read_only(batch))
		return false;
	for (unsigned i = 0; i < batch->query_count; i++)
		if (batch->queries[i].signature->column_count > 0)
			return true;
	return false;
}

/* It is a unit of its own. */
void conn_plan_look(const struct db_conn *conn, struct db_slot *slot)
{
	unsigned size = 2 * slot->batch->query_count;

	if (LIKELY(!looks_first(conn, slot->batch)))
		return;
	REQUIRE(slot->ends_unit);
	slot->looks_left = (unsigned char)(slot->preamble_left + size);
	slot->results_left = (unsigned short)(slot->results_left + size);
}

int conn_send_look(struct db_conn *conn, const struct db_batch *batch)
{
	for (unsigned i = 0; i < batch->query_count; i++)
		if (!PQsendPrepare(conn->pg, "", batch->queries[i].statement->sql, 0, NULL) ||
		    !PQsendDescribePrepared(conn->pg, ""))
			return conn_fail(conn, PQerrorMessage(conn->pg));
	return PQsendFlushRequest(conn->pg) ? conn_flush(conn) : conn_fail(conn, PQerrorMessage(conn->pg));
}

/* Of each query Parse has a result, and Describe. */
void conn_take_look(struct db_conn *conn, struct db_slot *slot, const PGresult *result)
{
	const struct db_batch *batch = slot->batch;
	const struct db_query *query;

	if (batch == NULL || slot->looks_left % 2 == 0)
		return;
	query = &batch->queries[batch->query_count - 1 - slot->looks_left / 2];
	if (learn_is_described_so(query->signature, query->statement->parameter_count, result))
		return;
	slot->is_outdated = true;
	conn_doubt(conn, query->statement);
}

/* The unnamed statement is what was described, and of several it is the last. */
static int send_queries(struct db_conn *conn, const struct db_batch *batch)
{
	const struct db_query *query = batch->queries;

	if (batch->query_count == 1)
		return PQsendQueryPrepared(conn->pg, "", (int)query->statement->parameter_count, query->values, NULL,
					   NULL, 0)
			   ? 0
			   : conn_fail(conn, PQerrorMessage(conn->pg));
	for (unsigned i = 0; i < batch->query_count; i++)
		if (conn_send_query(conn, &query[i]) != 0)
			return -1;
	return 0;
}

int conn_end_look(struct db_conn *conn, struct db_slot *slot)
{
	if (slot->batch == NULL || slot->is_outdated || conn->is_unit_aborted)
		slot->results_left = 1; /* this one */
	else if (send_queries(conn, slot->batch) != 0)
		return -1;
	return PQpipelineSync(conn->pg) ? conn_flush(conn) : conn_fail(conn, PQerrorMessage(conn->pg));
}

bool conn_is_other_result(struct db_conn *conn, struct db_slot *slot, const PGresult *rows)
{
	const struct db_query *query = &slot->batch->queries[slot->batch->arrived];

	if (slot->is_outdated)
		return true;
	if (!slot->is_read_only || !db_conn_knows(conn, query->statement) || query->signature->column_count == 0 ||
	    db_columns_are_those_of((const struct db_result *)rows, query->signature))
		return false;
	slot->is_outdated = true;
	conn_doubt(conn, query->statement);
	return true;
}
