/* event_channel.h - the channel of an endpoint with events: what its parameters may be, and its name for a request.
 *
 * Owner:   the endpoint set's arena; of a problem, the exchange's.
 * Thread:  sql_events_check(): start-up. The rest: the exchange's.
 */
#pragma once

#include "exchange/exchange.h"
#include "handlers/sql/file.h"

/* Checks the types of the channels' parameters, and notes how each is written. Returns -1 with diagnostics. */
MUST_CHECK int sql_events_check(struct endpoint_set *endpoints);

/* Fills in the name, which begins empty, with values that were checked. Returns NULL, or what is wrong with one. */
const char *event_channel_make(struct exchange *x, const struct endpoint *endpoint,
			       char channel[CHANNEL_NAME_BYTES_MAX + 1], const char *const *values);
