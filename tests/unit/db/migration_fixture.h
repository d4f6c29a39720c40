/* migration_fixture.h - statements that are prepared, and those that a migration changes. */
#pragma once

#include "conn_fixture.h"

static inline enum db_conn_readiness prepare(int i, const struct db_statement *statement)
{
	add_batch(i, statement);
	return db_conn_prepare(&conn, &batches[i], false);
}

static struct db_signatures *signatures;
static struct db_statement changing;

static inline void change(int parameters, int columns, Oid oid)
{
	changing = add;
	signatures = db_signatures_create(&changing.signature);
	changing.signatures = signatures;
	fake_pq_describe("add", parameters, columns, oid);
	init_as(false);
	open_unprepared();
}
