/* Payloads that are too large to be kept are read when their jobs are given out. */
#include "queue/store_parts.h"

#include "queue/arrays.h"

#include <stdlib.h>

static const struct db_statement read_payloads = {
    .sql = "SELECT id, payload FROM meantime_queue.job WHERE id = ANY ($1::bigint[]) ORDER BY id",
    .parameter_count = 1,
    .is_read_only = true,
};

void payloads_take(struct queue_store *store, struct queue_order *order)
{
	list_append(&store->without_payload, &order->link);
	store_await(store, order);
}

/* An order is over: its jobs go to other consumers. */
void payloads_forget(struct queue_store *store, struct queue_order *order)
{
	list_remove(&order->link);
	claims_return(store, order);
	order->given_count = 0;
	store_note_work(store);
}

static void fill_in(struct queue_order *order, int64_t id, struct text payload)
{
	for (unsigned i = 0; i < order->given_count; i++)
		if (order->given[i].id == id && order->given[i].payload.at == NULL)
			order->given[i].payload = (struct text){arena_copy(order->arena, payload), payload.length};
}

/* A row that is not there was deleted by hand, and its job is no more. */
static void drop_missing(struct queue_store *store, struct queue_order *order)
{
	unsigned count = 0;

	for (unsigned i = 0; i < order->given_count; i++) {
		const struct given *given = &order->given[i];

		if (given->payload.at != NULL)
			order->given[count++] = *given;
		else if (dispatcher_cancel(store->dispatcher, given->queue, given->id))
			dispatcher_ended(store->dispatcher, given->id);
	}
	if (count < order->given_count)
		store_note_work(store);
	order->given_count = count;
}

/* Where another service may own the queues, rows tell nothing. */
static void end(struct queue_store *store, struct queue_order *order)
{
	list_remove(&order->link);
	if (!ownership_is_sure(store, clock_now_ns())) {
		claims_fail_unsure(store, order);
		return;
	}
	drop_missing(store, order);
	store_end(store, order);
}

static void on_payloads(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, batch->error != ERROR_NONE ? STORE_RETRY_MS : 0);
	struct queue_store *store = errand->store;
	const struct db_result *rows = batch->queries[0].result;

	if (batch->error != ERROR_NONE) {
		errand_log(errand, "payloads cannot be read");
		while (!list_is_empty(&store->fetching)) {
			struct list *first = store->fetching.next;

			list_remove(first);
			list_append(&store->without_payload, first);
		}
		return;
	}
	LIST_EACH (item, &store->fetching) {
		struct queue_order *order = CONTAINER_OF(item, struct queue_order, link);

		for (unsigned i = 0; i < db_row_count(rows); i++)
			fill_in(order, strtoll(db_value(rows, i, 0).at, NULL, 10), db_value(rows, i, 1));
		end(store, order);
	}
}

/* So many orders as one result may hold: each alone is as large as a claim can be. */
void payloads_turn(struct queue_store *store, uint64_t now_ns)
{
	struct errand *errand = &store->payloads;
	struct queue_order *order;
	struct buffer ids;
	const char *value;

	if (list_is_empty(&store->without_payload) || !errand_is_due(errand, now_ns))
		return;
	order = CONTAINER_OF(store->without_payload.next, struct queue_order, link);
	list_remove(&order->link);
	list_append(&store->fetching, &order->link);
	errand_begin(errand);
	ids = buffer_in(&errand->arena);
	for (unsigned i = 0; i < order->given_count; i++)
		if (order->given[i].payload.at == NULL)
			array_add_number(&ids, order->given[i].id);
	value = array_end(&ids);
	errand_add(errand, &read_payloads, &value);
	errand_submit(errand, STORE_DB_MS, on_payloads);
}

static void drop(struct queue_store *store, struct list *orders)
{
	LIST_EACH (item, orders) {
		list_remove(item);
		claims_fail(store, CONTAINER_OF(item, struct queue_order, link), ERROR_BUSY,
			    "another service has taken the queues over", 1);
	}
}

void payloads_drop(struct queue_store *store)
{
	drop(store, &store->without_payload);
	drop(store, &store->fetching);
}

void payloads_init(struct queue_store *store)
{
	errand_init(&store->payloads, store);
	list_init(&store->without_payload);
	list_init(&store->fetching);
}

void payloads_cleanup(struct queue_store *store)
{
	errand_cleanup(&store->payloads);
}
