/* resolve.h - a lookup whose end the loop hears of.
 *
 * Life:    db_resolve_start() -> done, once, never from inside it; or db_resolve_forget() before, and `done` is not
 *          called.
 * Thread:  loop only.
 * Limits:  lookup.h's. The caller keeps the time.
 */
#pragma once

#include <uv.h>

#include "db/lookup.h"

struct db_resolve;
typedef void db_resolved_fn(void *data, const struct db_found *found);

/* Returns NULL when there is nothing to look up: connect at once. */
struct db_resolve *db_resolve_start(uv_loop_t *loop, const char *conninfo, db_resolved_fn *done, void *data);
void db_resolve_forget(struct db_resolve *resolve);
