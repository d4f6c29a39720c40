/* idempotency_key.h - the header Idempotency-Key, as in draft-ietf-httpapi-idempotency-key-header.
 *
 * Owner:   the arena.
 * Thread:  any.
 * Limits:  ORDER_KEY_BYTES_MAX.
 * Errors:  a sentence for the client, or NULL.
 */
#pragma once

#include "exchange/message.h"
#include "queue/values/order.h"

/* Sets `key` and `body_hash`, where the request has one. A key in quotes and one without are the same. */
const char *idempotency_key_read(const struct http_request *request, struct arena *arena, struct queue_order *enqueue);
