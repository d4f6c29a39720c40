#include "db/conn_parts.h"

#include "base/require.h"

/* A rollback takes back what a function has set, made or listened to. It leaves advisory locks of the session, and prepared
 * statements, which may stand where one of ours was. */
static const char rollback_statement[] = "meantime: rollback", clean_statement[] = "meantime: clean";
static const char clean_sql[] = "SELECT EXISTS (SELECT FROM pg_catalog.pg_prepared_statement() WHERE from_sql),"
				" pg_catalog.pg_advisory_unlock_all()";

/* Results: of Parse where they are not prepared yet, of the rollback, and the row. */
static void add_slot(struct db_conn *conn)
{
	conn_add_slot(conn, (struct db_slot){
				.around = AROUND_CLEANING,
				.results_left = (unsigned short)(conn->has_cleaner ? 2 : 4),
				.ends_unit = true,
			    });
	conn->preparing++;
	conn->units_in_flight++;
}

static bool prepare(struct db_conn *conn)
{
	return PQsendPrepare(conn->pg, rollback_statement, "ROLLBACK", 0, NULL) &&
	       PQsendPrepare(conn->pg, clean_statement, clean_sql, 0, NULL);
}

int db_conn_clean(struct db_conn *conn)
{
	REQUIRE(conn->state == CONN_READY && conn->unit_ns == 0 && !conn->has_pooler);
	add_slot(conn);
	if ((!conn->has_cleaner && !prepare(conn)) ||
	    !PQsendQueryPrepared(conn->pg, rollback_statement, 0, NULL, NULL, NULL, 0) ||
	    !PQsendQueryPrepared(conn->pg, clean_statement, 0, NULL, NULL, NULL, 0) || !PQpipelineSync(conn->pg))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->has_cleaner = true;
	return conn_flush(conn);
}

void conn_take_cleaned(struct db_slot *slot, const PGresult *result)
{
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		slot->is_dirty |= PQgetvalue(result, 0, 0)[0] == 't';
}

int conn_end_cleaning(struct db_conn *conn, const struct db_slot *slot)
{
	if (slot->is_dirty)
		return conn_fail(conn, "a statement has prepared another in its session");
	if (conn_changed_setting(conn) != NULL)
		return conn_fail(conn, "a setting of the session is not what it was");
	return 0;
}
