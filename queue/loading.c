/* What is there when the queues are taken over. A page begins behind the last one's end, so rows that are dead are passed
 * over once. */
#include "queue/store_parts.h"
#include "queue/row_values.h"

#include "base/log.h"

#include <stdlib.h>

enum { PAGE_ROWS = 2000 };

static const struct db_statement names = {
    .sql = "SELECT name, (SELECT count(*) FROM meantime_queue.dead_letter WHERE queue = queue.id), is_paused::integer,"
	   " length_max, group_concurrency, rate_count, rate_period_s FROM meantime_queue.queue ORDER BY id",
    .is_read_only = true,
};

/* Times as microseconds since 1970. */
#define MICROSECONDS(column) "(extract(epoch FROM " column ") * 1000000)::bigint"

static const struct db_statement page = {
    .sql = "SELECT job.id, name, priority, attempt, max_attempts, " MICROSECONDS("enqueued_at") ", " MICROSECONDS(
	"not_before") ", group_key, CASE WHEN octet_length(payload) <= $2 THEN payload END"
		      " FROM meantime_queue.job JOIN meantime_queue.queue ON queue.id = job.queue"
		      " WHERE shard = 0 AND job.id > $1 ORDER BY job.id LIMIT $3",
    .parameter_count = 3,
    .is_read_only = true,
};

enum { ID, NAME, PRIORITY, ATTEMPT, MAX_ATTEMPTS, ENQUEUED, NOT_BEFORE, GROUP, PAYLOAD };

static int queue_of(struct queue_store *store, struct text name)
{
	int queue = dispatcher_find_queue(store->dispatcher, name);

	return queue >= 0 ? queue : dispatcher_add_queue(store->dispatcher, name);
}

/* It may have been given out before: only the service of before knew. */
static void add_job(struct queue_store *store, const struct db_result *rows, unsigned row, uint64_t now_ns)
{
	int queue = queue_of(store, db_value(rows, row, NAME));
	struct job_spec spec = {
	    .id = row_number(rows, row, ID),
	    .queue = (unsigned)queue,
	    .enqueued_ns = (uint64_t)row_number(rows, row, ENQUEUED) * NS_PER_US,
	    .due_ns = (uint64_t)row_number(rows, row, NOT_BEFORE) * NS_PER_US,
	    .priority = (int8_t)row_number(rows, row, PRIORITY),
	    .attempt = (uint8_t)row_number(rows, row, ATTEMPT),
	    .max_attempts = (uint8_t)row_number(rows, row, MAX_ATTEMPTS),
	    .came_back = CAME_RESTARTED,
	    .group = db_value(rows, row, GROUP),
	};

	if (!db_is_null(rows, row, PAYLOAD))
		spec.payload = db_value(rows, row, PAYLOAD);
	if (queue >= 0)
		dispatcher_add(store->dispatcher, &spec, now_ns);
	store->loading.count++;
}

static void end(struct queue_store *store)
{
	store->phase = STORE_SERVING;
	log_info("queue", "the queues are served here, epoch %llu: %llu jobs were there, read in %llu ms",
		 (unsigned long long)store->epoch, store->loading.count,
		 (unsigned long long)((clock_now_ns() - store->loading.began_ns) / NS_PER_MS));
}

static void on_page(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, 0);
	struct queue_store *store = errand->store;
	const struct db_result *rows = batch->queries[0].result;
	uint64_t now_ns = store_time_ns(store, clock_now_ns());
	unsigned count;

	if (batch->error != ERROR_NONE) {
		errand_log(errand, "the jobs cannot be read");
		errand->next_ns = clock_now_ns() + STORE_RETRY_MS * NS_PER_MS;
		return;
	}
	count = db_row_count(rows);
	for (unsigned i = 0; i < count; i++)
		add_job(store, rows, i, now_ns);
	if (count > 0)
		store->loading.last_id = row_number(rows, count - 1, ID);
	if (count < PAGE_ROWS && store->phase == STORE_LOADING)
		end(store);
}

static void ask_page(struct queue_store *store)
{
	struct errand *errand = &store->loading.errand;
	const char *values[3];

	errand_begin(errand);
	values[0] = errand_number(errand, store->loading.last_id);
	values[1] = errand_number(errand, (int64_t)store->settings.payload_bytes_max);
	values[2] = errand_number(errand, PAGE_ROWS);
	errand_add(errand, &page, values);
	errand_submit(errand, STORE_DB_MS, on_page);
}

enum { QUEUE_NAME, QUEUE_DEAD, QUEUE_PAUSED, QUEUE_LENGTH, QUEUE_CONCURRENCY, QUEUE_RATE, QUEUE_PERIOD };

static void set_queue(struct queue_store *store, const struct db_result *rows, unsigned row, unsigned queue)
{
	const struct queue_settings settings = {
	    .length_max = (unsigned)row_number(rows, row, QUEUE_LENGTH),
	    .group_concurrency = (unsigned)row_number(rows, row, QUEUE_CONCURRENCY),
	    .rate_count = (unsigned)row_number(rows, row, QUEUE_RATE),
	    .rate_period_s = (unsigned)row_number(rows, row, QUEUE_PERIOD),
	    .is_paused = row_number(rows, row, QUEUE_PAUSED) != 0,
	};

	dispatcher_set_queue(store->dispatcher, queue, &settings);
	dispatcher_count_dead(store->dispatcher, queue, row_number(rows, row, QUEUE_DEAD));
}

static void on_names(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, 0);
	struct queue_store *store = errand->store;
	const struct db_result *rows = batch->queries[0].result;

	if (batch->error != ERROR_NONE) {
		errand_log(errand, "the queues' names cannot be read");
		errand->next_ns = clock_now_ns() + STORE_RETRY_MS * NS_PER_MS;
		return;
	}
	for (unsigned i = 0; i < db_row_count(rows); i++) {
		int queue = queue_of(store, db_value(rows, i, QUEUE_NAME));

		if (queue < 0)
			continue;
		writing_note_named(store, (unsigned)queue);
		set_queue(store, rows, i, (unsigned)queue);
	}
	store->loading.has_names = true;
}

static void ask_names(struct queue_store *store)
{
	struct errand *errand = &store->loading.errand;

	errand_begin(errand);
	errand_add(errand, &names, NULL);
	errand_submit(errand, STORE_DB_MS, on_names);
}

void loading_begin(struct queue_store *store)
{
	store->loading.last_id = 0;
	store->loading.count = 0;
	store->loading.has_names = false;
	store->loading.began_ns = clock_now_ns();
}

void loading_turn(struct queue_store *store, uint64_t now_ns)
{
	if (store->phase != STORE_LOADING || !errand_is_due(&store->loading.errand, now_ns))
		return;
	if (store->loading.has_names)
		ask_page(store);
	else
		ask_names(store);
}

void loading_init(struct queue_store *store)
{
	errand_init(&store->loading.errand, store);
}

void loading_cleanup(struct queue_store *store)
{
	errand_cleanup(&store->loading.errand);
}
