/* events.h - the hub of live events and the listener of a service, once one of its endpoints has events.
 *
 * Life:    service_events_begin() for each edition -> service_events_end(), when the service drains ->
 *          service_events_destroy(), when no loop runs any more.
 * Thread:  one at a time: the start's, then reload's; at the end the start's again.
 * Limits:  options: max_subscribers, max_channels, event_history, event_history_bytes.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

struct edition;
struct service;

/* Before an edition is served: where it listens for anything in this mode, that begins now. */
void service_events_begin(struct service *service, const struct edition *edition);
/* An edition is served: the subscribers of those before end. */
void service_events_turn(struct service *service, const struct edition *edition);
/* All subscribers end. */
void service_events_end(struct service *service);
/* False: PostgreSQL keeps the listener waiting, and the process is to end without it. */
MUST_CHECK bool service_events_destroy(struct service *service);
