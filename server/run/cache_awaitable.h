/* cache_awaitable.h - awaits an answer that is kept, or the right to make one (cache/response_cache.h).
 *
 * Life:    cache_inbox_create() -> used by the async runner's exchanges -> cache_inbox_close(), when none awaits; once the
 *          loop has closed its handles cache_inbox_destroy().
 * Thread:  the loop; cache_awaitable_give_up(): the exchange's owner.
 */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/compiler.h"
#include "server/run/awaitables.h"

struct cache_inbox;
struct exchange;

/* How what has waited for another request's query comes back to a loop that does not wait for it. */
struct cache_inbox *cache_inbox_create(uv_loop_t *loop);
void cache_inbox_close(struct cache_inbox *inbox);
void cache_inbox_destroy(struct cache_inbox *inbox);

/* The client of an exchange has left. Returns whether it waited for another's query on this loop. Then it has gone on,
 * and may be gone. */
MUST_CHECK bool cache_awaitable_note_departure(struct cache_inbox *inbox, struct exchange *x);
/* The exchange may have to wait for a thread, and leads: the next one leads in its place. */
void cache_awaitable_give_up(struct exchange *x);
