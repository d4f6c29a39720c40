/* claim_query.h - what a claim asks for: ?max=10&wait=30s&lease=1m.
 *
 * Thread:  any.
 * Errors:  a sentence for the client, or NULL.
 */
#pragma once

#include "queue/values/order.h"

enum { CLAIM_WAIT_MS_MAX = 60000 };

/* Sets `want`, `wait_ns` and `lease_ns`. */
const char *claim_query_read(struct text query, struct arena *arena, struct queue_order *claim);
