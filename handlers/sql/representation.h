/* representation.h - what a client and a cache know a good answer by: its tag, its time, how long it may be kept.
 *
 * Thread:  sql_representation_check(): start-up; sql_representation_note(): the exchange's.
 */
#pragma once

#include "exchange/exchange.h"
#include "handlers/sql/file.h"

/* Whether the columns are there, of types that do, and a version that differs is seen. Returns -1 with diagnostics. */
MUST_CHECK int sql_representation_check(struct endpoint_set *endpoints);
/* Once the good answer is written; `rows` are what it was written from. */
void sql_representation_note(struct exchange *x, const struct endpoint *endpoint, const struct db_signature *signature,
			     const struct db_result *rows);
static inline bool sql_representation_is_due(const struct endpoint *endpoint)
{
	return endpoint->has_etag || endpoint->modified_column != NULL || endpoint->cache_control != NULL;
}
