/* listener.h - the one connection of the service that listens, in a thread of its own, for the subscribers of all loops.
 *
 * A thread of its own, since PostgreSQL may send faster than a loop that answers is to read. The connection is asked for
 * a sign of life when it is silent. A lost one is opened again, with back-off.
 *
 * Life:    event_listener_create() -> event_listener_stop() -> event_listener_destroy().
 * Owner:   the hub and the settings are borrowed until event_listener_destroy().
 * Thread:  any; the work is done in the listener's own.
 * Limits:  where nothing comes for COMMAND_MS while a command or a sign of life is due, the connection counts as lost.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"
#include "db/settings.h"
#include "events/hub.h"

struct event_listener;

/* `number` is the connection's, for the log. */
struct event_listener *event_listener_create(struct event_hub *hub, const struct db_settings *settings,
					     unsigned number);
/* False: it has not ended within STOP_MS, since PostgreSQL keeps it waiting; it may not be destroyed. */
MUST_CHECK bool event_listener_stop(struct event_listener *listener);
void event_listener_destroy(struct event_listener *listener);
