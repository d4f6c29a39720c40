/* What became of jobs: rows of those that were acked are deleted, of others changed or moved. A batch that fails is sent
 * again, since nothing can be taken back. Doing it twice does no harm. */
#include "queue/store_parts.h"

#include "base/log.h"
#include "base/memory.h"
#include "queue/arrays.h"

#include <stdlib.h>

/* One that PostgreSQL's crash takes back is delivered once more, as at least once means. */
static const struct db_statement begin_not_durable = {
    .sql = "SELECT set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock_shared(" STORE_FENCE ")",
};

static const struct db_statement hold_fence = {.sql = "SELECT pg_advisory_xact_lock_shared(" STORE_FENCE ")"};

#define IS_OWNER "EXISTS (SELECT FROM meantime_queue.owner WHERE shard = 0 AND epoch = $1)"

/* An owner of before deletes nothing, and neither does it change anything below. */
static const struct db_statement delete_rows = {
    .sql = "DELETE FROM meantime_queue.job WHERE id = ANY ($2::bigint[]) AND " IS_OWNER,
    .parameter_count = 2,
};

/* Of several changes of one job the last counts. */
static const struct db_statement update_rows = {
    .sql = "UPDATE meantime_queue.job SET attempt = u.attempt, not_before = 'epoch'::timestamptz + u.due * interval "
	   "'1 microsecond' FROM (SELECT DISTINCT ON (id) * FROM unnest($2::bigint[], $3::smallint[], $4::bigint[]) AS"
	   " c (id, attempt, due) ORDER BY id, attempt DESC) AS u WHERE job.id = u.id AND " IS_OWNER,
    .parameter_count = 4,
};

static const struct db_statement move_rows = {
    .sql =
	"WITH moved AS (DELETE FROM meantime_queue.job USING unnest($2::bigint[], $3::smallint[], $4::text[]) AS"
	" u (id, attempt, reason) WHERE job.id = u.id AND " IS_OWNER
	" RETURNING job.id, queue, shard, priority, u.attempt, max_attempts, enqueued_at, group_key, payload, u.reason)"
	" INSERT INTO meantime_queue.dead_letter (id, queue, shard, priority, attempt, max_attempts, enqueued_at,"
	" group_key, payload, died_at, reason) SELECT id, queue, shard, priority, attempt, max_attempts, enqueued_at,"
	" group_key, payload, now(), nullif(reason, '') FROM moved",
    .parameter_count = 4,
};

static void add(struct settlements *settlements, const struct job_change *change, struct queue_order *order,
		struct text reason)
{
	if (settlements->count == settlements->capacity) {
		settlements->capacity = settlements->capacity * 2 + 64;
		settlements->items =
		    memory_grow(settlements->items, settlements->capacity * sizeof(*settlements->items));
	}
	settlements->items[settlements->count++] = (struct settlement){
	    .change = *change,
	    .order = order,
	    .reason = reason.length > 0 ? memory_copy_string(reason.at) : NULL,
	};
	if (order != NULL)
		order->left++;
}

/* Orders */

/* All that the order says of jobs is written. A claim goes on. */
static void end_order(struct queue_store *store, struct queue_order *order)
{
	if (order->errand == ORDER_CLAIM)
		claims_go_on(store, order);
	else
		store_end(store, order);
}

static void settle(struct queue_store *store, struct queue_order *order, struct order_receipt *receipt, unsigned queue,
		   uint64_t time_ns)
{
	struct job_change change = {.id = receipt->id, .queue = queue};

	switch (order->errand) {
	case ORDER_ACK:
	case ORDER_CLAIM:
		receipt->verdict = dispatcher_ack(store->dispatcher, queue, receipt->id, receipt->token);
		if (receipt->verdict == LEASE_HELD)
			add(&store->acks, &change, order, TEXT(""));
		break;
	case ORDER_CANCEL:
		receipt->verdict = dispatcher_cancel(store->dispatcher, queue, receipt->id) ? LEASE_HELD : LEASE_NO_JOB;
		if (receipt->verdict == LEASE_HELD)
			add(&store->acks, &change, order, TEXT(""));
		break;
	case ORDER_NACK:
		receipt->verdict = dispatcher_nack(store->dispatcher, queue, receipt->id, receipt->token,
						   receipt->delay_ns, time_ns, &change);
		if (receipt->verdict == LEASE_HELD)
			add(&store->changes, &change, order, receipt->reason);
		break;
	default:
		receipt->verdict = dispatcher_extend(store->dispatcher, queue, receipt->id, receipt->token,
						     receipt->delay_ns, time_ns);
	}
}

void settling_take(struct queue_store *store, struct queue_order *order, uint64_t now_ns)
{
	int queue = dispatcher_find_queue(store->dispatcher, order->queue);

	for (unsigned i = 0; i < order->receipt_count; i++) {
		order->receipts[i].verdict = LEASE_NO_JOB;
		if (queue >= 0)
			settle(store, order, &order->receipts[i], (unsigned)queue, store_time_ns(store, now_ns));
	}
	if (order->left == 0)
		end_order(store, order);
	else
		store_await(store, order);
}

void settling_add_expired(struct queue_store *store, const struct job_change *change)
{
	add(&store->changes, change, NULL, TEXT("its lease ended"));
}

static void forget(struct settlements *settlements, const struct queue_order *order)
{
	for (unsigned i = 0; i < settlements->count; i++)
		if (settlements->items[i].order == order)
			settlements->items[i].order = NULL;
}

void settling_forget(struct queue_store *store, struct queue_order *order)
{
	forget(order->errand == ORDER_NACK ? &store->changes : &store->acks, order);
}

/* Batches */

static void end(struct queue_store *store, struct settlement *settlement, bool is_ended)
{
	struct queue_order *order = settlement->order;

	if (is_ended)
		dispatcher_ended(store->dispatcher, settlement->change.id);
	free(settlement->reason);
	if (order != NULL && --order->left == 0)
		end_order(store, order);
}

static void end_sent(struct queue_store *store, struct settlements *settlements, bool are_acks)
{
	unsigned sent = settlements->sent;

	for (unsigned i = 0; i < sent; i++)
		end(store, &settlements->items[i], are_acks || settlements->items[i].change.is_dead);
	settlements->count -= sent;
	settlements->sent = 0;
	memmove(settlements->items, settlements->items + sent, settlements->count * sizeof(*settlements->items));
}

static void on_settled(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, batch->error != ERROR_NONE ? STORE_RETRY_MS : 0);
	struct settlements *settlements = CONTAINER_OF(errand, struct settlements, errand);
	struct queue_store *store = errand->store;

	if (batch->error != ERROR_NONE)
		errand_log(errand, "what became of jobs cannot be written, and will be again");
	else if (ownership_was_kept(store, batch))
		end_sent(store, settlements, settlements == &store->acks);
}

static unsigned begin(struct settlements *settlements)
{
	errand_begin(&settlements->errand);
	settlements->sent = settlements->count < STORE_ROWS_MAX ? settlements->count : STORE_ROWS_MAX;
	return settlements->sent;
}

static void send_acks(struct queue_store *store)
{
	struct errand *errand = &store->acks.errand;
	unsigned count = begin(&store->acks);
	struct buffer ids = buffer_in(&errand->arena);
	const char *values[2];

	for (unsigned i = 0; i < count; i++)
		array_add_number(&ids, store->acks.items[i].change.id);
	values[0] = errand_number(errand, (int64_t)store->epoch);
	values[1] = array_end(&ids);
	errand_add(errand, &begin_not_durable, NULL);
	errand_add(errand, &delete_rows, values);
	ownership_ask(errand);
	errand_submit(errand, STORE_DB_MS, on_settled);
}

/* The arrays of those that are dead, or of those that are not. Returns how many they are. */
static unsigned collect(struct queue_store *store, bool are_dead, const char *values[static 4])
{
	struct settlements *changes = &store->changes;
	struct arena *arena = &changes->errand.arena;
	struct buffer ids = buffer_in(arena), attempts = buffer_in(arena), last = buffer_in(arena);
	unsigned count = 0;

	for (unsigned i = 0; i < changes->sent; i++) {
		const struct settlement *item = &changes->items[i];

		if (item->change.is_dead != are_dead)
			continue;
		count++;
		array_add_number(&ids, item->change.id);
		array_add_number(&attempts, item->change.attempt);
		if (are_dead)
			array_add_text(&last, item->reason != NULL ? item->reason : "");
		else
			array_add_time(&last, item->change.due_ns);
	}
	values[0] = errand_number(&changes->errand, (int64_t)store->epoch);
	values[1] = array_end(&ids);
	values[2] = array_end(&attempts);
	values[3] = array_end(&last);
	return count;
}

static void send_changes(struct queue_store *store)
{
	struct errand *errand = &store->changes.errand;
	const char *values[4];

	begin(&store->changes);
	errand_add(errand, &hold_fence, NULL);
	if (collect(store, false, values) > 0)
		errand_add(errand, &update_rows, values);
	if (collect(store, true, values) > 0)
		errand_add(errand, &move_rows, values);
	ownership_ask(errand);
	errand_submit(errand, STORE_DB_MS, on_settled);
}

void settling_turn(struct queue_store *store, uint64_t now_ns)
{
	if (store->phase != STORE_SERVING)
		return;
	if (store->acks.count > 0 && errand_is_due(&store->acks.errand, now_ns))
		send_acks(store);
	if (store->changes.count > 0 && errand_is_due(&store->changes.errand, now_ns))
		send_changes(store);
}

static void drop(struct queue_store *store, struct settlements *settlements)
{
	for (unsigned i = 0; i < settlements->count; i++) {
		struct queue_order *order = settlements->items[i].order;

		free(settlements->items[i].reason);
		if (order != NULL && --order->left == 0)
			store_fail(store, order, ERROR_OUTCOME_UNKNOWN, "another service has taken the queues over", 0);
	}
	settlements->count = settlements->sent = 0;
}

void settling_drop(struct queue_store *store)
{
	drop(store, &store->acks);
	drop(store, &store->changes);
}

void settling_init(struct queue_store *store)
{
	errand_init(&store->acks.errand, store);
	errand_init(&store->changes.errand, store);
}

static void cleanup(struct settlements *settlements)
{
	for (unsigned i = 0; i < settlements->count; i++)
		free(settlements->items[i].reason);
	free(settlements->items);
	errand_cleanup(&settlements->errand);
}

void settling_cleanup(struct queue_store *store)
{
	cleanup(&store->acks);
	cleanup(&store->changes);
}
