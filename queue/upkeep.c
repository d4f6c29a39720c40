/* Dead letters and settings, one order after the other: they are rare. What writes is sent again until its outcome is
 * known, and doing it twice does no harm. So memory and tables say the same. */
#include "queue/store_parts.h"

#include "base/memory.h"
#include "queue/dead_letters.h"

#include <stdlib.h>

/* What an order asks for. The order may end before. */
struct task {
	struct list link;
	struct queue_order *order; /* NULL: it has ended */
	struct arena arena;
	enum order_errand errand;
	const char *queue; /* its name */
	struct dead_range range;
	struct queue_settings settings;
	struct dead_letters letters; /* that were read, and are to go */
	bool is_sent, is_read, is_reserved, is_unsure;
};

static bool is_about_letters(const struct task *task)
{
	return task->errand == ORDER_RESEND || task->errand == ORDER_PURGE;
}

/* The caller answers its order. */
static struct queue_order *end(struct queue_store *store, struct task *task)
{
	struct queue_order *order = task->order;
	int queue = dispatcher_find_queue(store->dispatcher, text_of(task->queue));

	if (task->is_reserved)
		dispatcher_unreserve(store->dispatcher, (unsigned)queue, task->letters.count);
	if (order != NULL)
		order->task = NULL;
	store->upkeep.current = NULL;
	arena_cleanup(&task->arena);
	free(task);
	return order;
}

static void fail(struct queue_store *store, struct task *task, enum error error, const char *why, unsigned retry_s)
{
	struct queue_order *order = end(store, task);

	if (order != NULL)
		store_fail(store, order, error, why, retry_s);
}

/* What came of it */

/* They are jobs again; what they take of the queue's length was reserved. */
static void note_resent(struct queue_store *store, struct task *task, unsigned queue, const struct db_result *rows)
{
	uint64_t time_ns = store_time_ns(store, clock_now_ns());

	for (unsigned i = 0; i < db_row_count(rows); i++) {
		struct job_spec *job = dead_letters_find(&task->letters, db_value(rows, i, 0));

		if (job == NULL)
			continue;
		job->queue = queue;
		job->enqueued_ns = time_ns;
		dispatcher_add(store->dispatcher, job, time_ns);
	}
}

static void note_letters(struct queue_store *store, struct task *task, const struct db_batch *batch)
{
	unsigned queue = (unsigned)dispatcher_find_queue(store->dispatcher, text_of(task->queue)),
		 count = task->letters.count;
	struct queue_figures figures;
	struct queue_order *order;

	if (task->errand == ORDER_RESEND)
		note_resent(store, task, queue, batch->queries[2].result);
	dispatcher_figures(store->dispatcher, queue, &figures);
	/* rows that were deleted by hand count until the next start */
	if (figures.dead > count)
		dispatcher_count_dead(store->dispatcher, queue, -(int64_t)count);
	else
		dispatcher_count_dead(store->dispatcher, queue, -(int64_t)figures.dead);
	dispatcher_figures(store->dispatcher, queue, &figures);
	order = end(store, task);
	if (order == NULL)
		return;
	order->settled = count;
	order->figures = figures;
	store_end(store, order);
}

static void note_settings(struct queue_store *store, struct task *task)
{
	int queue = dispatcher_find_queue(store->dispatcher, text_of(task->queue));
	struct queue_settings settings = task->settings;
	struct queue_order *order;

	if (queue < 0)
		queue = dispatcher_add_queue(store->dispatcher, text_of(task->queue));
	if (queue < 0) {
		fail(store, task, ERROR_BUSY, "there are as many queues as there may be", 60);
		return;
	}
	settings = *dispatcher_queue_settings(store->dispatcher, (unsigned)queue);
	queue_settings_merge(&settings, task->errand, &task->settings);
	dispatcher_set_queue(store->dispatcher, (unsigned)queue, &settings);
	writing_note_named(store, (unsigned)queue);
	order = end(store, task);
	if (order != NULL)
		store_end(store, order);
}

static void note_list(struct queue_store *store, struct task *task, const struct db_result *rows)
{
	struct queue_order *order = end(store, task);

	if (order == NULL)
		return;
	order->dead = dead_letters_list(rows, order->arena);
	order->dead_count = db_row_count(rows);
	store_end(store, order);
}

/* As many as there is room for. */
static bool reserve(struct queue_store *store, struct task *task)
{
	int queue = dispatcher_find_queue(store->dispatcher, text_of(task->queue));
	struct dead_letters *letters = &task->letters;

	while (letters->count > 0 && dispatcher_reserve(store->dispatcher, (unsigned)queue, letters->count) != RESERVED)
		letters->count /= 2;
	task->is_reserved = letters->count > 0;
	return task->is_reserved;
}

static void note_read(struct queue_store *store, struct task *task, const struct db_result *rows)
{
	struct queue_order *order = task->order;
	int queue = dispatcher_find_queue(store->dispatcher, text_of(task->queue));

	dead_letters_read(&task->letters, rows, &task->arena);
	task->is_read = true;
	if (task->letters.count == 0 || queue < 0) {
		order = end(store, task);
		if (order == NULL)
			return;
		order->settled = 0;
		if (queue >= 0)
			dispatcher_figures(store->dispatcher, (unsigned)queue, &order->figures);
		store_end(store, order);
	} else if (task->errand == ORDER_RESEND && !reserve(store, task)) {
		fail(store, task, ERROR_RATE_LIMITED, "the queue is full", 1);
	}
}

/* Batches */

static bool is_unknown(const struct db_batch *batch)
{
	return batch->error == ERROR_OUTCOME_UNKNOWN || batch->error == ERROR_DEADLINE_OUTCOME_UNKNOWN;
}

static void note_failure(struct queue_store *store, struct task *task, const struct db_batch *batch)
{
	struct queue_order *order;

	task->is_unsure |= is_unknown(batch);
	if (task->is_unsure && store->phase == STORE_SERVING)
		return;
	order = end(store, task);
	if (order != NULL)
		store_fail_as(store, order, batch);
}

static void on_done(struct db_batch *batch)
{
	struct errand *errand = errand_over(batch, batch->error != ERROR_NONE ? STORE_RETRY_MS : 0);
	struct queue_store *store = errand->store;
	struct task *task = store->upkeep.current;
	const struct db_result *first = batch->queries[0].result;

	if (batch->error != ERROR_NONE) {
		errand_log(errand, "dead letters or settings cannot be read or written");
		note_failure(store, task, batch);
	} else if (task->errand == ORDER_LIST_DEAD) {
		note_list(store, task, first);
	} else if (!is_about_letters(task)) {
		if (db_affected_rows(first) == 1)
			note_settings(store, task);
		else
			fail(store, task, ERROR_BUSY, "another service has taken the queues over", 1);
	} else if (!task->is_read) {
		note_read(store, task, first);
	} else if (ownership_was_kept(store, batch)) {
		note_letters(store, task, batch);
	} /* else upkeep_drop() does it */
}

static void send_task(struct queue_store *store, struct task *task)
{
	struct errand *errand = &store->upkeep.errand;
	const char *epoch;

	errand_begin(errand);
	epoch = errand_number(errand, (int64_t)store->epoch);
	task->is_sent = true;
	if (task->errand == ORDER_LIST_DEAD)
		dead_letters_ask_list(errand, task->queue, &task->range);
	else if (!is_about_letters(task))
		queue_settings_write(errand, epoch, task->queue, task->errand, &task->settings);
	else if (!task->is_read)
		dead_letters_ask(errand, task->queue, &task->range);
	else if (task->errand == ORDER_RESEND)
		dead_letters_resend(errand, epoch, &task->letters);
	else
		dead_letters_purge(errand, epoch, &task->letters);
	errand_submit(errand, STORE_DB_MS, on_done);
}

void upkeep_turn(struct queue_store *store, uint64_t now_ns)
{
	struct upkeep *upkeep = &store->upkeep;

	if (store->phase != STORE_SERVING || !errand_is_due(&upkeep->errand, now_ns))
		return;
	if (upkeep->current == NULL && !list_is_empty(&upkeep->waiting)) {
		upkeep->current = CONTAINER_OF(upkeep->waiting.next, struct task, link);
		list_remove(&upkeep->current->link);
	}
	if (upkeep->current != NULL)
		send_task(store, upkeep->current);
}

/* Orders */

void upkeep_take(struct queue_store *store, struct queue_order *order)
{
	struct task *task = memory_alloc_zeroed(1, sizeof(*task));

	task->order = order;
	order->task = task;
	task->errand = order->errand;
	task->queue = arena_copy(&task->arena, order->queue);
	task->settings = order->settings;
	task->range =
	    (struct dead_range){order->first_id, order->last_id, order->want,
				order->errand == ORDER_RESEND ? (int64_t)store->settings.payload_bytes_max : -1};
	list_append(&store->upkeep.waiting, &task->link);
	store_await(store, order);
}

bool upkeep_was_sent(const struct queue_order *order)
{
	return order->task->is_sent && order->errand != ORDER_LIST_DEAD;
}

void upkeep_forget(struct queue_store *store, struct queue_order *order)
{
	struct task *task = order->task;

	order->task = NULL;
	task->order = NULL;
	if (task == store->upkeep.current)
		return;
	list_remove(&task->link);
	arena_cleanup(&task->arena);
	free(task);
}

void upkeep_drop(struct queue_store *store)
{
	struct upkeep *upkeep = &store->upkeep;

	if (upkeep->current != NULL)
		fail(store, upkeep->current, ERROR_OUTCOME_UNKNOWN, "another service has taken the queues over", 0);
	while (!list_is_empty(&upkeep->waiting)) {
		struct task *task = CONTAINER_OF(upkeep->waiting.next, struct task, link);

		list_remove(&task->link);
		fail(store, task, ERROR_BUSY, "another service has taken the queues over", 1);
	}
}

void upkeep_init(struct queue_store *store)
{
	errand_init(&store->upkeep.errand, store);
	list_init(&store->upkeep.waiting);
}

void upkeep_cleanup(struct queue_store *store)
{
	errand_cleanup(&store->upkeep.errand);
}
