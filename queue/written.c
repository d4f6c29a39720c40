/* What became of jobs that were written. Of a batch whose outcome is not known, PostgreSQL is asked: their numbers are the
 * service's own, so they tell. */
#include "queue/store_parts.h"

#include "base/log.h"
#include "queue/arrays.h"

#include <stdlib.h>

/* What was sent before ends first: only then is it known what there will be. */
static const struct db_statement shut_fence = {.sql = "SELECT pg_advisory_xact_lock(" STORE_FENCE ")"};

static const struct db_statement is_written = {
    .sql = "SELECT epoch = $1, EXISTS (SELECT FROM meantime_queue.job WHERE id = ANY ($2::bigint[])) FROM "
	   "meantime_queue.owner"
	   " WHERE shard = 0",
    .parameter_count = 2,
};

void write_destroy(struct write *write)
{
	arena_cleanup(&write->arena);
	free(write);
}

/* It has ended, well or badly: its order, where one waits still, is answered by the caller. */
struct queue_order *write_take_out(struct queue_store *store, struct write *write)
{
	struct queue_order *order = write->order;

	dispatcher_unreserve(store->dispatcher, write->queue, write->count);
	list_remove(&write->link);
	if (order != NULL)
		order->write = NULL;
	return order;
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

static void fail(struct queue_store *store, struct write *write, const struct failure *failure)
{
	struct queue_order *order = write_take_out(store, write);

	if (order != NULL)
		store_fail(store, order, failure->error, failure->why, failure->retry_s);
	write_destroy(write);
}

static void fail_all(struct queue_store *store, struct list *writes, const struct failure *failure)
{
	LIST_EACH (item, writes)
		fail(store, CONTAINER_OF(item, struct write, link), failure);
}

static const struct failure key_taken = {
    ERROR_KEY_REUSED, "the Idempotency-Key was used for another body in the last 24 hours; nothing was written", 0};

void write_answer(struct queue_store *store, const struct write *write, struct queue_order *order)
{
	int64_t *ids = arena_alloc(order->arena, write->count * sizeof(*ids));

	for (unsigned i = 0; i < write->count; i++)
		ids[i] = write->jobs[i].id;
	order->ids = ids;
	store_end(store, order);
}

void write_answer_by_key(struct queue_store *store, const struct write *write, struct queue_order *order,
			 const struct db_result *keys, unsigned place)
{
	if (enqueue_keys_verdict(keys, place) == ENQUEUE_REPEATED) {
		order->ids = enqueue_keys_ids(keys, place, write->count, order->arena);
		store_end(store, order);
	} else {
		store_fail(store, order, key_taken.error, key_taken.why, key_taken.retry_s);
	}
}

/* Its jobs are there from now on. */
static void end_written(struct queue_store *store, struct write *write)
{
	struct queue_order *order = write_take_out(store, write);
	uint64_t time_ns = store_time_ns(store, clock_now_ns());

	for (unsigned i = 0; i < write->count; i++)
		dispatcher_add(store->dispatcher, &write->jobs[i], time_ns);
	if (order != NULL)
		write_answer(store, write, order);
	writing_note_named(store, write->queue);
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
		fail(store, write, &not_written);
		return;
	}
	order = write_take_out(store, write);
	if (order != NULL)
		write_answer_by_key(store, write, order, keys, place);
	write_destroy(write);
}

/* `keys` answers for those that have one, in their order. */
static void end_all(struct queue_store *store, bool are_written, const struct db_result *keys)
{
	unsigned place = 0;

	LIST_EACH (item, &store->writing.sent) {
		struct write *write = CONTAINER_OF(item, struct write, link);

		if (write->key.text != NULL)
			end_keyed(store, write, keys, place++);
		else if (are_written)
			end_written(store, write);
		else
			fail(store, write, &not_written);
	}
}

static bool is_unknown(const struct db_batch *batch)
{
	return batch->error == ERROR_OUTCOME_UNKNOWN || batch->error == ERROR_DEADLINE_OUTCOME_UNKNOWN;
}

/* Its queues' names may be the reason: they are written again. What PostgreSQL says is for the log. */
static void fail_as(struct queue_store *store, struct list *writes, const struct db_batch *batch)
{
	struct failure failure = {batch->error, batch->message, batch->retry_s};

	if (batch->sqlstate[0] != '\0')
		failure.why = "PostgreSQL refused to write it";
	writing_forget_names(&store->writing);
	fail_all(store, writes, is_unknown(batch) ? &not_written : &failure);
}

/* Without numbers no job can be sent. It is tried again after a pause, and with orders of then. */
static void on_no_ids(struct queue_store *store, const struct db_batch *batch)
{
	store->writing.insert.next_ns = clock_now_ns() + STORE_RETRY_MS * NS_PER_MS;
	fail_as(store, &store->writing.waiting, batch);
}

/* An owner of before wrote nothing, and neither did it note a key. */
static bool is_all_there(const struct writing *writing, const struct db_batch *batch, const struct db_result *keys)
{
	for (unsigned i = 0; i < writing->keys.count; i++)
		if (enqueue_keys_verdict(keys, i) == ENQUEUE_LOST)
			return false;
	return writing->plain_rows == 0 ||
	       db_affected_rows(batch->queries[writing->plain_place].result) == writing->plain_rows;
}

static void on_written(struct queue_store *store, const struct db_batch *batch)
{
	struct writing *writing = &store->writing;
	const struct db_result *keys = writing->keys.count > 0 ? batch->queries[writing->keys_place].result : NULL;

	if (writing->asks_ids)
		id_blocks_add(&writing->ids, batch->queries[batch->query_count - 1].result);
	if (is_all_there(writing, batch, keys)) {
		end_all(store, true, keys);
		return;
	}
	ownership_lose(store, "another one has taken them over");
	fail_all(store, &writing->sent, &taken_over);
}

void written_on_batch(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, 0);
	struct queue_store *store = errand->store;

	if (batch->error != ERROR_NONE && store->writing.rows == 0) {
		errand_log(errand, "there are no numbers for jobs");
		on_no_ids(store, batch);
	} else if (is_unknown(batch)) {
		errand_log(errand, "it is not known whether jobs were written, and will be asked");
		store->writing.is_unsure = true;
	} else if (batch->error != ERROR_NONE) {
		errand_log(errand, "jobs cannot be written");
		fail_as(store, &store->writing.sent, batch);
	} else {
		on_written(store, batch);
	}
}

static void on_resolved(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, batch->error != ERROR_NONE ? STORE_RETRY_MS : 0);
	struct queue_store *store = errand->store;
	const struct db_result *row = batch->queries[1].result;

	if (batch->error != ERROR_NONE)
		return;
	store->writing.is_unsure = false;
	if (db_row_count(row) == 1 && db_value(row, 0, 0).at[0] == 't') {
		end_all(store, db_value(row, 0, 1).at[0] == 't',
			store->writing.keys.count > 0 ? batch->queries[2].result : NULL);
		return;
	}
	ownership_lose(store, "another one has taken them over");
	fail_all(store, &store->writing.sent, &not_known);
}

void written_resolve(struct queue_store *store)
{
	struct errand *errand = &store->writing.resolve;
	struct buffer firsts;
	const char *values[2];

	errand_begin(errand);
	firsts = buffer_in(&errand->arena);
	LIST_EACH (item, &store->writing.sent)
		array_add_number(&firsts, CONTAINER_OF(item, struct write, link)->jobs[0].id);
	values[0] = errand_number(errand, (int64_t)store->epoch);
	values[1] = array_end(&firsts);
	errand_add(errand, &shut_fence, NULL);
	errand_add(errand, &is_written, values);
	if (store->writing.keys.count > 0)
		enqueue_keys_add_question(&store->writing.keys, &errand->batch);
	errand_submit(errand, STORE_DB_MS, on_resolved);
}

void written_drop(struct queue_store *store)
{
	fail_all(store, &store->writing.waiting, &taken_over);
	fail_all(store, &store->writing.sent, &not_known);
	store->writing.is_unsure = false;
}
