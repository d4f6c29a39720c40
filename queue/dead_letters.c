#include "queue/dead_letters.h"

#include "queue/arrays.h"
#include "queue/row_values.h"

#include <stdlib.h>

#define OF_QUEUE                                                                                                       \
	"queue = (SELECT id FROM meantime_queue.queue WHERE name = $1) AND id BETWEEN $2 AND $3 ORDER BY id LIMIT $4"
#define IS_OWNER             "EXISTS (SELECT FROM meantime_queue.owner WHERE shard = 0 AND epoch = $1)"
#define MICROSECONDS(column) "(extract(epoch FROM " column ") * 1000000)::bigint"

/* A page ends before it is too large, and has one letter at least. */
static const struct db_statement list = {
    .sql = "SELECT id, priority, attempt, max_attempts, " MICROSECONDS("enqueued_at") ", " MICROSECONDS(
	"died_at") ","
		   " group_key, reason, payload FROM (SELECT *, sum(octet_length(payload)) OVER (ORDER BY id) -"
		   " octet_length(payload) AS bytes_before FROM (SELECT * FROM meantime_queue.dead_letter "
		   "WHERE " OF_QUEUE ") AS page) AS measured WHERE bytes_before < 1048576 ORDER BY id",
    .parameter_count = 4,
    .is_read_only = true,
};

enum { ID, PRIORITY, ATTEMPT, MAX_ATTEMPTS, ENQUEUED, DIED, GROUP, REASON, PAYLOAD };

static const struct db_statement read_letters = {
    .sql = "SELECT id, priority, max_attempts, group_key, CASE WHEN octet_length(payload) <= $5 THEN payload END"
	   " FROM meantime_queue.dead_letter WHERE " OF_QUEUE,
    .parameter_count = 5,
    .is_read_only = true,
};

enum { READ_ID, READ_PRIORITY, READ_MAX_ATTEMPTS, READ_GROUP, READ_PAYLOAD };

static const struct db_statement hold_fence = {.sql = "SELECT pg_advisory_xact_lock_shared(" STORE_FENCE ")"};

static const struct db_statement move = {
    .sql =
	"WITH moved AS (DELETE FROM meantime_queue.dead_letter WHERE id = ANY ($2::bigint[]) AND " IS_OWNER
	" RETURNING *) INSERT INTO meantime_queue.job (id, queue, shard, priority, attempt, max_attempts, not_before,"
	" enqueued_at, group_key, payload) SELECT id, queue, shard, priority, 0, max_attempts, NULL, now(), group_key,"
	" payload FROM moved",
    .parameter_count = 2,
};

static const struct db_statement are_jobs = {
    .sql = "SELECT id FROM meantime_queue.job WHERE id = ANY ($1::bigint[])",
    .parameter_count = 1,
};

static const struct db_statement purge = {
    .sql = "DELETE FROM meantime_queue.dead_letter WHERE id = ANY ($2::bigint[]) AND " IS_OWNER,
    .parameter_count = 2,
};

static const struct db_statement pause_queue = {
    .sql = "INSERT INTO meantime_queue.queue (name, is_paused) SELECT $2, $3::boolean WHERE " IS_OWNER
	   " ON CONFLICT (name) DO UPDATE SET is_paused = excluded.is_paused",
    .parameter_count = 3,
};

static const struct db_statement limit_queue = {
    .sql =
	"INSERT INTO meantime_queue.queue (name, length_max, group_concurrency, rate_count, rate_period_s) SELECT $2,"
	" nullif($3::integer, 0), nullif($4::integer, 0), nullif($5::integer, 0), nullif($6::integer, 0) "
	"WHERE " IS_OWNER " ON CONFLICT (name) DO UPDATE SET length_max = excluded.length_max, group_concurrency ="
	" excluded.group_concurrency, rate_count = excluded.rate_count, rate_period_s = excluded.rate_period_s",
    .parameter_count = 6,
};

/* A list */

static void fill_range(struct errand *errand, const char *queue, const struct dead_range *range,
		       const char *values[static 5])
{
	values[0] = arena_copy(&errand->arena, text_of(queue));
	values[1] = errand_number(errand, range->first);
	values[2] = errand_number(errand, range->last);
	values[3] = errand_number(errand, range->most);
	values[4] = errand_number(errand, range->payload_bytes_max);
}

void dead_letters_ask_list(struct errand *errand, const char *queue, const struct dead_range *range)
{
	const char *values[5];

	fill_range(errand, queue, range, values);
	errand_add(errand, &list, values);
}

struct order_dead *dead_letters_list(const struct db_result *rows, struct arena *arena)
{
	unsigned count = db_row_count(rows);
	struct order_dead *letters = arena_alloc_zeroed(arena, (count + 1) * sizeof(*letters));

	for (unsigned i = 0; i < count; i++)
		letters[i] = (struct order_dead){
		    .id = row_number(rows, i, ID),
		    .priority = (int)row_number(rows, i, PRIORITY),
		    .attempt = (unsigned)row_number(rows, i, ATTEMPT),
		    .max_attempts = (unsigned)row_number(rows, i, MAX_ATTEMPTS),
		    .enqueued_ns = (uint64_t)row_number(rows, i, ENQUEUED) * NS_PER_US,
		    .died_ns = (uint64_t)row_number(rows, i, DIED) * NS_PER_US,
		    .group = row_text(rows, i, GROUP, arena),
		    .reason = row_text(rows, i, REASON, arena),
		    .payload = row_text(rows, i, PAYLOAD, arena),
		};
	return letters;
}

/* Those that go */

void dead_letters_ask(struct errand *errand, const char *queue, const struct dead_range *range)
{
	const char *values[5];

	fill_range(errand, queue, range, values);
	errand_add(errand, &read_letters, values);
}

void dead_letters_read(struct dead_letters *letters, const struct db_result *rows, struct arena *arena)
{
	letters->count = db_row_count(rows);
	letters->jobs = arena_alloc_zeroed(arena, (letters->count + 1) * sizeof(*letters->jobs));
	for (unsigned i = 0; i < letters->count; i++)
		letters->jobs[i] = (struct job_spec){
		    .id = row_number(rows, i, READ_ID),
		    .priority = (int8_t)row_number(rows, i, READ_PRIORITY),
		    .max_attempts = (uint8_t)row_number(rows, i, READ_MAX_ATTEMPTS),
		    .group = row_text(rows, i, READ_GROUP, arena),
		    .payload = row_text(rows, i, READ_PAYLOAD, arena),
		};
}

/* They are in the order of their ids. */
struct job_spec *dead_letters_find(const struct dead_letters *letters, struct text text)
{
	int64_t id = strtoll(text.at, NULL, 10);
	unsigned low = 0, high = letters->count;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (letters->jobs[middle].id == id)
			return &letters->jobs[middle];
		if (letters->jobs[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const char *ids_of(struct errand *errand, const struct dead_letters *letters)
{
	struct buffer ids = buffer_in(&errand->arena);

	for (unsigned i = 0; i < letters->count; i++)
		array_add_number(&ids, letters->jobs[i].id);
	return array_end(&ids);
}

void dead_letters_resend(struct errand *errand, const char *epoch, const struct dead_letters *letters)
{
	const char *values[] = {epoch, ids_of(errand, letters)};

	errand_add(errand, &hold_fence, NULL);
	errand_add(errand, &move, values);
	errand_add(errand, &are_jobs, values + 1);
	ownership_ask(errand);
}

void dead_letters_purge(struct errand *errand, const char *epoch, const struct dead_letters *letters)
{
	const char *values[] = {epoch, ids_of(errand, letters)};

	errand_add(errand, &hold_fence, NULL);
	errand_add(errand, &purge, values);
	ownership_ask(errand);
}

/* Settings */

void queue_settings_merge(struct queue_settings *settings, enum order_errand errand,
			  const struct queue_settings *wishes)
{
	bool is_paused = errand == ORDER_LIMIT ? settings->is_paused : errand == ORDER_PAUSE;

	if (errand == ORDER_LIMIT)
		*settings = *wishes;
	settings->is_paused = is_paused;
}

void queue_settings_write(struct errand *errand, const char *epoch, const char *queue, enum order_errand what,
			  const struct queue_settings *settings)
{
	const char *name = arena_copy(&errand->arena, text_of(queue));

	if (what == ORDER_LIMIT) {
		errand_add(errand, &limit_queue,
			   (const char *[]){epoch, name, errand_number(errand, settings->length_max),
					    errand_number(errand, settings->group_concurrency),
					    errand_number(errand, settings->rate_count),
					    errand_number(errand, settings->rate_period_s)});
	} else {
		errand_add(errand, &pause_queue, (const char *[]){epoch, name, what == ORDER_PAUSE ? "true" : "false"});
	}
}
