#include "db/result.h"

#include <libpq-fe.h>
#include <stdlib.h>

/* `struct db_result` is never defined: the pointer is libpq's own. */
static const PGresult *pg(const struct db_result *result)
{
	return (const PGresult *)result;
}

unsigned db_row_count(const struct db_result *result)
{
	return (unsigned)PQntuples(pg(result));
}

unsigned db_column_count(const struct db_result *result)
{
	return (unsigned)PQnfields(pg(result));
}

unsigned long db_affected_rows(const struct db_result *result)
{
	/* libpq takes no const here, though it only reads */
	return strtoul(PQcmdTuples((PGresult *)(void *)(unsigned long)pg(result)), NULL, 10);
}

bool db_is_null(const struct db_result *result, unsigned row, unsigned column)
{
	return PQgetisnull(pg(result), (int)row, (int)column) != 0;
}

struct text db_value(const struct db_result *result, unsigned row, unsigned column)
{
	return (struct text){
		PQgetvalue(pg(result), (int)row, (int)column),
		(size_t)PQgetlength(pg(result), (int)row, (int)column),
	};
}

void db_result_destroy(struct db_result *result)
{
	PQclear((PGresult *)result);
}
