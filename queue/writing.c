/* Jobs come in. One batch is under way at a time, and holds all that came meanwhile. So the order of the rows is that of
 * their numbers. The busier PostgreSQL is, the more one commit does. */
#include "queue/store_parts.h"

#include "base/log.h"
#include "base/memory.h"
#include "queue/job_columns.h"

#include <stdlib.h>

/* A service that takes the queues over waits for this to end. */
static const struct db_statement hold_fence = {.sql = "SELECT pg_advisory_xact_lock_shared(" STORE_FENCE ")"};

static const struct db_statement add_names = {
    .sql = "INSERT INTO meantime_queue.queue (name) SELECT DISTINCT unnest($1::text[]) ON CONFLICT (name) DO NOTHING",
    .parameter_count = 1,
};

#define TIME(column) "'epoch'::timestamptz + u." column " * interval '1 microsecond'"

/* An owner of before inserts nothing. A name that is not there fails all of it, since the number is NOT NULL. */
static const struct db_statement insert = {
    .sql = "INSERT INTO meantime_queue.job (id, queue, shard, priority, attempt, max_attempts, not_before, enqueued_at,"
	   " group_key, payload) SELECT u.id, queue.id, 0, u.priority, 0, u.max_attempts, " TIME("due") ", " TIME(
	       "enqueued") ", nullif(u.group_key, ''), u.payload FROM unnest($2::bigint[], $3::text[],"
			   " $4::smallint[], $5::smallint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[]) AS u "
			   "(id, name, priority,"
			   " max_attempts, due, enqueued, group_key, payload) LEFT JOIN meantime_queue.queue ON "
			   "queue.name = u.name"
			   " WHERE EXISTS (SELECT FROM meantime_queue.owner WHERE shard = 0 AND epoch = $1)",
    .parameter_count = 1 + JOB_COLUMNS,
};

static const struct db_statement more_ids = {.sql = "SELECT nextval('meantime_queue.job_id')"};

/* What was sent before ends first: only then is it known what there will be. */
static const struct db_statement shut_fence = {.sql = "SELECT pg_advisory_xact_lock(" STORE_FENCE ")"};

static const struct db_statement is_written = {
    .sql = "SELECT epoch = $1, EXISTS (SELECT FROM meantime_queue.job WHERE id = $2) FROM meantime_queue.owner"
	   " WHERE shard = 0",
    .parameter_count = 2,
};

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

static struct write *write_create(const struct queue_order *order, unsigned queue, uint64_t time_ns)
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
	return write;
}

static void destroy(struct write *write)
{
	arena_cleanup(&write->arena);
	free(write);
}

/* It has ended, well or badly: its order, where one waits still, is answered by the caller. */
static struct queue_order *take_out(struct queue_store *store, struct write *write)
{
	struct queue_order *order = write->order;

	dispatcher_unreserve(store->dispatcher, write->queue, write->count);
	list_remove(&write->link);
	if (order != NULL)
		order->write = NULL;
	return order;
}

void writing_take(struct queue_store *store, struct queue_order *order, uint64_t now_ns)
{
	int queue = store_queue_of(store, order);
	struct write *write;

	if (queue < 0)
		return;
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
	take_out(store, write);
	destroy(write);
}

/* The end of a batch */

static void end_written(struct queue_store *store, struct write *write)
{
	struct queue_order *order = take_out(store, write);
	uint64_t time_ns = store_time_ns(store, clock_now_ns());

	for (unsigned i = 0; i < write->count; i++)
		dispatcher_add(store->dispatcher, &write->jobs[i], time_ns);
	if (order != NULL) {
		int64_t *ids = arena_alloc(order->arena, write->count * sizeof(*ids));

		for (unsigned i = 0; i < write->count; i++)
			ids[i] = write->jobs[i].id;
		order->ids = ids;
		store_end(store, order);
	}
	writing_note_named(store, write->queue);
	destroy(write);
}

static void end_all_written(struct queue_store *store)
{
	LIST_EACH (item, &store->writing.sent)
		end_written(store, CONTAINER_OF(item, struct write, link));
}

/* How a batch fails for all whose orders are in it. */
struct failure {
	enum error error;
	const char *why;
	unsigned retry_s;
};

static const struct failure taken_over = {ERROR_BUSY, "another service has taken the queues over", 1};
static const struct failure not_written = {ERROR_DATABASE_UNAVAILABLE,
					   "the connection to the database was lost; nothing was written", 1};
static const struct failure not_known = {ERROR_OUTCOME_UNKNOWN, db_outcome_unknown, 0};

static void fail_all(struct queue_store *store, struct list *writes, const struct failure *failure)
{
	LIST_EACH (item, writes) {
		struct write *write = CONTAINER_OF(item, struct write, link);
		struct queue_order *order = take_out(store, write);

		if (order != NULL)
			store_fail(store, order, failure->error, failure->why, failure->retry_s);
		destroy(write);
	}
}

/* Its queues' names may be the reason: they are written again. What PostgreSQL says is for the log. */
static void fail_sent(struct queue_store *store, const struct db_batch *batch)
{
	struct writing *writing = &store->writing;
	struct failure failure = {batch->error, batch->message, batch->retry_s};

	if (batch->sqlstate[0] != '\0')
		failure.why = "PostgreSQL refused to write it";
	if (writing->is_named != NULL)
		memset(writing->is_named, 0, writing->named_capacity);
	fail_all(store, &writing->sent, &failure);
}

static void on_inserted(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, 0);
	struct queue_store *store = errand->store;
	struct writing *writing = &store->writing;
	unsigned last = batch->query_count - 1;

	if (batch->error == ERROR_OUTCOME_UNKNOWN || batch->error == ERROR_DEADLINE_OUTCOME_UNKNOWN) {
		errand_log(errand, "it is not known whether jobs were written, and will be asked");
		writing->is_unsure = writing->rows > 0;
		return;
	}
	if (batch->error != ERROR_NONE) {
		errand_log(errand, "jobs cannot be written");
		fail_sent(store, batch);
		return;
	}
	if (writing->asks_ids)
		id_blocks_add(&writing->ids, batch->queries[last--].result);
	if (writing->rows > 0 && db_affected_rows(batch->queries[last].result) != writing->rows) {
		ownership_lose(store, "another one has taken them over");
		fail_all(store, &writing->sent, &taken_over);
		return;
	}
	end_all_written(store);
}

/* A batch whose outcome is not known: its numbers tell, since they are ours. */

static void on_resolved(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, batch->error != ERROR_NONE ? STORE_RETRY_MS : 0);
	struct queue_store *store = errand->store;
	const struct db_result *row = batch->queries[1].result;

	if (batch->error != ERROR_NONE)
		return;
	store->writing.is_unsure = false;
	if (db_row_count(row) == 1 && db_value(row, 0, 0).at[0] == 't' && db_value(row, 0, 1).at[0] == 't') {
		end_all_written(store);
	} else if (db_row_count(row) == 1 && db_value(row, 0, 0).at[0] == 't') {
		fail_all(store, &store->writing.sent, &not_written);
	} else {
		ownership_lose(store, "another one has taken them over");
		fail_all(store, &store->writing.sent, &not_known);
	}
}

static void resolve(struct queue_store *store)
{
	struct errand *errand = &store->writing.resolve;
	const struct write *first = CONTAINER_OF(store->writing.sent.next, struct write, link);
	const char *values[2];

	errand_begin(errand);
	values[0] = errand_number(errand, (int64_t)store->epoch);
	values[1] = errand_number(errand, first->jobs[0].id);
	errand_add(errand, &shut_fence, NULL);
	errand_add(errand, &is_written, values);
	errand_submit(errand, STORE_DB_MS, on_resolved);
}

/* A batch */

static void add_write(struct queue_store *store, struct write *write, struct job_columns *columns)
{
	struct writing *writing = &store->writing;
	const char *name = arena_copy(&writing->insert.arena, dispatcher_queue_name(store->dispatcher, write->queue));

	if (!is_named(writing, write->queue))
		job_columns_add_name(columns, name);
	for (unsigned i = 0; i < write->count; i++) {
		write->jobs[i].id = id_blocks_next(&writing->ids);
		job_columns_add(columns, &write->jobs[i], name);
	}
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

	writing->rows = 0;
	writing->bytes = 0;
	while (!list_is_empty(&writing->waiting)) {
		struct write *write = CONTAINER_OF(writing->waiting.next, struct write, link);

		if (!has_place(writing, write))
			return;
		add_write(store, write, columns);
	}
}

static void add_rows(struct queue_store *store, struct job_columns *columns)
{
	struct errand *errand = &store->writing.insert;
	const char *values[JOB_COLUMNS + 1], *names = job_columns_names(columns);

	values[0] = errand_number(errand, (int64_t)store->epoch);
	job_columns_end(columns, values + 1);
	errand_add(errand, &hold_fence, NULL);
	if (names != NULL)
		errand_add(errand, &add_names, &names);
	errand_add(errand, &insert, values);
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
		errand_add(errand, &more_ids, NULL);
	errand_submit(errand, STORE_DB_MS, on_inserted);
}

void writing_turn(struct queue_store *store, uint64_t now_ns)
{
	struct writing *writing = &store->writing;

	if (writing->is_unsure) {
		if (errand_is_due(&writing->resolve, now_ns))
			resolve(store);
	} else if (store->phase == STORE_SERVING && !list_is_empty(&writing->waiting) &&
		   errand_is_due(&writing->insert, now_ns)) {
		send_batch(store);
	}
}

void writing_drop(struct queue_store *store)
{
	fail_all(store, &store->writing.waiting, &taken_over);
	fail_all(store, &store->writing.sent, &not_known);
	store->writing.is_unsure = false;
	if (store->writing.is_named != NULL)
		memset(store->writing.is_named, 0, store->writing.named_capacity);
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
