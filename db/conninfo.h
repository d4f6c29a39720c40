/* conninfo.h - how every connection to PostgreSQL is asked for.
 *
 * Life:    db_conninfo_fill(); then as long as what it was filled from.
 * Owner:   the caller's memory; values are borrowed.
 * Thread:  any.
 */
#pragma once

#include "db/lookup.h"
#include "db/settings.h"

struct db_conninfo {
	const char *keywords[16], *values[16]; /* as PQconnectStartParams() wants them, with dbname expanded */
	char connect_seconds[16];
};

/* `found`: where to, or NULL for what the string says. */
void db_conninfo_fill(struct db_conninfo *info, const struct db_settings *settings, const struct db_found *found);
