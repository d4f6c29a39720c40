/* Idempotency keys whose time is over go, now and then: what is kept is bounded by what came in that time. */
#include "queue/store_parts.h"

enum {
	SWEEP_MS = 30000,
	SWEEP_ROWS = 10000,
	PACE_MS = 100, /* while there are more */
};

static const struct db_statement sweep = {
    .sql = "DELETE FROM meantime_queue.enqueue_key WHERE (queue, key) IN (SELECT queue, key FROM"
	   " meantime_queue.enqueue_key WHERE expires_at < now() ORDER BY expires_at LIMIT $1)",
    .parameter_count = 1,
};

static void on_swept(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, SWEEP_MS);

	if (batch->error != ERROR_NONE)
		errand_log(errand, "idempotency keys whose time is over cannot be deleted");
	else if (db_affected_rows(batch->queries[0].result) == SWEEP_ROWS)
		errand->next_ns = clock_now_ns() + PACE_MS * NS_PER_MS;
}

void sweeping_turn(struct queue_store *store, uint64_t now_ns)
{
	struct errand *errand = &store->sweeping;
	const char *rows;

	if (store->phase != STORE_SERVING || !errand_is_due(errand, now_ns))
		return;
	errand_begin(errand);
	rows = errand_number(errand, SWEEP_ROWS);
	errand_add(errand, &sweep, &rows);
	errand_submit(errand, STORE_DB_MS, on_swept);
}

void sweeping_init(struct queue_store *store)
{
	errand_init(&store->sweeping, store);
}

void sweeping_cleanup(struct queue_store *store)
{
	errand_cleanup(&store->sweeping);
}
