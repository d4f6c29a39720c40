#include "line_fixture.h"

static enum step ask_again(struct exchange *x)
{
	if (exchange_db_error(x) != ERROR_NONE)
		return respond_db_problem(x);
	return ask(x);
}

static enum step ask_twice(struct exchange *x)
{
	db_query(x, &statement, NULL);
	return await_db(x, ask_again);
}

/* Sync */

/* What has come meanwhile is read after some milliseconds, not after the whole line. */
static void the_loop_turns_while_some_wait(void **state)
{
	(void)state;
	database.wait_us = 10000;
	start(MODE_SYNC);
	for (unsigned i = 0; i < 3; i++)
		run(i, NULL);
	for (unsigned turn = 1; turn <= 3; turn++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		assert_int_equal(ready_count, turn);
		assert_int_equal(waiting(), 3 - turn);
		/* a turn may be many waits, and none of them means that the loop stands still */
		assert_int_equal(atomic_load(&pulse.beats), turn);
	}
	/* and without any it sleeps */
	assert_int_equal(uv_backend_timeout(&loop), -1);
	stop();
}

static void each_wait_is_a_beat_of_the_pulse(void **state)
{
	(void)state;
	start(MODE_SYNC);
	runner_run(runner, begin(0, ask_twice, NULL, 60000));
	until_ready(1);
	assert_int_equal(database.waits, 2);
	assert_int_equal(atomic_load(&pulse.beats), 2);
	runner->pulse = NULL;
	run(1, NULL);
	until_ready(2);
	assert_int_equal(exchanges[1]->response.status, 204);
	stop();
}

static void what_was_begun_is_ended_before_the_next(void **state)
{
	(void)state;
	start(MODE_SYNC);
	runner_run(runner, begin(0, ask_twice, NULL, 60000));
	run(1, NULL);
	until_ready(2);
	assert_ptr_equal(first_ready, exchanges[0]);
	stop();
}

/* A client sends its next request as soon as it has its answer. */
static void what_comes_with_an_answer_is_behind_those_that_wait(void **state)
{
	(void)state;
	database.wait_us = 10000;
	start(MODE_SYNC);
	run(0, NULL);
	run(1, NULL);
	follower = begin(2, ask, NULL, 60000);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(ready_count, 1);
	assert_int_equal(waiting(), 2);
	until_ready(2);
	assert_int_equal(is_ready[2], 0);
	until_ready(3);
	stop();
}

/* Threads */

static void a_worker_without_a_connection_leaves_the_line_to_the_others(void **state)
{
	(void)state;
	options.threads = 2;
	database.without = 1;
	start(MODE_THREADS);
	for (unsigned i = 0; i < EXCHANGES; i++) {
		run(i, NULL);
		until_ready(i + 1);
		assert_int_equal(exchanges[i]->response.status, 204);
	}
	assert_int_equal(database.refusals, 1);
	assert_int_equal(database.waits, EXCHANGES + 1);
	assert_int_equal(waiting(), 0);
	assert_true(runner->class->is_ready(runner));
	stop();
}

static void without_any_connection_all_workers_say_so(void **state)
{
	(void)state;
	options.threads = 2;
	database.without = 2;
	start(MODE_THREADS);
	assert_true(runner->class->is_ready(runner));
	run(0, NULL);
	until_ready(1);
	assert_problem(exchanges[0], 503, db_unreachable);
	assert_int_equal(database.waits, 2);
	assert_false(runner->class->is_ready(runner));
	run(1, NULL);
	until_ready(2);
	assert_int_equal(database.waits, 3);
	stop();
}

/* It may have been done. */
static void what_was_sent_is_not_run_by_another_worker(void **state)
{
	(void)state;
	options.threads = 2;
	database.without = 1;
	database.words = db_outcome_unknown;
	start(MODE_THREADS);
	run(0, NULL);
	until_ready(1);
	assert_problem(exchanges[0], 503, db_outcome_unknown);
	assert_int_equal(database.waits, 1);
	stop();
}

static void a_worker_comes_back_with_its_connection(void **state)
{
	(void)state;
	options.threads = 2;
	database.without = 1;
	database.retry_ns = clock_now_ns();
	start(MODE_THREADS);
	run(0, NULL);
	until_ready(1);
	while (runner->class->numbers(runner).db.open == 0)
		usleep(1000);
	database.to_hold = 2;
	run(1, NULL);
	run(2, NULL);
	until_held(2);
	let_go();
	until_ready(3);
	stop();
}

/* How long the line is in time depends on how many work at it. */
static void retry_after_counts_those_with_a_connection(void **state)
{
	(void)state;
	for (unsigned without = 0; without < 2; without++) {
		unsigned busy = 0;

		options.threads = 2;
		options.queue_limit = 1;
		database.without = without;
		start(MODE_THREADS);
		run(0, &slow_route);
		until_ready(1);
		for (; busy < 2 - without; busy++) {
			database.to_hold = 1;
			run(1 + busy, NULL);
			until_held(1 + busy);
		}
		run(3, &slow_route);
		assert_int_equal(run(4, NULL)->retry_s, 1 + (without > 0 ? LONG_S : LONG_S / 2));
		let_go();
		until_ready(3 + busy);
		stop();
		set_up(NULL);
	}
}

/* No connection, no line */

static void what_needs_no_wait_is_answered_by_the_idle_runner(void **state)
{
	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	runner = runner_create_idle(&common, &loop, on_ready);
	runner_run(runner, begin(0, arrived, NULL, 60000));
	assert_int_equal(ready_count, 1);
	assert_int_equal(exchanges[0]->response.status, 204);
	assert_true(runner->class->is_ready(runner));
	assert_int_equal(waiting(), 0);
	assert_int_equal(runner_oldest_edition(runner), UINT_MAX);
	runner->class->turn(runner, (struct db_catalog){0}, NULL);
	exchanges[0]->next = ask;
	expect_assert_failure(runner_run(runner, exchanges[0]));
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_loop_turns_while_some_wait),
	    TEST(each_wait_is_a_beat_of_the_pulse),
	    TEST(what_was_begun_is_ended_before_the_next),
	    TEST(what_comes_with_an_answer_is_behind_those_that_wait),
	    TEST(a_worker_without_a_connection_leaves_the_line_to_the_others),
	    TEST(without_any_connection_all_workers_say_so),
	    TEST(what_was_sent_is_not_run_by_another_worker),
	    TEST(a_worker_comes_back_with_its_connection),
	    TEST(retry_after_counts_those_with_a_connection),
	    TEST(what_needs_no_wait_is_answered_by_the_idle_runner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
