#include "runners_fixture.h"

/* The database's own awaitables, with one thread: fake_pq is no more than that */

static void a_batch_is_the_same_waited_for_and_started(void **state)
{
	static char waited_for[RESPONSE_BYTES];

	(void)state;
	settings.await_batch = &db_batch_awaitable;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode += MODE_ASYNC - MODE_SYNC) {
		begin_afresh();
		fake_pq.answers_everything = true;
		start(mode);
		runner_run(runner, begin(7, three_awaits, 5000));
		run_until_ready(1);
		if (mode == MODE_SYNC)
			strcpy(waited_for, responses[7]);
		stop();
	}
	assert_string_equal(waited_for, "201 application/json\nx-awaits: 3\n[\"echo(7)\",\"echo(7)\"]");
	assert_string_equal(responses[7], waited_for);
}

static void without_a_database_both_say_so(void **state)
{
	static char waited_for[RESPONSE_BYTES];

	(void)state;
	settings.await_batch = &db_batch_awaitable;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode += MODE_ASYNC - MODE_SYNC) {
		begin_afresh();
		fake_pq.refuses = true;
		start(mode);
		runner_run(runner, begin(1, one_await, 5000));
		run_until_ready(1);
		if (mode == MODE_SYNC)
			strcpy(waited_for, responses[1]);
		stop();
	}
	assert_memory_equal(waited_for, "503 ", 4);
	assert_string_equal(responses[1], waited_for);
}

static void who_waits_for_a_connection_is_counted(void **state)
{
	(void)state;
	settings.await_batch = &db_batch_awaitable;
	fake_pq.hangs = true;
	start(MODE_ASYNC);
	assert_int_equal(runner->class->numbers(runner).waiting, 0);
	for (unsigned i = 1; i <= 2; i++)
		runner_run(runner, begin(i, one_await, 20));
	assert_int_equal(runner->class->numbers(runner).waiting, 2);
	run_until_ready(2);
	assert_int_equal(runner->class->numbers(runner).waiting, 0);
	stop();
}

static void the_pipeline_turns_to_the_edition_that_is_served(void **state)
{
	static const unsigned carried_from[3] = {0, 1, 2};
	const struct db_catalog catalog = {.edition = 8, .statement_count = 3};

	(void)state;
	run.db.catalog.edition = 7;
	fake_pq.answers_everything = true;
	start(MODE_ASYNC);
	assert_int_equal(runner_oldest_edition(runner), 7);
	runner->class->turn(runner, catalog, carried_from);
	/* each connection has to do so, too */
	for (uint64_t end_ns = clock_now_ns() + 5 * NS_PER_S;
	     runner_oldest_edition(runner) < 8 && clock_now_ns() < end_ns;)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(runner_oldest_edition(runner), 8);
	stop();
}

/* Once the database is back the service has to notice, though a balancer sends it no request while it is not ready. */
static void readiness_comes_back_by_itself(void **state)
{
	(void)state;
	settings.await_batch = &db_batch_awaitable;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode++) {
		bool is_ready;

		begin_afresh();
		fake_pq.refuses = true;
		options.threads = 1;
		start(mode);
		runner_run(runner, begin(1, one_await, 5000));
		run_until_ready(1);
		for (int i = 0; i < 100 && runner->class->is_ready(runner); i++)
			usleep(1000);
		assert_false(runner->class->is_ready(runner));
		fake_pq.refuses = false;
		for (uint64_t end_ns = clock_now_ns() + 3 * NS_PER_S;
		     !runner->class->is_ready(runner) && clock_now_ns() < end_ns;)
			uv_run(&loop, UV_RUN_ONCE);
		is_ready = runner->class->is_ready(runner);
		stop();
		if (!is_ready)
			fail_msg("in mode %s it is not ready 3 s after the database came back", mode_name(mode));
	}
}

static enum step part_arrived(struct exchange *x);

static enum step part_taken(struct exchange *x)
{
	return await_rows(x, part_arrived);
}

static enum step part_arrived(struct exchange *x)
{
	if (exchange_db_error(x) != ERROR_NONE)
		return x->response.part_count == 0 ? respond_db_problem(x) : respond_broken_off(x);
	assert_non_null(exchange_rows(x));
	if (x->response.part_count == 2)
		return respond_last_part(x, 200, "text/plain", TEXT("end"));
	return respond_part(x, 200, "text/plain", db_value(exchange_rows(x), 0, 0), part_taken);
}

static enum step streamed(struct exchange *x)
{
	db_stream_rows(x, &echo, own_value(x));
	return await_rows(x, part_arrived);
}

static void a_stream_is_the_same_waited_for_and_started(void **state)
{
	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode += MODE_ASYNC - MODE_SYNC) {
		begin_afresh();
		fake_pq.answers_everything = true;
		fake_pq.rows_said = 5000; /* there may be more */
		start(mode);
		runner_run(runner, begin(1, streamed, 5000));
		for (unsigned part = 1; part <= 2; part++) {
			run_until_ready(part);
			assert_string_equal(responses[1], "200 text/plain\nFETCH()");
			assert_int_equal(exchanges[1]->outcome, STEP_STREAM);
			assert_int_equal(runner->streams, 1);
			runner_run(runner, exchanges[1]);
		}
		run_until_ready(3);
		assert_int_equal(exchanges[1]->outcome, STEP_RESPOND);
		assert_string_equal(responses[1], "200 text/plain\nend");
		runner_end_stream(runner, exchanges[1]);
		assert_int_equal(runner->streams, 0);
		stop();
	}
}

static void one_stream_too_many_is_busy(void **state)
{
	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode += MODE_ASYNC - MODE_SYNC) {
		begin_afresh();
		fake_pq.answers_everything = true;
		start(mode);
		for (unsigned i = 0; i < 3; i++)
			runner_run(runner, begin(i, streamed, 5000));
		run_until_ready(3);
		assert_memory_equal(responses[2], "503 ", 4);
		assert_int_equal(runner->streams, 2);
		runner_end_stream(runner, exchanges[0]);
		runner_run(runner, begin(3, streamed, 5000));
		run_until_ready(4);
		assert_memory_equal(responses[3], "200 ", 4);
		stop();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_batch_is_the_same_waited_for_and_started),
	    TEST(without_a_database_both_say_so),
	    TEST(who_waits_for_a_connection_is_counted),
	    TEST(the_pipeline_turns_to_the_edition_that_is_served),
	    TEST(readiness_comes_back_by_itself),
	    TEST(a_stream_is_the_same_waited_for_and_started),
	    TEST(one_stream_too_many_is_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
