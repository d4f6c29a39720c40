#include "db/values/result.h"

#include "db/values/signature.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

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

size_t db_result_bytes(const struct db_result *result)
{
	return PQresultMemorySize(pg(result));
}

bool db_columns_are_those_of(const struct db_result *result, const struct db_signature *signature)
{
	if (db_column_count(result) != signature->column_count)
		return false;
	for (unsigned i = 0; i < signature->column_count; i++)
		if (PQftype(pg(result), (int)i) != signature->columns[i].oid ||
		    strcmp(PQfname(pg(result), (int)i), signature->columns[i].name) != 0)
			return false;
	return true;
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
