/* Nothing is awaited: for steps that answer at once from memory. */
#include "server/run/runner.h"

#include "base/require.h"

static void do_nothing(struct runner *runner)
{
	(void)runner;
}

static bool await(struct runner *runner, struct exchange *x)
{
	/* there is no connection that it could wait for */
	REQUIRE(x->runner != runner);
	return false;
}

static void note_departure(struct runner *runner, struct exchange *x)
{
	(void)runner;
	(void)x;
}

static bool is_ready(struct runner *runner)
{
	(void)runner;
	return true;
}

static struct runner_numbers numbers(struct runner *runner)
{
	(void)runner;
	return (struct runner_numbers){0};
}

static void turn(struct runner *runner, struct db_catalog catalog, const unsigned *carried_from)
{
	(void)runner;
	(void)catalog;
	(void)carried_from;
}

const struct runner_class runner_idle = {
    .bytes = sizeof(struct runner),
    .start = do_nothing,
    .await = await,
    .note_departure = note_departure,
    .is_ready = is_ready,
    .numbers = numbers,
    .turn = turn,
    .close = do_nothing,
    .cleanup = do_nothing,
};
