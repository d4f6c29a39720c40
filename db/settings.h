/* settings.h - how to reach PostgreSQL and what to set up on every session.
 *
 * Owner:   the service; constant, borrowed by every connection for its life.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "db/values/statement.h"

/* What stands between the program and PostgreSQL. */
enum db_pooler {
	DB_POOLER_NONE,
	DB_POOLER_SESSION,     /* a session is the program's until it closes its connection */
	DB_POOLER_TRANSACTION, /* each transaction may have another session: nothing is left in one */
};

/* The statements that a session prepares, each where it is first sent: those of one edition of the endpoints. */
struct db_catalog {
	unsigned edition;
	unsigned statement_count; /* the indices of those with a name are below it */
};

struct db_spares;

struct db_settings {
	const char *conninfo;      /* URL or key=value; "" for libpq's defaults */
	struct db_catalog catalog; /* of the first edition */
	uint32_t connect_timeout_ms;
	uint32_t start_wait_ms;        /* describing tries to connect for so long */
	uint32_t statement_timeout_ms; /* PostgreSQL ends by itself what no request waits for any more */
	uint32_t idle_timeout_ms;      /* an open cursor's client may take this long for a part */
	size_t result_limit_bytes;
	bool has_contexts; /* batches have one: each session prepares what sets it (db/values/context.h) */
	bool is_shared;    /* others use the session behind a request: it has to stay as it is */
	enum db_pooler pooler;
	unsigned depth;           /* batches in flight per connection */
	struct db_spares *spares; /* sessions that streams have left; NULL: none is kept */
};

static inline bool db_settings_are_pooled(const struct db_settings *settings)
{
	return __builtin_expect(settings->pooler == DB_POOLER_TRANSACTION, 0);
}
