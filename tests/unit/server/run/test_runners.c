/* The same exchanges through all three runners: the responses are the same bytes, in whatever order they end. */
#include "server/run/runner.h"
#include "runners_fixture.h"

static enum step at_once(struct exchange *x)
{
	const char *text = arena_printf(&x->arena, "at once %s", (const char *)x->state);

	return respond_text(x, 200, "text/plain", text_of(text));
}

static enum step database_error(struct exchange *x)
{
	db_query(x, &failing, own_value(x));
	return await_db(x, row_arrived);
}

static enum step too_busy(struct exchange *x)
{
	db_query(x, &busy, own_value(x));
	return await_db(x, row_arrived);
}

static step_fn *const kinds[] = {at_once, one_await, three_awaits, database_error, too_busy};

static void run_all(enum mode mode, enum order in)
{
	order = in;
	start(mode);
	for (unsigned i = 0; i < EXCHANGES; i++)
		runner_run(runner, begin(i, kinds[i % ARRAY_LENGTH(kinds)], 5000));
	run_until_ready(EXCHANGES);
	for (unsigned i = 0; i < EXCHANGES; i++)
		assert_int_equal(ready_count[i], 1);
	stop();
}

static void assert_expected(unsigned i)
{
	static const char problem[] = "application/problem+json\n";
	char expected[RESPONSE_BYTES];

	switch (i % 5) {
	case 0:
		snprintf(expected, sizeof(expected), "200 text/plain\nat once %u", i);
		break;
	case 1:
		snprintf(expected, sizeof(expected), "200 application/json\n{\"echo\":\"%u\"}", i);
		break;
	case 2:
		snprintf(expected, sizeof(expected), "201 application/json\nx-awaits: 3\n[\"%u\",\"%u\"]", i, i);
		break;
	case 3:
		snprintf(expected, sizeof(expected),
			 "409 %s{\"type\":\"urn:meantime:problem:conflict\",\"title\":\"conflict\",\"status\":409,"
			 "\"detail\":\"%u\",\"sqlstate\":\"23505\"}",
			 problem, i);
		break;
	default:
		snprintf(expected, sizeof(expected),
			 "503 %sretry-after: 1\n{\"type\":\"urn:meantime:problem:busy\",\"title\":\"too busy\","
			 "\"status\":503,\"detail\":\"too many\"}",
			 problem);
	}
	assert_string_equal(responses[i], expected);
}

static void assert_all_expected(void)
{
	for (unsigned i = 0; i < EXCHANGES; i++)
		assert_expected(i);
}

/* The same bytes */

static void sync_answers_every_kind(void **state)
{
	(void)state;
	run_all(MODE_SYNC, IN_ORDER);
	assert_all_expected();
	assert_int_equal(steps_elsewhere, 0);
}

static void threads_answer_the_same(void **state)
{
	(void)state;
	wait_us = 500;
	run_all(MODE_THREADS, IN_ORDER);
	assert_all_expected();
	assert_int_equal(steps_on_the_loop, 0);
}

static void one_thread_answers_the_same(void **state)
{
	(void)state;
	options.threads = 1;
	run_all(MODE_THREADS, IN_ORDER);
	assert_all_expected();
}

static void async_answers_the_same_in_any_order(void **state)
{
	(void)state;
	run_all(MODE_ASYNC, IN_ORDER);
	assert_all_expected();
	assert_int_equal(steps_elsewhere, 0);
	run_all(MODE_ASYNC, REVERSED);
	assert_all_expected();
	for (unsigned seed = 1; seed <= 5; seed++) {
		srand(seed);
		run_all(MODE_ASYNC, SHUFFLED);
		assert_all_expected();
	}
}

static void times_are_noted_in_every_mode(void **state)
{
	(void)state;
	wait_us = 2000;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode++) {
		struct exchange *x;

		start(mode);
		x = begin(2, three_awaits, 5000);
		runner_run(runner, x);
		run_until_ready(1);
		assert_true(x->db_ns > 0);
		assert_true(x->queue_ns + x->db_ns <= clock_now_ns() - x->arrived_ns);
		stop();
	}
}

/* Threads */

/* The workers have what was handed to them. */
/* What has not begun yet sees it when it does. */
static void a_departure_is_noted_in_every_mode(void **state)
{
	static const enum mode modes[] = {MODE_SYNC, MODE_THREADS, MODE_ASYNC};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(modes); i++) {
		struct exchange *x;

		start(modes[i]);
		x = begin(0, one_await, 5000);
		assert_false(atomic_load(&x->is_abandoned));
		runner_note_departure(runner, x);
		assert_true(atomic_load(&x->is_abandoned));
		stop();
	}
}

static void until_nobody_waits(void)
{
	for (int i = 0; i < 5000 && runner->class->numbers(runner).waiting > 0; i++)
		usleep(1000);
	assert_int_equal(runner->class->numbers(runner).waiting, 0);
}

static void beyond_the_queue_limit_is_busy_at_once(void **state)
{
	(void)state;
	options.threads = 1;
	options.queue_limit = 2;
	wait_us = 500000;
	start(MODE_THREADS);
	runner_run(runner, begin(1, one_await, 5000));
	until_nobody_waits();
	for (unsigned i = 2; i < 6; i++)
		runner_run(runner, begin(i, one_await, 5000));
	assert_int_equal(all_ready, 2);
	assert_memory_equal(responses[4], "503 ", 4);
	assert_memory_equal(responses[5], "503 ", 4);
	assert_int_equal(runner->class->numbers(runner).waiting, 2);
	run_until_ready(5);
	assert_memory_equal(responses[3], "200 ", 4);
	stop();
}

static void a_deadline_passes_while_no_worker_is_free(void **state)
{
	uint64_t began_ns;

	(void)state;
	options.threads = 1;
	wait_us = 1000000;
	start(MODE_THREADS);
	runner_run(runner, begin(1, one_await, 5000));
	until_nobody_waits();
	uv_update_time(&loop);
	began_ns = clock_now_ns();
	runner_run(runner, begin(2, one_await, 30));
	runner_run(runner, begin(3, one_await, 5000));
	run_until_ready(1);
	assert_memory_equal(responses[2], "504 ", 4);
	assert_non_null(strstr(responses[2], "its turn did not come"));
	assert_true(clock_now_ns() - began_ns >= 30 * NS_PER_MS);
	assert_int_equal(exchanges[2]->db_ns, 0);
	run_until_ready(3);
	assert_memory_equal(responses[3], "200 ", 4);
	assert_int_equal(ready_count[2], 1);
	stop();
}

static void the_loop_goes_on_while_a_worker_waits(void **state)
{
	(void)state;
	wait_us = 50000;
	start(MODE_THREADS);
	runner_run(runner, begin(1, one_await, 5000));
	assert_int_equal(all_ready, 0);
	runner_run(runner, begin(0, at_once, 5000));
	assert_int_equal(all_ready, 1);
	run_until_ready(2);
	stop();
}

static void many_rounds_lose_nobody(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		wait_us = (unsigned)round % 3 * 50;
		run_all(MODE_THREADS, IN_ORDER);
		assert_all_expected();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_departure_is_noted_in_every_mode),
	    TEST(sync_answers_every_kind),
	    TEST(threads_answer_the_same),
	    TEST(one_thread_answers_the_same),
	    TEST(async_answers_the_same_in_any_order),
	    TEST(times_are_noted_in_every_mode),
	    TEST(beyond_the_queue_limit_is_busy_at_once),
	    TEST(a_deadline_passes_while_no_worker_is_free),
	    TEST(the_loop_goes_on_while_a_worker_waits),
	    TEST(many_rounds_lose_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
