#include "exchange_fixture.h"

/* Life */

static void it_begins_empty_with_its_memory_inside(void **state)
{
	(void)state;
	assert_ptr_equal(x.settings, &settings);
	assert_int_equal(x.response.status, 0);
	assert_int_equal(x.batch.query_count, 0);
	assert_ptr_equal(arena_alloc(&x.arena, 16), x.inline_bytes);
}

static void it_may_begin_again_after_it_was_recycled(void **state)
{
	struct db_result *rows = FAKE_RESULT(2, {"1", "a"});

	(void)state;
	for (int round = 0; round < 3; round++) {
		db_query(&x, &statement, NULL);
		await_db(&x, end);
		arena_alloc(&x.arena, 50000);
		response_add_header(&x, "allow", TEXT("GET"));
		x.queue_ns = 5;
		exchange_recycle(&x);
		exchange_begin(&x, &settings, 17);
		assert_int_equal(x.arrived_ns, 17);
		assert_int_equal(x.queue_ns, 0);
		assert_int_equal(x.response.header_count, 0);
		assert_int_equal(x.batch.query_count, 0);
		assert_ptr_equal(arena_alloc(&x.arena, 16), x.inline_bytes);
	}
	db_query(&x, &statement, NULL);
	x.batch.queries[0].result = rows;
	exchange_recycle(&x);
	assert_int_equal(rows->destroyed_count, 1);
}

static void a_step_that_does_not_wait_leaves_its_outcome(void **state)
{
	(void)state;
	x.next = end;
	assert_int_equal(exchange_step(&x), STEP_RESPOND);
	assert_int_equal(x.outcome, STEP_RESPOND);
}

static void a_step_that_waits_names_what_is_next(void **state)
{
	(void)state;
	x.next = ask;
	x.outcome = STEP_STREAM;
	x.deadline_ns = 12345;
	assert_int_equal(exchange_step(&x), STEP_AWAIT);
	assert_int_equal(x.outcome, STEP_STREAM);
	assert_ptr_equal(x.next, end);
	assert_ptr_equal(x.awaited.class, &batch_class);
	assert_int_equal(x.batch.deadline_ns, 12345);
	assert_true(x.batch.submitted_ns >= x.arrived_ns);
}

static void times_add_up_over_the_steps(void **state)
{
	(void)state;
	x.batch.submitted_ns = 100;
	x.batch.sent_ns = 150;
	x.batch.done_ns = 400;
	exchange_note_times(&x);
	exchange_note_times(&x);
	assert_int_equal(x.queue_ns, 100);
	assert_int_equal(x.db_ns, 500);
}

static void what_was_never_sent_has_only_queued(void **state)
{
	(void)state;
	x.batch.submitted_ns = 100;
	x.batch.done_ns = 400;
	exchange_note_times(&x);
	assert_int_equal(x.queue_ns, 300);
	assert_int_equal(x.db_ns, 0);
}

/* Database */

static void queries_are_collected_until_they_are_awaited(void **state)
{
	(void)state;
	db_query(&x, &statement, NULL);
	db_query(&x, &statement, NULL);
	await_db(&x, end);
	assert_int_equal(x.batch.query_count, 2);
	db_query(&x, &statement, NULL);
	assert_int_equal(x.batch.query_count, 1);
}

static void the_next_query_gives_back_the_last_results(void **state)
{
	struct db_result *rows = FAKE_EMPTY(2);

	(void)state;
	db_query(&x, &statement, NULL);
	await_db(&x, end);
	x.batch.queries[0].result = rows;
	db_batch_fail(&x.batch, ERROR_CONFLICT, "");
	assert_ptr_equal(exchange_result(&x, 0), rows);
	assert_int_equal(exchange_db_error(&x), ERROR_CONFLICT);
	db_query(&x, &statement, NULL);
	assert_int_equal(rows->destroyed_count, 1);
	assert_int_equal(exchange_db_error(&x), ERROR_NONE);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const struct text value = TEXT_INIT("GET");

	(void)state;
	expect_assert_failure(await_db(&x, end));
	expect_assert_failure(exchange_result(&x, 0));
	db_query(&x, &statement, NULL);
	expect_assert_failure(exchange_db_error(&x));
	await_db(&x, end);
	expect_assert_failure(await_db(&x, end));
	expect_assert_failure(exchange_await_error(&x));
	expect_assert_failure(respond_broken_off(&x));
	for (unsigned i = 0; i < HTTP_EXTRA_HEADERS_MAX; i++)
		response_add_header(&x, "allow", value);
	expect_assert_failure(response_add_header(&x, "allow", value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_begins_empty_with_its_memory_inside),
	    TEST(it_may_begin_again_after_it_was_recycled),
	    TEST(a_step_that_does_not_wait_leaves_its_outcome),
	    TEST(a_step_that_waits_names_what_is_next),
	    TEST(times_add_up_over_the_steps),
	    TEST(what_was_never_sent_has_only_queued),
	    TEST(queries_are_collected_until_they_are_awaited),
	    TEST(the_next_query_gives_back_the_last_results),
	    TEST(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
