/* conninfo.h - how every connection to PostgreSQL is asked for.
 *
 * Life:    db_conninfo_fill(); then as long as what it was filled from.
 * Owner:   the caller's memory; values are borrowed.
 * Thread:  any.
 */
#pragma once

#include "db/settings.h"

struct db_conninfo {
	const char *keywords[12], *values[12]; /* as PQconnectStartParams() wants them, with dbname expanded */
	char connect_seconds[16];
};

/* `host`, `hostaddr`: as resolve.h has found them, or NULL for the string's own. */
void db_conninfo_fill(struct db_conninfo *info, const struct db_settings *settings, const char *host,
		      const char *hostaddr);
