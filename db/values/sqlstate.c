#include "db/values/sqlstate.h"

#include "base/compiler.h"

#include <string.h>

/* The first line whose prefix fits wins: codes stand before their class. */
static const struct sqlstate table[] = {
    {"00", ERROR_DATABASE_ERROR, RETRY_NEVER, "an error without a code"},
    {"01", ERROR_DATABASE_ERROR, RETRY_NEVER, "a warning that is an error"},
    {"02", ERROR_DATABASE_ERROR, RETRY_NEVER, "no data"},
    {"03", ERROR_DATABASE_ERROR, RETRY_NEVER, "the SQL statement is not complete"},
    {"08", ERROR_DATABASE_UNAVAILABLE, RETRY_LATER, "a connection inside the database failed"},
    {"09", ERROR_DATABASE_ERROR, RETRY_NEVER, "a triggered action failed"},
    {"0A", ERROR_DATABASE_ERROR, RETRY_NEVER, "the database does not support it"},
    {"0B", ERROR_DATABASE_ERROR, RETRY_NEVER, "a transaction cannot begin here"},
    {"0F", ERROR_DATABASE_ERROR, RETRY_NEVER, "a locator is invalid"},
    {"0L", ERROR_DATABASE_ERROR, RETRY_NEVER, "a grantor is invalid"},
    {"0P", ERROR_DATABASE_ERROR, RETRY_NEVER, "a role is invalid"},
    {"0Z", ERROR_DATABASE_ERROR, RETRY_NEVER, "diagnostics are asked for where there are none"},
    {"20", ERROR_DATABASE_ERROR, RETRY_NEVER, "no case fits"},
    {"21", ERROR_DATABASE_ERROR, RETRY_NEVER, "more than one row where one was expected"},
    /* 22: data exception */
    {"22001", ERROR_REJECTED, RETRY_NEVER, "a text is too long"},
    {"22003", ERROR_REJECTED, RETRY_NEVER, "a number is out of range"},
    {"22004", ERROR_REJECTED, RETRY_NEVER, "a value must not be null"},
    {"22007", ERROR_REJECTED, RETRY_NEVER, "a text is no date or time"},
    {"22008", ERROR_REJECTED, RETRY_NEVER, "a date or time is out of range"},
    {"22012", ERROR_REJECTED, RETRY_NEVER, "division by zero"},
    {"22021", ERROR_REJECTED, RETRY_NEVER, "a text does not fit the character set"},
    {"22023", ERROR_REJECTED, RETRY_NEVER, "an argument is invalid"},
    {"2200H", ERROR_DATABASE_ERROR, RETRY_NEVER, "a sequence has reached its limit"},
    {"2201B", ERROR_REJECTED, RETRY_NEVER, "a regular expression is invalid"},
    {"2201W", ERROR_REJECTED, RETRY_NEVER, "LIMIT must not be negative"},
    {"2201X", ERROR_REJECTED, RETRY_NEVER, "OFFSET must not be negative"},
    {"22P02", ERROR_REJECTED, RETRY_NEVER, "a text is no value of the type it is read as"},
    {"22P05", ERROR_REJECTED, RETRY_NEVER, "a character cannot be converted"},
    {"22", ERROR_REJECTED, RETRY_NEVER, "a value is not as it has to be"},
    /* 23: integrity constraint violation */
    {"23502", ERROR_REJECTED, RETRY_NEVER, "a value must not be null"},
    {"23503", ERROR_CONFLICT, RETRY_NEVER, "a row that is referred to is missing, or still referred to"},
    {"23505", ERROR_CONFLICT, RETRY_NEVER, "a value that has to be unique is there already"},
    {"23514", ERROR_REJECTED, RETRY_NEVER, "a value is refused by a check"},
    {"23P01", ERROR_CONFLICT, RETRY_NEVER, "it conflicts with a row that is there already"},
    {"23", ERROR_CONFLICT, RETRY_NEVER, "it conflicts with what is stored"},
    {"24", ERROR_DATABASE_ERROR, RETRY_NEVER, "a cursor is not in the state for it"},
    /* 25: invalid transaction state */
    {"25006", ERROR_READ_ONLY, RETRY_NEVER, "the transaction is read-only"},
    {"25P03", ERROR_DATABASE_UNAVAILABLE, RETRY_LATER, "the database ended an idle transaction"},
    {"25", ERROR_DATABASE_ERROR, RETRY_NEVER, "the transaction is not in the state for it"},
    {"26", ERROR_DATABASE_ERROR, RETRY_NEVER, "a prepared statement is missing"},
    {"27", ERROR_DATABASE_ERROR, RETRY_NEVER, "a trigger changed the row that is being changed"},
    {"28", ERROR_DATABASE_ERROR, RETRY_NEVER, "a connection inside the database was not authorized"},
    {"2B", ERROR_DATABASE_ERROR, RETRY_NEVER, "privileges depend on it"},
    {"2D", ERROR_DATABASE_ERROR, RETRY_NEVER, "a transaction cannot end here"},
    {"2F", ERROR_DATABASE_ERROR, RETRY_NEVER, "a function failed"},
    {"34", ERROR_DATABASE_ERROR, RETRY_NEVER, "a cursor is missing"},
    {"38", ERROR_DATABASE_ERROR, RETRY_NEVER, "a function failed"},
    {"39", ERROR_DATABASE_ERROR, RETRY_NEVER, "a function could not be called"},
    {"3B", ERROR_DATABASE_ERROR, RETRY_NEVER, "a savepoint is missing"},
    {"3D", ERROR_DATABASE_ERROR, RETRY_NEVER, "a database is missing"},
    {"3F", ERROR_DATABASE_ERROR, RETRY_NEVER, "a schema is missing"},
    /* 40: transaction rollback */
    {"40001", ERROR_CONTENTION, RETRY_HERE, "other transactions were in its way"},
    {"40P01", ERROR_CONTENTION, RETRY_HERE, "other transactions were in its way"},
    {"40002", ERROR_CONFLICT, RETRY_NEVER, "the transaction conflicts with what is stored"},
    {"40003", ERROR_OUTCOME_UNKNOWN, RETRY_NEVER, "the transaction ended without an answer"},
    {"40", ERROR_CONTENTION, RETRY_LATER, "the transaction was rolled back"},
    /* 42: syntax error or access rule violation */
    {"42501", ERROR_FORBIDDEN, RETRY_NEVER, "permission denied"},
    {"42", ERROR_DATABASE_ERROR, RETRY_NEVER, "the SQL of this endpoint does not fit the database"},
    {"44", ERROR_REJECTED, RETRY_NEVER, "a row is refused by the check of its view"},
    /* 53: insufficient resources */
    {"53400", ERROR_DATABASE_ERROR, RETRY_NEVER, "a limit of the database's configuration is reached"},
    {"53", ERROR_DATABASE_UNAVAILABLE, RETRY_LATER, "the database is short of resources"},
    {"54", ERROR_DATABASE_ERROR, RETRY_NEVER, "a limit of the database is reached"},
    /* 55: object not in prerequisite state */
    {"55P03", ERROR_CONTENTION, RETRY_LATER, "what it needs is locked"},
    {"55", ERROR_DATABASE_ERROR, RETRY_NEVER, "something in the database is not in the state for it"},
    /* 57: operator intervention */
    {"57014", ERROR_CANCELLED, RETRY_LATER, "the database cancelled it"},
    {"57", ERROR_DATABASE_UNAVAILABLE, RETRY_LATER, "the database ended it"},
    {"58", ERROR_DATABASE_ERROR, RETRY_NEVER, "the database's system failed"},
    {"72", ERROR_CONTENTION, RETRY_LATER, "it took too long beside other transactions"},
    {"F0", ERROR_DATABASE_ERROR, RETRY_NEVER, "the database's configuration is at fault"},
    {"HV", ERROR_DATABASE_ERROR, RETRY_NEVER, "a foreign table failed"},
    /* P0: PL/pgSQL */
    {"P0001", ERROR_REJECTED, RETRY_NEVER, "a function refused it"},
    {"P0002", ERROR_DATABASE_ERROR, RETRY_NEVER, "no row where one was expected"},
    {"P0003", ERROR_DATABASE_ERROR, RETRY_NEVER, "more than one row where one was expected"},
    {"P0", ERROR_DATABASE_ERROR, RETRY_NEVER, "a function failed"},
    {"XX", ERROR_DATABASE_ERROR, RETRY_NEVER, "the database failed"},
};

static const struct sqlstate own = {"", ERROR_REJECTED, RETRY_NEVER, "the database refused it"};

const struct sqlstate *sqlstate_of(const char *code)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(table); i++)
		if (strncmp(code, table[i].prefix, strlen(table[i].prefix)) == 0)
			return &table[i];
	return &own;
}

bool sqlstate_may_choose(unsigned status)
{
	/* 407 and 426 say nothing without Proxy-Authenticate and Upgrade */
	return status >= 400 && status <= 599 && status != 407 && status != 426;
}

unsigned sqlstate_own_status(const char *code)
{
	unsigned status = 0;

	if (strncmp(code, "PT", 2) != 0)
		return 0;
	for (code += 2; *code >= '0' && *code <= '9'; code++)
		status = status * 10 + (unsigned)(*code - '0');
	return *code == '\0' && sqlstate_may_choose(status) ? status : 0;
}
