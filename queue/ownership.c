/* One service owns the queues at a time, and says so every second. Another one takes them over when it has not for
 * OWNER_GONE. That needs no session of its own: a machine that vanishes and a pooler do no harm. Each take-over has a new
 * epoch, behind the fence that every write of jobs holds. So an owner of before writes none any more. */
#include "queue/store_parts.h"

#include "base/log.h"
#include "base/require.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define OWNER_GONE "interval '4 seconds'"

enum {
	WATCH_MS = 500,
	BEAT_MS = 1000,
	BEAT_TIMEOUT_MS = 2000,
	SURE_MS = 3500, /* after the last beat: less than OWNER_GONE: another one may own them then */
};

static const struct db_statement watch = {
    .sql = "SELECT seen_at < clock_timestamp() - " OWNER_GONE ", node, current_setting('transaction_isolation'),"
	   " (SELECT count(*) FROM (SELECT FROM meantime_queue.inbox LIMIT 100001) AS waiting) > 100000 OR (SELECT "
	   "count(*)"
	   " FROM meantime_queue.queue) >= $1 FROM meantime_queue.owner WHERE shard = 0",
    .parameter_count = 1,
    .is_read_only = true,
};

/* What is being written ends first. */
static const struct db_statement shut_fence = {.sql = "SELECT pg_advisory_xact_lock(" STORE_FENCE ")"};

static const struct db_statement take = {
    .sql = "UPDATE meantime_queue.owner SET epoch = epoch + 1, node = $1, seen_at = clock_timestamp()"
	   " WHERE shard = 0 AND seen_at < clock_timestamp() - " OWNER_GONE " RETURNING epoch",
    .parameter_count = 1,
};

/* The numbers of the first jobs come with it. */
static const struct db_statement first_ids = {
    .sql = "SELECT nextval('meantime_queue.job_id') FROM generate_series(1, 2)",
};

static const struct db_statement not_durable = {.sql = "SELECT set_config('synchronous_commit', 'off', true)"};

static const struct db_statement beat = {
    .sql = "UPDATE meantime_queue.owner SET seen_at = clock_timestamp() WHERE shard = 0 AND epoch = $1",
    .parameter_count = 1,
};

static const struct db_statement release = {
    .sql = "UPDATE meantime_queue.owner SET seen_at = '-infinity' WHERE shard = 0 AND epoch = $1",
    .parameter_count = 1,
};

/* By the clock: one that stood still finds orders of before, and another service may own the queues by now. */
bool ownership_is_sure(const struct queue_store *store, uint64_t now_ns)
{
	return store->phase != STORE_WATCHING && now_ns <= store->ownership.seen_ns + SURE_MS * NS_PER_MS;
}

void ownership_lose(struct queue_store *store, const char *why)
{
	if (store->phase == STORE_WATCHING)
		return;
	log_warning("queue", "the queues are no longer this service's: %s", why);
	store->phase = STORE_WATCHING;
	store->ownership.watch.next_ns = 0;
}

static const struct db_statement is_kept = {
    .sql = "SELECT epoch = $1 FROM meantime_queue.owner WHERE shard = 0",
    .parameter_count = 1,
    .is_read_only = true,
};

void ownership_ask(struct errand *errand)
{
	const char *epoch = errand_number(errand, (int64_t)errand->store->epoch);

	errand_add(errand, &is_kept, &epoch);
}

bool ownership_was_kept(struct queue_store *store, const struct db_batch *batch)
{
	const struct db_result *row = batch->queries[batch->query_count - 1].result;

	if (db_row_count(row) == 1 && db_value(row, 0, 0).at[0] == 't')
		return true;
	ownership_lose(store, "another one has taken them over");
	return false;
}

/* Once nothing refers to it any more. */
static void forget_all(struct queue_store *store)
{
	claims_drop(store);
	writing_drop(store);
	settling_drop(store);
	payloads_drop(store);
	upkeep_drop(store);
	inbox_rows_drop(store);
	dispatcher_destroy(store->dispatcher);
	store->dispatcher = NULL;
}

static bool is_dispatcher_in_use(const struct queue_store *store)
{
	return store->loading.errand.is_under_way || store->writing.insert.is_under_way ||
	       store->writing.resolve.is_under_way || store->acks.errand.is_under_way ||
	       store->changes.errand.is_under_way || store->payloads.is_under_way ||
	       store->upkeep.errand.is_under_way || store->inbox_rows.errand.is_under_way;
}

/* Taking over */

/* Said once, until it is another reason. */
static void note_reason(struct queue_store *store, const char *reason)
{
	struct ownership *ownership = &store->ownership;

	if (strcmp(ownership->reason, reason) == 0)
		return;
	snprintf(ownership->reason, sizeof(ownership->reason), "%s", reason);
	log_info("queue", "the queues are not served here: %s", reason);
}

static void begin_epoch(struct queue_store *store, const struct db_batch *batch)
{
	const struct db_result *epoch = batch->queries[1].result, *ids = batch->queries[2].result;
	struct dispatcher_settings settings = {
	    .epoch = strtoull(db_value(epoch, 0, 0).at, NULL, 10),
	    .queues_max = store->settings.queues_max,
	    .jobs_max = store->settings.jobs_max,
	    .parked_max = store->settings.parked_max,
	    .payload_bytes_max = store->settings.payload_bytes_max,
	    .kept_bytes_max = store->settings.kept_bytes_max,
	};

	REQUIRE(getrandom(settings.seed, sizeof(settings.seed), 0) == sizeof(settings.seed));
	store->epoch = settings.epoch;
	store->dispatcher = dispatcher_create(&settings);
	store->ownership.seen_ns = batch->submitted_ns;
	store->ownership.reason[0] = '\0';
	store->relay.is_full = false;
	writing_begin(store, ids);
	store->phase = STORE_LOADING;
	loading_begin(store);
}

static void on_taken(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, WATCH_MS);
	struct queue_store *store = errand->store;

	if (batch->error != ERROR_NONE)
		errand_log(errand, "the queues cannot be taken over");
	else if (db_row_count(batch->queries[1].result) == 1)
		begin_epoch(store, batch);
}

static void take_over(struct queue_store *store)
{
	struct errand *errand = &store->ownership.take;

	errand_begin(errand);
	errand_add(errand, &shut_fence, NULL);
	errand_add(errand, &take, &store->settings.node);
	errand_add(errand, &first_ids, NULL);
	errand_submit(errand, STORE_DB_MS, on_taken);
}

static void on_watched(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, WATCH_MS);
	struct queue_store *store = errand->store;
	const struct db_result *row = batch->queries[0].result;

	store->relay.is_full = batch->error == ERROR_NONE && db_row_count(row) == 1 && db_value(row, 0, 3).at[0] == 't';
	if (batch->error != ERROR_NONE)
		note_reason(store, batch->said[0] != '\0' ? batch->said : batch->message);
	else if (db_row_count(row) == 0)
		note_reason(store, "meantime_queue.owner has no row");
	else if (!text_equal(db_value(row, 0, 2), TEXT("read committed")))
		note_reason(store,
			    "default_transaction_isolation of the role or the database is not \"read committed\"");
	else if (db_value(row, 0, 0).at[0] != 't')
		note_reason(store, arena_printf(&errand->arena, "the service \"%.*s\" owns them",
						TEXT_ARGS(db_value(row, 0, 1))));
	else if (errand_is_due(&store->ownership.take, clock_now_ns()))
		take_over(store);
}

static void look_for_owner(struct queue_store *store)
{
	struct errand *errand = &store->ownership.watch;
	const char *queues_max;

	errand_begin(errand);
	queues_max = errand_number(errand, store->settings.queues_max);
	errand_add(errand, &watch, &queues_max);
	errand_submit(errand, STORE_DB_MS, on_watched);
}

/* Being the owner */

static void on_beat(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, BEAT_MS);
	struct queue_store *store = errand->store;

	if (store->phase == STORE_WATCHING)
		return;
	if (batch->error != ERROR_NONE)
		errand_log(errand, "PostgreSQL was not told that the queues are served here");
	else if (db_affected_rows(batch->queries[1].result) == 0)
		ownership_lose(store, "another one has taken them over");
	else
		store->ownership.seen_ns = batch->submitted_ns;
}

/* One that is lost in PostgreSQL's log costs nothing but a take-over too many. */
static void say_still_here(struct queue_store *store)
{
	struct errand *errand = &store->ownership.beat;
	const char *epoch;

	errand_begin(errand);
	epoch = errand_number(errand, (int64_t)store->epoch);
	errand_add(errand, &not_durable, NULL);
	errand_add(errand, &beat, &epoch);
	errand_submit(errand, BEAT_TIMEOUT_MS, on_beat);
}

void ownership_turn(struct queue_store *store, uint64_t now_ns)
{
	struct ownership *ownership = &store->ownership;
	bool is_late = now_ns > ownership->seen_ns + SURE_MS * NS_PER_MS;

	if (store->phase == STORE_WATCHING) {
		if (store->dispatcher != NULL && !is_dispatcher_in_use(store))
			forget_all(store);
		if (store->dispatcher == NULL && !ownership->take.is_under_way &&
		    errand_is_due(&ownership->watch, now_ns))
			look_for_owner(store);
		return;
	}
	if (is_late != ownership->is_suspended)
		log_warning("queue", is_late ? "no job is given out until PostgreSQL answers"
					     : "PostgreSQL answers: jobs are given out again");
	ownership->is_suspended = is_late;
	if (errand_is_due(&ownership->beat, now_ns))
		say_still_here(store);
}

static void on_released(struct db_batch *batch)
{
	errand_over(batch, 0);
}

void ownership_release(struct queue_store *store)
{
	struct errand *errand = &store->ownership.take;
	const char *epoch;

	errand_begin(errand);
	epoch = errand_number(errand, (int64_t)store->epoch);
	errand_add(errand, &release, &epoch);
	errand_submit(errand, BEAT_TIMEOUT_MS, on_released);
}

void ownership_init(struct queue_store *store)
{
	errand_init(&store->ownership.watch, store);
	errand_init(&store->ownership.take, store);
	errand_init(&store->ownership.beat, store);
}

void ownership_cleanup(struct queue_store *store)
{
	errand_cleanup(&store->ownership.watch);
	errand_cleanup(&store->ownership.take);
	errand_cleanup(&store->ownership.beat);
}
