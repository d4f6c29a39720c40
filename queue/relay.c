/* Jobs that come in while another service owns the queues, or while they are being read. They are written to the inbox,
 * where the owner finds them. A producer needs no lease, so it may call any service. */
#include "queue/store_parts.h"

#include "queue/job_columns.h"

#include <stdlib.h>

/* Only the owner knows how long a queue is. So one whose length is bounded takes jobs from it alone. */
static const struct db_statement insert = {
    .sql = "INSERT INTO meantime_queue.inbox (id, queue, priority, max_attempts, not_before, enqueued_at, group_key,"
	   " payload) SELECT u.id, queue.id, u.priority, u.max_attempts, " STORE_TIME("due") ", " STORE_TIME(
	       "enqueued") ", nullif(u.group_key, ''), u.payload FROM unnest($1::bigint[], $2::text[],"
			   " $3::smallint[], $4::smallint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[])"
			   " AS u (id, name, priority, max_attempts, due, enqueued, group_key, payload) JOIN"
			   " meantime_queue.queue ON queue.name = u.name WHERE length_max IS NULL ORDER BY u.id"
			   " RETURNING id",
    .parameter_count = JOB_COLUMNS,
};

static const char is_bounded[] =
    "this queue has a bounded length, which only the service that owns the queues knows; ask again";

static const char has_group[] =
    "jobs of a group come in by the service that owns the queues, which knows their order; ask again";

/* Orders */

static bool is_grouped(const struct queue_order *order)
{
	for (unsigned i = 0; i < order->draft_count; i++)
		if (order->drafts[i].group.length > 0)
			return true;
	return false;
}

/* Two jobs of a group that come by two ways would be given in another order. */
void relay_take(struct queue_store *store, struct queue_order *order, uint64_t now_ns)
{
	struct write *write;

	if (is_grouped(order)) {
		store_fail(store, order, ERROR_BUSY, has_group, 1);
		return;
	}
	if (store->relay.is_full) {
		store_fail(store, order, ERROR_BUSY, "too much waits for the service that owns the queues; ask again",
			   1);
		return;
	}
	write = write_create(order, 0, store_time_ns(store, now_ns));
	write->name = arena_copy(&write->arena, order->queue);
	write->is_relayed = true;
	write->order = order;
	order->write = write;
	list_append(&store->relay.waiting, &write->link);
	store_await(store, order);
}

static struct queue_order *take_out(struct write *write)
{
	struct queue_order *order = write->order;

	list_remove(&write->link);
	if (order != NULL)
		order->write = NULL;
	return order;
}

void relay_forget(struct queue_order *order)
{
	struct write *write = order->write;

	if (write->is_sent) {
		write->order = NULL;
		return;
	}
	take_out(write);
	write_destroy(write);
}

/* The end of a batch */

static void end_written(struct queue_store *store, struct write *write)
{
	struct queue_order *order = take_out(write);

	if (order != NULL)
		write_answer(store, write, order);
	write_destroy(write);
}

static void fail(struct queue_store *store, struct write *write, enum error error, const char *why, unsigned retry_s)
{
	struct queue_order *order = take_out(write);

	if (order != NULL)
		store_fail(store, order, error, why, retry_s);
	write_destroy(write);
}

static void end_keyed(struct queue_store *store, struct write *write, const struct db_result *keys, unsigned place)
{
	enum enqueue_verdict verdict = enqueue_keys_verdict(keys, place);
	struct queue_order *order;

	if (verdict == ENQUEUE_WRITTEN) {
		end_written(store, write);
		return;
	}
	if (verdict == ENQUEUE_LOST) {
		fail(store, write, ERROR_BUSY, is_bounded, 1);
		return;
	}
	order = take_out(write);
	if (order != NULL)
		write_answer_by_key(store, write, order, keys, place);
	write_destroy(write);
}

static bool is_id(const struct db_result *rows, unsigned row, int64_t id)
{
	return row < db_row_count(rows) && strtoll(db_value(rows, row, 0).at, NULL, 10) == id;
}

static void end_all(struct queue_store *store, const struct db_batch *batch)
{
	struct relay *relay = &store->relay;
	const struct db_result *keys = relay->keys.count > 0 ? batch->queries[relay->keys_place].result : NULL,
			       *plain = relay->plain_rows > 0 ? batch->queries[relay->plain_place].result : NULL;
	unsigned row = 0, place = 0;

	LIST_EACH (item, &relay->sent) {
		struct write *write = CONTAINER_OF(item, struct write, link);

		if (write->key.text != NULL) {
			end_keyed(store, write, keys, place++);
		} else if (is_id(plain, row, write->jobs[0].id)) {
			row += write->count;
			end_written(store, write);
		} else {
			fail(store, write, ERROR_BUSY, is_bounded, 1);
		}
	}
}

/* What PostgreSQL says is for the log. */
static void on_done(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, 0);
	struct queue_store *store = errand->store;
	struct relay *relay = &store->relay;

	if (batch->error == ERROR_NONE) {
		if (relay->asks_ids)
			id_blocks_add(&relay->ids, batch->queries[batch->query_count - 1].result);
		end_all(store, batch);
		return;
	}
	errand_log(errand, "jobs cannot be written to the inbox");
	if (relay->rows == 0) {
		errand->next_ns = clock_now_ns() + STORE_RETRY_MS * NS_PER_MS;
		return;
	}
	LIST_EACH (item, &relay->sent) {
		struct write *write = CONTAINER_OF(item, struct write, link);
		struct queue_order *order = take_out(write);

		if (order != NULL)
			store_fail_as(store, order, batch);
		write_destroy(write);
	}
}

/* A batch */

static void add_write(struct relay *relay, struct write *write, struct job_columns *columns)
{
	job_columns_add_name(columns, write->name);
	for (unsigned i = 0; i < write->count; i++) {
		write->jobs[i].id = id_blocks_next(&relay->ids);
		if (write->key.text == NULL)
			job_columns_add(columns, &write->jobs[i], write->name);
	}
	if (write->key.text != NULL)
		enqueue_keys_add(&relay->keys, write->name, &write->key, write->jobs, write->count);
	else
		relay->plain_rows += write->count;
	relay->rows += write->count;
	relay->bytes += write->bytes;
	write->is_sent = true;
	list_remove(&write->link);
	list_append(&relay->sent, &write->link);
}

static void fill(struct relay *relay, struct job_columns *columns)
{
	relay->rows = relay->plain_rows = 0;
	relay->bytes = 0;
	enqueue_keys_begin(&relay->keys, &relay->errand.arena);
	while (!list_is_empty(&relay->waiting)) {
		struct write *write = CONTAINER_OF(relay->waiting.next, struct write, link);

		if (write->count > id_blocks_left(&relay->ids) ||
		    (relay->rows > 0 &&
		     (relay->rows + write->count > STORE_ROWS_MAX || relay->bytes + write->bytes > STORE_BATCH_BYTES)))
			return;
		add_write(relay, write, columns);
	}
}

static void send_batch(struct queue_store *store)
{
	struct relay *relay = &store->relay;
	struct errand *errand = &relay->errand;
	const char *values[JOB_COLUMNS], *names;
	struct job_columns columns;

	errand_begin(errand);
	job_columns_init(&columns, &errand->arena);
	fill(relay, &columns);
	names = job_columns_names(&columns);
	if (names != NULL)
		errand_add(errand, &store_add_names, &names);
	if (relay->plain_rows > 0) {
		job_columns_end(&columns, values);
		relay->plain_place = errand->batch.query_count;
		errand_add(errand, &insert, values);
	}
	if (relay->keys.count > 0) {
		enqueue_keys_add_statements(&relay->keys, &errand->batch, NULL);
		relay->keys_place = errand->batch.query_count - 1;
	}
	relay->asks_ids = id_blocks_left(&relay->ids) < STORE_ROWS_MAX;
	if (relay->asks_ids)
		errand_add(errand, &store_more_ids, NULL);
	errand_submit(errand, STORE_DB_MS, on_done);
}

void relay_turn(struct queue_store *store, uint64_t now_ns)
{
	if (!list_is_empty(&store->relay.waiting) && errand_is_due(&store->relay.errand, now_ns))
		send_batch(store);
}

void relay_init(struct queue_store *store)
{
	errand_init(&store->relay.errand, store);
	list_init(&store->relay.waiting);
	list_init(&store->relay.sent);
}

void relay_cleanup(struct queue_store *store)
{
	errand_cleanup(&store->relay.errand);
}
