/* Nothing waits: an awaitable is started, and its completion goes on with the exchange. Steps run on the loop, or beside it
 * where they have much to do. */
#include "server/run/runner.h"

#include "exchange/batches.h"
#include "server/run/aside.h"
#include "server/run/cache_awaitable.h"
#include "server/run/compute_awaitable.h"
#include "server/run/event_awaitable.h"
#include "server/run/fetch_awaitable.h"
#include "server/run/queue_awaitable.h"

struct async_runner {
	struct runner runner;
	struct aside aside;
};

static void on_step_over(struct exchange *x, enum step step)
{
	runner_go_on(x->runner, x, step);
}

static void start(struct runner *runner)
{
	const struct options *options = runner->settings->options;

	runner->aside = &CONTAINER_OF(runner, struct async_runner, runner)->aside;
	aside_open(runner->aside, runner->loop, runner->settings->large_pool, on_step_over);
	runner->resources.compute = compute_inbox_create(runner->loop);
	runner->resources.fetches = fetch_inbox_create(runner->loop);
	runner->resources.event_inbox = event_inbox_create(runner->loop);
	runner->resources.cache_inbox = cache_inbox_create(runner->loop);
	if (runner->resources.queues != NULL)
		runner->resources.orders = queue_inbox_create(runner->loop);
	runner->resources.pipeline =
	    db_pipeline_create(runner->loop, &(struct db_pipeline_settings){
						 .db = &runner->settings->db,
						 .connections = options->db_connections,
						 .shared_connections = options->db_shared_connections,
						 .write_connections = options->db_write_connections,
						 .queue_limit = options->queue_limit,
						 .first_number = runner->number * options->db_connections,
					     });
}

static void on_done(struct awaitable *awaitable)
{
	struct exchange *x = exchange_of(awaitable);

	runner_run(x->runner, x);
}

static bool await(struct runner *runner, struct exchange *x)
{
	x->awaited.done = on_done;
	x->awaited.class->start(&x->awaited, &runner->resources);
	return false;
}

static void note_departure(struct runner *runner, struct exchange *x)
{
	/* it is another thread's, and waits for nothing */
	if (x->is_aside)
		return;
	db_pipeline_note_departure(runner->resources.pipeline, &x->batch);
	for (unsigned i = 0; x->batches != NULL && i < x->batches->count; i++)
		db_pipeline_note_departure(runner->resources.pipeline, &x->batches->items[i].batch);
	/* what goes on may be over, and gone */
	if (!cache_awaitable_note_departure(runner->resources.cache_inbox, x))
		event_awaitable_note_departure(runner->resources.event_inbox, x);
}

static bool is_ready(struct runner *runner)
{
	return db_pipeline_is_ready(runner->resources.pipeline);
}

static struct runner_numbers numbers(struct runner *runner)
{
	struct runner_numbers numbers = {.db = db_pipeline_numbers(runner->resources.pipeline)};

	numbers.waiting = numbers.db.waiting;
	return numbers;
}

static void turn(struct runner *runner, struct db_catalog catalog, const unsigned *carried_from)
{
	db_pipeline_turn(runner->resources.pipeline, catalog, carried_from);
}

static unsigned oldest_edition(struct runner *runner)
{
	return db_pipeline_oldest_edition(runner->resources.pipeline);
}

static void close_pipeline(struct runner *runner)
{
	db_pipeline_close(runner->resources.pipeline);
	aside_close(runner->aside);
	compute_inbox_close(runner->resources.compute);
	fetch_inbox_close(runner->resources.fetches);
	event_inbox_close(runner->resources.event_inbox);
	cache_inbox_close(runner->resources.cache_inbox);
	if (runner->resources.orders != NULL)
		queue_inbox_close(runner->resources.orders);
}

static void cleanup(struct runner *runner)
{
	db_pipeline_destroy(runner->resources.pipeline);
	aside_cleanup(runner->aside);
	compute_inbox_destroy(runner->resources.compute);
	fetch_inbox_destroy(runner->resources.fetches);
	event_inbox_destroy(runner->resources.event_inbox);
	cache_inbox_destroy(runner->resources.cache_inbox);
	if (runner->resources.orders != NULL)
		queue_inbox_destroy(runner->resources.orders);
}

const struct runner_class runner_async = {
    .bytes = sizeof(struct async_runner),
    .start = start,
    .await = await,
    .note_departure = note_departure,
    .is_ready = is_ready,
    .numbers = numbers,
    .turn = turn,
    .oldest_edition = oldest_edition,
    .close = close_pipeline,
    .cleanup = cleanup,
};
