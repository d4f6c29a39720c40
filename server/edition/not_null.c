#include "server/edition/not_null.h"

#include "base/buffer.h"
#include "db/values/quoted.h"
#include "server/edition/outer_joins.h"

#include <stdlib.h>

/* A foreign table's is a promise of another server's. Before PostgreSQL 18 a child of a table may be without it; from 18 on
 * it may not have been checked. */
static const char not_null_sql[] =
    "SELECT a.attrelid, a.attnum FROM unnest($1::oid[], $2::int2[]) asked(rel, num) "
    "JOIN pg_attribute a ON a.attrelid = asked.rel AND a.attnum = asked.num AND a.attnotnull "
    "JOIN pg_class c ON c.oid = a.attrelid AND (c.relkind = 'p' OR c.relkind = 'r' AND NOT c.relhassubclass) "
    "WHERE NOT EXISTS (SELECT FROM unnest($3::text[]) name WHERE to_regclass(name) IS NULL OR to_regclass(name) = "
    "a.attrelid) "
    "AND NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND NOT "
    "n.convalidated "
    "AND a.attnum = ANY (n.conkey))";

/* Both as PostgreSQL's arrays. */
static const char *list_columns(const PGresult *described, bool of_tables, struct arena *arena)
{
	struct buffer list = buffer_in(arena);

	buffer_add_char(&list, '{');
	for (int i = 0; i < PQnfields(described); i++)
		buffer_printf(&list, "%s%u", i > 0 ? "," : "",
			      of_tables ? PQftable(described, i) : (unsigned)PQftablecol(described, i));
	buffer_add(&list, TEXT("}"));
	buffer_add_char(&list, '\0');
	return list.bytes;
}

static const char *list_tables(const struct outer_joins *joins, struct arena *arena)
{
	struct buffer list = buffer_in(arena);

	buffer_add_char(&list, '{');
	for (unsigned i = 0; i < joins->count; i++) {
		if (i > 0)
			buffer_add_char(&list, ',');
		quoted_add(&list, arena_copy(arena, joins->tables[i]));
	}
	buffer_add(&list, TEXT("}"));
	buffer_add_char(&list, '\0');
	return list.bytes;
}

static bool is_among(const PGresult *rows, Oid table, int column)
{
	for (int row = 0; row < PQntuples(rows); row++)
		if (strtoul(PQgetvalue(rows, row, 0), NULL, 10) == table && atoi(PQgetvalue(rows, row, 1)) == column)
			return true;
	return false;
}

void not_null_note(struct endpoint *endpoint, const PGresult *described, PGconn *pg, struct arena *arena)
{
	struct db_signature *signature = &endpoint->statement.signature;
	struct outer_joins joins = outer_joins_find(text_of(endpoint->statement.sql));
	const char *values[3];
	PGresult *rows;

	if (joins.is_any || signature->column_count == 0)
		return;
	values[0] = list_columns(described, true, arena);
	values[1] = list_columns(described, false, arena);
	values[2] = list_tables(&joins, arena);
	rows = PQexecParams(pg, not_null_sql, 3, NULL, values, NULL, NULL, 0);
	for (unsigned i = 0; i < signature->column_count && PQresultStatus(rows) == PGRES_TUPLES_OK; i++)
		signature->columns[i].is_never_null =
		    is_among(rows, PQftable(described, (int)i), PQftablecol(described, (int)i));
	PQclear(rows);
}
