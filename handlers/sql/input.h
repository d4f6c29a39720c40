/* input.h - the parameters of one request. Each is from the path, the query string or the body's field of that name,
 * else the default. It is checked against its type.
 *
 * A parameter comes from one place: in two it is repeated, and refused. Only a field of the body may say again what the
 * path says, with the same value. So a row can be sent back to its own path as it came.
 *
 * Owner:   the exchange's arena.
 * Limits:  those of the request: max_path_bytes, max_body_bytes; BODY_FIELDS_MAX fields in a body.
 * Errors:  an error and a sentence for the client: wrong, missing, unknown or repeated input, each named.
 */
#pragma once

#include "handlers/sql/plan.h"
#include "exchange/exchange.h"

/* Returns ERROR_NONE and the values to bind to that signature of the statement, or the error and its `problem`. */
enum error sql_input_bind(struct exchange *x, const struct sql_plan *plan, const struct db_signature *signature,
			  const char ***values, const char **problem);

/* What came, short enough for a message and always UTF-8. */
const char *sql_input_shown(struct arena *arena, struct text text);
