/* store.h - the queues: a dispatcher in memory, and PostgreSQL as its log, on a loop and a thread of their own.
 *
 * One for all loops and workers, since one service owns all queues of a database. What came in one turn is written
 * together, so many requests share one commit. No request that waits has a connection.
 *
 * Life:    queue_store_create() -> queue_store_submit()* -> queue_store_drain() -> queue_store_destroy(), when no order is
 *          under way.
 * Owner:   an order is the store's from queue_store_submit() until its `done`.
 * Thread:  any; the work is done in the store's own.
 * Limits:  of the settings. It opens STORE_CONNECTIONS connections, as it needs them.
 * Errors:  in the order. While another service owns the queues, or they are being read, an order ends with ERROR_BUSY.
 *          A claim and an extension of a lease do so, too, while this service is not sure that it owns them.
 */
#pragma once

#include "base/compiler.h"
#include "db/settings.h"
#include "queue/values/order.h"

struct queue_store;

enum { STORE_CONNECTIONS = 6 };

struct queue_store_settings {
	const struct db_settings *db;
	unsigned jobs_max, queues_max, parked_max;
	size_t payload_bytes_max; /* of larger payloads there is only the row */
	size_t kept_bytes_max;    /* of all payloads in memory; beyond it there are only the rows */
	const char *node;         /* how this service is called, for people */
};

struct queue_store *queue_store_create(const struct queue_store_settings *settings);
void queue_store_destroy(struct queue_store *store);
/* From now on no claim waits for jobs, and those that do are answered. Once. */
void queue_store_drain(struct queue_store *store);
void queue_store_submit(struct queue_store *store, struct queue_order *order);
