/* resolve.h - the host names of a connection string as addresses, without blocking the loop.
 *
 * PQconnectPoll() never blocks, but for name resolution; so names are resolved before, on every attempt, since a
 * restarted container comes back with another address.
 *
 * Life:    db_resolve_start() -> done, once; or db_resolve_forget() before, and `done` is not called.
 * Thread:  loop only.
 * Limits:  RESOLVE_HOSTS_MAX names, RESOLVE_ADDRESSES_MAX addresses. The caller keeps the time.
 */
#pragma once

#include <uv.h>

enum {
	RESOLVE_HOSTS_MAX = 8,
	RESOLVE_ADDRESSES_MAX = 16,
};

struct db_resolve;
/* `host` and `hostaddr` are lists as PQconnectStart wants them, a pair for each address, so that libpq tries one after
 * the other as it does with a name; or `error` says why there are none. */
typedef void db_resolved_fn(void *data, const char *host, const char *hostaddr, const char *error);

/* Returns NULL when the string has no name to resolve (socket paths and addresses): connect at once. */
struct db_resolve *db_resolve_start(uv_loop_t *loop, const char *conninfo, db_resolved_fn *done, void *data);
void db_resolve_forget(struct db_resolve *resolve);
