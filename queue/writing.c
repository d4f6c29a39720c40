/* Jobs come in. One batch is under way at a time, and holds all that came meanwhile. So the order of the rows is that of
 * their numbers. The busier PostgreSQL is, the more one commit does. */
#include "queue/store_parts.h"

#include "base/log.h"
#include "base/memory.h"
#include "queue/job_columns.h"

#include <stdlib.h>

/* A service that takes the queues over waits for this to end. */
static const struct db_statement hold_fence = {.sql = "SELECT pg_advisory_xact_lock_shared(" STORE_FENCE ")"};

/* A row that conflicts uses up a number all the same, and there are 2^31. */
const struct db_statement store_add_names = {
    .sql = "INSERT INTO meantime_queue.queue (name) SELECT DISTINCT name FROM unnest($1::text[]) AS u (name) WHERE NOT"
	   " EXISTS (SELECT FROM meantime_queue.queue WHERE queue.name = u.name) ON CONFLICT (name) DO NOTHING",
    .parameter_count = 1,
};

/* An owner of before inserts nothing. A name that is not there fails all of it, since the number is NOT NULL. */
static const struct db_statement insert = {
    .sql = "INSERT INTO meantime_queue.job (id, queue, shard, priority, attempt, max_attempts, not_before, enqueued_at,"
	   " group_key, payload) SELECT u.id, queue.id, 0, u.priority, 0, u.max_attempts, " STORE_TIME(
	       "due") ", " STORE_TIME("enqueued") ", nullif(u.group_key, ''), u.payload FROM unnest($2::bigint[], "
						  "$3::text[],"
						  " $4::smallint[], $5::smallint[], $6::bigint[], $7::bigint[], "
						  "$8::text[], $9::text[]) AS u "
						  "(id, name, priority,"
						  " max_attempts, due, enqueued, group_key, payload) LEFT JOIN "
						  "meantime_queue.queue ON "
						  "queue.name = u.name"
						  " WHERE EXISTS (SELECT FROM meantime_queue.owner WHERE shard = 0 AND "
						  "epoch = $1)",
    .parameter_count = 1 + JOB_COLUMNS,
};

const struct db_statement store_more_ids = {.sql = "SELECT nextval('meantime_queue.job_id')"};

/* Names */

void writing_note_named(struct queue_store *store, unsigned queue)
{
	struct writing *writing = &store->writing;

	if (queue >= writing->named_capacity) {
		unsigned capacity = queue + 64;

		writing->is_named = memory_grow(writing->is_named, capacity * sizeof(*writing->is_named));
		memset(writing->is_named + writing->named_capacity, 0, capacity - writing->named_capacity);
		writing->named_capacity = capacity;
	}
	writing->is_named[queue] = true;
}

void writing_forget_names(struct writing *writing)
{
	if (writing->is_named != NULL)
		memset(writing->is_named, 0, writing->named_capacity);
}

static bool is_named(const struct writing *writing, unsigned queue)
{
	return queue < writing->named_capacity && writing->is_named[queue];
}

void writing_begin(struct queue_store *store, const struct db_result *blocks)
{
	store->writing.ids.count = 0;
	id_blocks_add(&store->writing.ids, blocks);
}

/* Orders */

static void copy_key(struct write *write, const struct queue_order *order)
{
	write->key = (struct enqueue_key){
	    .text = arena_copy(&write->arena, order->key),
	    .body_hash = {order->body_hash[0], order->body_hash[1]},
	};
	write->bytes += order->key.length * write->count;
}

struct write *write_create(const struct queue_order *order, unsigned queue, uint64_t time_ns)
{
	struct write *write = memory_alloc_zeroed(1, sizeof(*write));

	write->queue = queue;
	write->count = order->draft_count;
	write->jobs = arena_alloc_zeroed(&write->arena, write->count * sizeof(*write->jobs));
	for (unsigned i = 0; i < write->count; i++) {
		const struct order_draft *draft = &order->drafts[i];
		struct job_spec *job = &write->jobs[i];

		*job = (struct job_spec){
		    .queue = queue,
		    .enqueued_ns = time_ns,
		    .due_ns = draft->delay_ns > 0 ? time_ns + draft->delay_ns : 0,
		    .priority = draft->priority,
		    .max_attempts = draft->max_attempts,
		    .group = {arena_copy(&write->arena, draft->group), draft->group.length},
		    .payload = {arena_copy(&write->arena, draft->payload), draft->payload.length},
		};
		write->bytes += job->payload.length + job->group.length;
	}
	if (order->key.length > 0)
		copy_key(write, order);
	return write;
}

void writing_take(struct queue_store *store, struct queue_order *order, uint64_t now_ns)
{
	int queue = store_queue_of(store, order);
	struct write *write;

	if (queue < 0)
		return;
	if (now_ns < store->writing.insert.next_ns) {
		store_fail(store, order, ERROR_DATABASE_UNAVAILABLE,
			   "the database could not be reached a moment ago; nothing was written", 1);
		return;
	}
	switch (dispatcher_reserve(store->dispatcher, (unsigned)queue, order->draft_count)) {
	case RESERVED_NOT_QUEUE_FULL:
		store_fail(store, order, ERROR_RATE_LIMITED, "the queue is full", 1);
		return;
	case RESERVED_NOT_ALL_FULL:
		store_fail(store, order, ERROR_BUSY, "the queues have as many jobs as they may", 1);
		return;
	case RESERVED:
		break;
	}
	write = write_create(order, (unsigned)queue, store_time_ns(store, now_ns));
	write->order = order;
	order->write = write;
	list_append(&store->writing.waiting, &write->link);
	store_await(store, order);
}

bool writing_was_sent(const struct queue_order *order)
{
	return order->write->is_sent;
}

void writing_forget(struct queue_store *store, struct queue_order *order)
{
	struct write *write = order->write;

	if (write->is_sent) {
		write->order = NULL;
		return;
	}
	write_take_out(store, write);
	write_destroy(write);
}

/* A batch */

static void add_write(struct queue_store *store, struct write *write, struct job_columns *columns)
{
	struct writing *writing = &store->writing;
	const char *name = arena_copy(&writing->insert.arena, dispatcher_queue_name(store->dispatcher, write->queue));
	bool has_key = write->key.text != NULL;

	if (!is_named(writing, write->queue))
		job_columns_add_name(columns, name);
	for (unsigned i = 0; i < write->count; i++) {
		write->jobs[i].id = id_blocks_next(&writing->ids);
		if (!has_key)
			job_columns_add(columns, &write->jobs[i], name);
	}
	if (has_key)
		enqueue_keys_add(&writing->keys, name, &write->key, write->jobs, write->count);
	else
		writing->plain_rows += write->count;
	writing->rows += write->count;
	writing->bytes += write->bytes;
	write->is_sent = true;
	list_remove(&write->link);
	list_append(&writing->sent, &write->link);
}

static bool has_place(const struct writing *writing, const struct write *write)
{
	if (write->count > id_blocks_left(&writing->ids))
		return false;
	return writing->rows == 0 ||
	       (writing->rows + write->count <= STORE_ROWS_MAX && writing->bytes + write->bytes <= STORE_BATCH_BYTES);
}

static void fill(struct queue_store *store, struct job_columns *columns)
{
	struct writing *writing = &store->writing;

	writing->rows = writing->plain_rows = 0;
	writing->bytes = 0;
	enqueue_keys_begin(&writing->keys, &writing->insert.arena);
	while (!list_is_empty(&writing->waiting)) {
		struct write *write = CONTAINER_OF(writing->waiting.next, struct write, link);

		if (!has_place(writing, write))
			return;
		add_write(store, write, columns);
	}
}

/* Where no request has a key there is no statement for keys. */
static void add_rows(struct queue_store *store, struct job_columns *columns)
{
	struct writing *writing = &store->writing;
	struct errand *errand = &writing->insert;
	const char *values[JOB_COLUMNS + 1], *names = job_columns_names(columns);

	values[0] = errand_number(errand, (int64_t)store->epoch);
	errand_add(errand, &hold_fence, NULL);
	if (names != NULL)
		errand_add(errand, &store_add_names, &names);
	if (writing->plain_rows > 0) {
		job_columns_end(columns, values + 1);
		writing->plain_place = errand->batch.query_count;
		errand_add(errand, &insert, values);
	}
	if (writing->keys.count > 0) {
		enqueue_keys_add_statements(&writing->keys, &errand->batch, values[0]);
		writing->keys_place = errand->batch.query_count - 1;
	}
}

static void send_batch(struct queue_store *store)
{
	struct writing *writing = &store->writing;
	struct errand *errand = &writing->insert;
	struct job_columns columns;

	errand_begin(errand);
	job_columns_init(&columns, &errand->arena);
	fill(store, &columns);
	if (writing->rows > 0)
		add_rows(store, &columns);
	writing->asks_ids = id_blocks_left(&writing->ids) < STORE_ROWS_MAX;
	if (writing->asks_ids)
		errand_add(errand, &store_more_ids, NULL);
	errand_submit(errand, STORE_DB_MS, written_on_batch);
}

void writing_turn(struct queue_store *store, uint64_t now_ns)
{
	struct writing *writing = &store->writing;

	if (writing->is_unsure) {
		if (errand_is_due(&writing->resolve, now_ns))
			written_resolve(store);
	} else if (store->phase == STORE_SERVING && !list_is_empty(&writing->waiting) &&
		   errand_is_due(&writing->insert, now_ns)) {
		send_batch(store);
	}
}

void writing_drop(struct queue_store *store)
{
	written_drop(store);
	writing_forget_names(&store->writing);
}

void writing_init(struct queue_store *store)
{
	errand_init(&store->writing.insert, store);
	errand_init(&store->writing.resolve, store);
	list_init(&store->writing.waiting);
	list_init(&store->writing.sent);
}

void writing_cleanup(struct queue_store *store)
{
	errand_cleanup(&store->writing.insert);
	errand_cleanup(&store->writing.resolve);
	free(store->writing.is_named);
}
