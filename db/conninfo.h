/* conninfo.h - how every connection to PostgreSQL is asked for, and what may be said of it.
 *
 * A connection string holds a password, and where it is misread any part of it may be one. So it is judged before it is
 * used, in words that repeat nothing of it.
 *
 * Life:    db_conninfo_fill(); then as long as what it was filled from -> db_conninfo_cleanup().
 * Owner:   the caller's memory; values are borrowed, but for the hosts in another order.
 * Thread:  any.
 */
#pragma once

#include <stddef.h>

#include "db/lookup.h"
#include "db/settings.h"

struct db_conninfo {
	const char *keywords[16], *values[16]; /* as PQconnectStartParams() wants them, with dbname expanded */
	char connect_seconds[16];
	char *hosts[3]; /* owned: host, hostaddr and port, where another than the first is to be tried first */
};

/* `found`: where to, or NULL for what the string says; `first`: with which host it begins (hosts.h). */
void db_conninfo_fill(struct db_conninfo *info, const struct db_settings *settings, const struct db_found *found,
		      unsigned first);
void db_conninfo_cleanup(struct db_conninfo *info);
/* Returns what is wrong with a connection string, in words of our own, or NULL. What is right may still not connect. */
const char *db_conninfo_fault(const char *conninfo);
/* Writes what libpq says of a connect that failed, without the values that it repeats from before it had a server. */
void db_conninfo_reason(const char *message, char *reason, size_t size);
