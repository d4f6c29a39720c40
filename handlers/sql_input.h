/* sql_input.h - the parameters of one request: from the path, else the query string, else the body's field of that
 * name, else the default; each checked against its type.
 *
 * Owner:   the exchange's arena.
 * Limits:  QUERY_PAIRS_MAX pairs in a query string, BODY_FIELDS_MAX fields in a body.
 * Errors:  an error and a sentence for the client: wrong, missing, unknown or repeated input, each named.
 */
#pragma once

#include "handlers/sql_plan.h"
#include "server/exchange.h"

enum { QUERY_PAIRS_MAX = 64 };

/* Returns ERROR_NONE and the values to bind, or the error and its `problem`. */
enum error sql_input_bind(struct exchange *x, const struct sql_plan *plan, const char ***values, const char **problem);

/* What came, short enough for a message and always UTF-8. */
const char *sql_input_shown(struct arena *arena, struct text text);
