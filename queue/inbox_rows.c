/* What came through other services becomes jobs. Rows are read, then moved by their places; the same transaction asks
 * which of them are jobs. So it is sent again when its outcome is not known. */
#include "queue/store_parts.h"

#include "queue/arrays.h"
#include "queue/row_values.h"

#include <stdlib.h>

enum {
	ROWS_MAX = 1000,
	REST_MS = 100, /* where nothing comes */
	PACE_MS = 10,  /* where something does */
};

#define MICROSECONDS(column) "(extract(epoch FROM " column ") * 1000000)::bigint"

/* A place that is not dead yet is behind the last one: rows that are dead are passed over once. */
static const struct db_statement read_rows = {
    .sql = "SELECT place, inbox.id, name, priority, max_attempts, " MICROSECONDS("enqueued_at") ", " MICROSECONDS(
	"not_before") ", group_key, CASE WHEN octet_length(payload) <= $2 THEN payload END FROM meantime_queue.inbox"
		      " JOIN meantime_queue.queue ON queue.id = inbox.queue WHERE place > $1 ORDER BY place LIMIT $3",
    .parameter_count = 3,
    .is_read_only = true,
};

enum { PLACE, ID, NAME, PRIORITY, MAX_ATTEMPTS, ENQUEUED, NOT_BEFORE, GROUP, PAYLOAD };

static const struct db_statement hold_fence = {.sql = "SELECT pg_advisory_xact_lock_shared(" STORE_FENCE ")"};

static const struct db_statement move = {
    .sql = "WITH moved AS (DELETE FROM meantime_queue.inbox WHERE place = ANY ($2::bigint[]) AND EXISTS (SELECT FROM"
	   " meantime_queue.owner WHERE shard = 0 AND epoch = $1) RETURNING *) INSERT INTO meantime_queue.job (id,"
	   " queue, shard, priority, attempt, max_attempts, not_before, enqueued_at, group_key, payload) SELECT id,"
	   " queue, 0, priority, 0, max_attempts, not_before, enqueued_at, group_key, payload FROM moved",
    .parameter_count = 2,
};

static const struct db_statement are_jobs = {
    .sql = "SELECT u.place - 1 FROM unnest($1::bigint[]) WITH ORDINALITY AS u (id, place) JOIN meantime_queue.job ON"
	   " job.id = u.id ORDER BY u.place",
    .parameter_count = 1,
};

static int queue_of(struct queue_store *store, struct text name)
{
	int queue = dispatcher_find_queue(store->dispatcher, name);

	return queue >= 0 ? queue : dispatcher_add_queue(store->dispatcher, name);
}

/* Reading */

static struct job_spec job_of(const struct db_result *rows, unsigned row, unsigned queue, struct arena *arena)
{
	return (struct job_spec){
	    .id = row_number(rows, row, ID),
	    .queue = queue,
	    .enqueued_ns = (uint64_t)row_number(rows, row, ENQUEUED) * NS_PER_US,
	    .due_ns = (uint64_t)row_number(rows, row, NOT_BEFORE) * NS_PER_US,
	    .priority = (int8_t)row_number(rows, row, PRIORITY),
	    .max_attempts = (uint8_t)row_number(rows, row, MAX_ATTEMPTS),
	    .group = row_text(rows, row, GROUP, arena),
	    .payload = row_text(rows, row, PAYLOAD, arena),
	};
}

/* One of a queue that is beyond the bound stays. So do those for which there is no room any more, to be read again; the
 * others have it from now on. */
static void keep(struct queue_store *store, const struct db_result *rows)
{
	struct inbox_rows *inbox = &store->inbox_rows;
	unsigned row = 0;

	arena_reset(&inbox->arena);
	inbox->count = 0;
	inbox->jobs = arena_alloc_zeroed(&inbox->arena, (db_row_count(rows) + 1) * sizeof(*inbox->jobs));
	inbox->places = arena_alloc_zeroed(&inbox->arena, (db_row_count(rows) + 1) * sizeof(*inbox->places));
	for (; row < db_row_count(rows); row++) {
		int queue = queue_of(store, db_value(rows, row, NAME));

		if (queue >= 0 && !dispatcher_reserve_answered(store->dispatcher, (unsigned)queue, 1))
			break;
		inbox_places_add(&inbox->reads, row_number(rows, row, PLACE));
		if (queue < 0)
			continue;
		inbox->places[inbox->count] = row_number(rows, row, PLACE);
		inbox->jobs[inbox->count++] = job_of(rows, row, (unsigned)queue, &inbox->arena);
	}
	inbox_places_end(&inbox->reads, row == db_row_count(rows) && row < inbox->most);
}

static void on_read(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, REST_MS);
	struct queue_store *store = errand->store;

	if (batch->error != ERROR_NONE)
		errand_log(errand, "the inbox cannot be read");
	else if (store->phase == STORE_SERVING)
		keep(store, batch->queries[0].result);
	if (store->inbox_rows.count > 0)
		errand->next_ns = 0;
}

static void ask_rows(struct queue_store *store, unsigned room, uint64_t now_ns)
{
	struct inbox_rows *inbox = &store->inbox_rows;
	struct errand *errand = &inbox->errand;
	const char *values[3];

	inbox->most = room < ROWS_MAX ? room : ROWS_MAX;
	errand_begin(errand);
	values[0] = errand_number(errand, inbox_places_begin(&inbox->reads, now_ns));
	values[1] = errand_number(errand, (int64_t)store->settings.payload_bytes_max);
	values[2] = errand_number(errand, inbox->most);
	errand_add(errand, &read_rows, values);
	errand_submit(errand, STORE_DB_MS, on_read);
}

/* Moving */

static void add_jobs(struct queue_store *store, const struct db_result *rows)
{
	struct inbox_rows *inbox = &store->inbox_rows;
	uint64_t time_ns = store_time_ns(store, clock_now_ns());

	for (unsigned i = 0; i < inbox->count; i++)
		dispatcher_unreserve(store->dispatcher, inbox->jobs[i].queue, 1);
	for (unsigned row = 0; row < db_row_count(rows); row++)
		dispatcher_add(store->dispatcher, &inbox->jobs[row_number(rows, row, 0)], time_ns);
	inbox->count = 0;
}

static void on_moved(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, batch->error != ERROR_NONE ? STORE_RETRY_MS : PACE_MS);
	struct queue_store *store = errand->store;

	if (batch->error != ERROR_NONE)
		errand_log(errand, "jobs cannot be taken from the inbox, and will be again");
	else if (store->phase == STORE_SERVING)
		add_jobs(store, batch->queries[2].result);
}

static void move_rows(struct queue_store *store)
{
	struct inbox_rows *inbox = &store->inbox_rows;
	struct errand *errand = &inbox->errand;
	struct buffer places, ids;
	const char *values[3];

	errand_begin(errand);
	places = buffer_in(&errand->arena);
	ids = buffer_in(&errand->arena);
	for (unsigned i = 0; i < inbox->count; i++) {
		array_add_number(&places, inbox->places[i]);
		array_add_number(&ids, inbox->jobs[i].id);
	}
	values[0] = errand_number(errand, (int64_t)store->epoch);
	values[1] = array_end(&places);
	values[2] = array_end(&ids);
	errand_add(errand, &hold_fence, NULL);
	errand_add(errand, &move, values);
	errand_add(errand, &are_jobs, values + 2);
	errand_submit(errand, STORE_DB_MS, on_moved);
}

/* Where there is no room for jobs, rows stay. */
void inbox_rows_turn(struct queue_store *store, uint64_t now_ns)
{
	struct inbox_rows *inbox = &store->inbox_rows;
	unsigned room;

	if (store->phase != STORE_SERVING || !errand_is_due(&inbox->errand, now_ns))
		return;
	room = dispatcher_room(store->dispatcher);
	if (inbox->count > 0)
		move_rows(store);
	else if (room > 0)
		ask_rows(store, room, now_ns);
}

void inbox_rows_drop(struct queue_store *store)
{
	struct inbox_rows *inbox = &store->inbox_rows;

	inbox->count = 0;
	inbox->reads = (struct inbox_places){0};
}

void inbox_rows_init(struct queue_store *store)
{
	errand_init(&store->inbox_rows.errand, store);
}

void inbox_rows_cleanup(struct queue_store *store)
{
	errand_cleanup(&store->inbox_rows.errand);
	arena_cleanup(&store->inbox_rows.arena);
}
