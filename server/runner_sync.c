/* The loop's own thread waits. The simplest there is, and what the two others are measured against. */
#include "server/runner.h"

struct sync_runner {
	struct runner runner;
	struct db_wait wait;
};

static struct sync_runner *self_of(struct runner *runner)
{
	return CONTAINER_OF(runner, struct sync_runner, runner);
}

static void start(struct runner *runner)
{
	struct sync_runner *self = self_of(runner);

	db_wait_init(&self->wait, &runner->service->db, runner->number);
	runner->resources.wait = &self->wait;
}

static bool await(struct runner *runner, struct exchange *x)
{
	x->awaited.class->wait(&x->awaited, &runner->resources);
	/* a turn of the loop may be many requests, each with the time of one */
	if (runner->pulse != NULL)
		pulse_beat(runner->pulse);
	return true;
}

/* Asked now and then: looks for itself, since a balancer that heard 503 from /readyz sends no requests. */
static bool is_ready(struct runner *runner)
{
	struct db_wait *wait = &self_of(runner)->wait;

	if (wait->failures > 0)
		db_wait_probe(wait);
	return wait->failures == 0;
}

static struct runner_numbers numbers(struct runner *runner)
{
	struct runner_numbers numbers = {0};

	db_wait_count(&self_of(runner)->wait, &numbers.db);
	return numbers;
}

static void turn(struct runner *runner, const struct edition *edition)
{
	db_wait_turn(&self_of(runner)->wait, edition->catalog);
}

/* Between two requests a connection has nothing in flight. */
static unsigned oldest_edition(struct runner *runner)
{
	(void)runner;
	return UINT_MAX;
}

static void close_connections(struct runner *runner)
{
	db_wait_cleanup(&self_of(runner)->wait);
}

static void cleanup(struct runner *runner)
{
	(void)runner;
}

const struct runner_class runner_sync = {
    .bytes = sizeof(struct sync_runner),
    .start = start,
    .await = await,
    .is_ready = is_ready,
    .numbers = numbers,
    .turn = turn,
    .oldest_edition = oldest_edition,
    .close = close_connections,
    .cleanup = cleanup,
};
