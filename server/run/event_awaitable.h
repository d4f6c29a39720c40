/* event_awaitable.h - awaits what is notified on a channel (events/hub.h).
 *
 * Life:    event_inbox_create() -> used by the async runner's exchanges -> event_inbox_close(), when none awaits; once the
 *          loop has closed its handles event_inbox_destroy().
 * Thread:  the loop.
 */
#pragma once

#include <uv.h>

#include "server/run/awaitables.h"

struct event_inbox;
struct exchange;

/* How what has news comes back to a loop that does not wait for it. */
struct event_inbox *event_inbox_create(uv_loop_t *loop);
void event_inbox_close(struct event_inbox *events);
void event_inbox_destroy(struct event_inbox *events);

/* The client of an exchange has left: when it awaits an event on this loop, that is over now. */
void event_awaitable_note_departure(struct event_inbox *events, struct exchange *x);
/* The exchange ends: it is no subscriber any more. */
void event_awaitable_end(struct exchange *x);
