/* context.h - what PostgreSQL is told of a request: the role of its identity, and what `-- settings:` asks for.
 *
 * Owner:   the exchange's arena.
 */
#pragma once

#include "exchange/exchange.h"
#include "handlers/sql/file.h"

/* NULL: nothing. */
const struct db_context *sql_context_of(struct exchange *x, const struct endpoint *endpoint);
