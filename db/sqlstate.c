#include "db/sqlstate.h"

#include "base/compiler.h"

#include <string.h>

/* The first line whose prefix fits wins. */
static const struct {
	const char *prefix;
	enum error error;
} table[] = {
    {"23505", ERROR_CONFLICT},            /* unique_violation */
    {"23503", ERROR_CONFLICT},            /* foreign_key_violation */
    {"23502", ERROR_REJECTED},            /* not_null_violation */
    {"23514", ERROR_REJECTED},            /* check_violation */
    {"22", ERROR_REJECTED},               /* data exception */
    {"42501", ERROR_FORBIDDEN},           /* insufficient_privilege */
    {"57014", ERROR_DEADLINE},            /* query_canceled: statement_timeout */
    {"53", ERROR_DATABASE_UNAVAILABLE},   /* insufficient resources */
    {"08", ERROR_DATABASE_UNAVAILABLE},   /* connection exception */
    {"57P0", ERROR_DATABASE_UNAVAILABLE}, /* shutdown, crash, cannot connect now */
    {"25006", ERROR_READ_ONLY},           /* read_only_sql_transaction */
    {"P0001", ERROR_REJECTED},            /* raise_exception */
};

enum error error_from_sqlstate(const char *sqlstate)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(table); i++)
		if (strncmp(sqlstate, table[i].prefix, strlen(table[i].prefix)) == 0)
			return table[i].error;
	return ERROR_DATABASE_ERROR;
}
