#include "lib/fake_error.h"

#include <postgres_ext.h>
#include <stdint.h>

char *PQresultErrorField(const PGresult *result, int field)
{
	const char *text = NULL;

	if (field == PG_DIAG_SQLSTATE)
		text = result->sqlstate;
	else if (field == PG_DIAG_MESSAGE_PRIMARY)
		text = result->message;
	else if (field == PG_DIAG_MESSAGE_DETAIL)
		text = result->detail;
	else if (field == PG_DIAG_MESSAGE_HINT)
		text = result->hint;
	else if (field == PG_DIAG_STATEMENT_POSITION)
		text = result->position;
	return (char *)(uintptr_t)text;
}

char *PQresultErrorMessage(const PGresult *result)
{
	return (char *)(uintptr_t)(result->words != NULL ? result->words : "");
}

ExecStatusType PQresultStatus(const PGresult *result)
{
	return result->text != NULL ? PGRES_TUPLES_OK : PGRES_FATAL_ERROR;
}

int PQntuples(const PGresult *result)
{
	return result->rows;
}

char *PQgetvalue(const PGresult *result, int row, int column)
{
	return row == 0 && column == 0 ? (char *)(uintptr_t)result->text : NULL;
}

void PQclear(PGresult *result)
{
	result->cleared++;
}
