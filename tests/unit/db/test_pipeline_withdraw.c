/* What nothing is to become of any more, wherever it is: it waits, its statement is being prepared, or it was sent. */
#include "pipeline_fixture.h"

enum { TICK_MS = 10 };

static void one_that_was_sent_is_over_at_the_next_tick(void **state)
{
	uint64_t *expected_ns;
	PGconn *conn;

	(void)state;
	start();
	teach(&slow, 20);
	submit(0, &slow);
	conn = await_carrier(0);
	expected_ns = pipeline_expectation_of(pipeline, &batches[0]);
	*expected_ns = 20 * NS_PER_MS;
	db_pipeline_withdraw(pipeline, &batches[0]);
	assert_int_equal(all_done, 0);
	run_for(TICK_MS);
	assert_failed(0, ERROR_DEADLINE);
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 0);
	/* what it would have taken is not known */
	assert_int_equal(*expected_ns, 20 * NS_PER_MS);
	/* the connection is good for the next, when PostgreSQL has answered */
	fake_pq_answer_all(conn);
	turn();
	assert_int_equal(done_count[0], 1);
	submit(1, &slow);
	answer_until_done(2);
	assert_ok(1, "slow");
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 0);
}

static void its_neighbours_in_the_unit_go_on(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	for (int i = 0; i < 3; i++)
		submit(i, &country);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) country(1) country(2) Sync");
	db_pipeline_withdraw(pipeline, &batches[1]);
	run_for(TICK_MS);
	assert_int_equal(all_done, 1);
	fake_pq_answer_all(reads());
	turn();
	assert_ok(0, "country");
	assert_ok(2, "country");
	assert_failed(1, ERROR_DEADLINE);
}

static void one_that_waits_is_over_at_the_end_of_the_turn(void **state)
{
	unsigned waiting;

	(void)state;
	start();
	teach(&slow, 20);
	for (int i = 0; i < 8; i++)
		submit(i, &slow);
	run_for(20);
	waiting = db_pipeline_numbers(pipeline).waiting;
	assert_true(waiting > 0);
	db_pipeline_withdraw(pipeline, &batches[7]);
	assert_int_equal(all_done, 0);
	turn();
	assert_failed(7, ERROR_BUSY);
	assert_int_equal(batches[7].sent_ns, 0);
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, waiting - 1);
	answer_until_done(8);
	for (int i = 0; i < 7; i++)
		assert_ok(i, "slow");
}

/* In the turn in which it comes it is sent all the same. */
static void one_that_has_just_come_is_over_soon(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	db_pipeline_withdraw(pipeline, &batches[0]);
	run_for(TICK_MS);
	assert_failed(0, ERROR_DEADLINE);
	fake_pq_answer_all(reads());
	turn();
	assert_int_equal(done_count[0], 1);
}

static void one_whose_statement_is_being_prepared_is_not_run(void **state)
{
	(void)state;
	fake_pq.shows_prepares = true;
	start();
	submit(0, &country);
	turn();
	db_pipeline_withdraw(pipeline, &batches[0]);
	run_for(TICK_MS);
	assert_failed(0, ERROR_BUSY);
	fake_pq_answer_all(reads());
	turn();
	assert_null(strstr(fake_pq_sent(reads()), "country(0)"));
}

static void one_that_is_over_stays_as_it_is(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	answer_until_done(1);
	db_pipeline_withdraw(pipeline, &batches[0]);
	run_for(TICK_MS);
	assert_ok(0, "country");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_that_was_sent_is_over_at_the_next_tick),       TEST(its_neighbours_in_the_unit_go_on),
	    TEST(one_that_waits_is_over_at_the_end_of_the_turn),    TEST(one_that_has_just_come_is_over_soon),
	    TEST(one_whose_statement_is_being_prepared_is_not_run), TEST(one_that_is_over_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
