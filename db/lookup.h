/* lookup.h - the host names of a connection string as addresses, looked up by a thread of its own. getaddrinfo()
 * cannot be told when to give up, but its caller can stop waiting.
 *
 * libpq never blocks beyond its time but for name resolution. So names are looked up before, on every attempt: a
 * restarted container comes back with another address.
 *
 * Life:    db_lookup_start() -> db_lookup_wait(), or db_lookup_notify() -> db_lookup_release(), at any time.
 * Owner:   its starter and its thread: the last of them frees it.
 * Thread:  `wake` may be called by the lookup's; never after db_lookup_release().
 * Limits:  LOOKUP_HOSTS_MAX names, LOOKUP_ADDRESSES_MAX addresses, LOOKUPS_MAX under way in the process.
 * Errors:  `error` of what was found.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

enum {
	LOOKUP_HOSTS_MAX = 8,
	LOOKUP_ADDRESSES_MAX = 16,
	LOOKUPS_MAX = 64,
};

/* `host`, `hostaddr` and `port` are lists as PQconnectStart() wants them, with one of each for each address. So libpq
 * tries one after the other as it does with a name; or `error` says why there are none. Valid until
 * db_lookup_release(). */
struct db_found {
	const char *host, *hostaddr;
	const char *port;  /* NULL: the string's own goes for all of them */
	const char *error; /* NULL: there are some */
};

struct db_lookup;

/* Returns NULL when libpq is to be left alone with the string. It has no name (socket paths and addresses), mixes
 * names with them, names too many, or leaves the name to a service file. */
struct db_lookup *db_lookup_start(const char *conninfo);
/* Calls `wake` when it is over, perhaps at once. */
void db_lookup_notify(struct db_lookup *lookup, void (*wake)(void *data), void *data);
/* Blocks, at most until then. False: it is not over. */
MUST_CHECK bool db_lookup_wait(struct db_lookup *lookup, uint64_t deadline_ns);
/* Only once it is over. */
struct db_found db_lookup_found(const struct db_lookup *lookup);
void db_lookup_release(struct db_lookup *lookup);
