/* context.h - what PostgreSQL is told of a request: the role of its identity, and what `-- settings:` asks for.
 *
 * Owner:   the exchange's arena.
 */
#pragma once

#include "exchange/exchange.h"
#include "handlers/sql/file.h"

const struct db_context *sql_context_make(struct exchange *x, const struct endpoint *endpoint);

/* NULL: nothing, as for most. */
static inline const struct db_context *sql_context_of(struct exchange *x, const struct endpoint *endpoint)
{
	const struct endpoint_settings *settings = &endpoint->settings;

	if (LIKELY(x->identity == NULL) && !settings->claims && !settings->headers && !settings->method &&
	    !settings->path)
		return NULL;
	return sql_context_make(x, endpoint);
}
