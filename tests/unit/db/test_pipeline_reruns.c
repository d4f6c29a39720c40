#include "losses_fixture.h"

/* What was not run cannot have been written twice. */
static void a_write_that_met_lost_statements_is_run_again(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit(0, &add);
	turn();
	fake_pq_answer_error(writes(), "26000", "prepared statement \"add\" does not exist", NULL);
	fake_pq_answer(writes());
	answer_until_done(1);
	assert_ok(0, "add");
	assert_false(batches[0].was_lost);
}

static void a_write_that_never_meets_its_statement_says_that_nothing_was_written(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	fake_pq.answers_everything = true;
	fake_pq.forgets = 100;
	submit(0, &add);
	for (int i = 0; i < 100 && all_done == 0; i++)
		run_for(20);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message, db_not_run);
}

/* Its transaction was rolled back, so a write runs again as well as a read, and on the same connection. */
static void what_other_transactions_were_in_the_way_of_runs_again(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	fake_pq.answers_everything = true;
	fake_pq.contends = RERUNS_NEEDED;
	batches[0].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	submit(0, &add);
	run_until_done(1);
	assert_ok(0, "add");
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, RERUNS_NEEDED);
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 0);
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 0);
}

/* Those that were in each other's way are not to meet again; what waited meanwhile goes behind it. */
static void what_runs_again_rests_and_then_goes_first(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&add, 0);
	submit(0, &add);
	submit(1, &add);
	turn();
	assert_string_equal(fake_pq_sent(writes()), "add(0) Sync");
	fake_pq_answer_error(writes(), "40001", "could not serialize access", NULL);
	fake_pq_answer_all(writes());
	turn();
	assert_true(batches[0].was_run_again);
	assert_true(batches[0].rests_until_ns > clock_now_ns());
	assert_string_equal(fake_pq_sent(writes()), "add(1) Sync");
	submit(2, &add);
	pipeline_wake_rested(pipeline, batches[0].rests_until_ns - 1);
	assert_false(list_is_empty(&pipeline->resting));
	pipeline_wake_rested(pipeline, batches[0].rests_until_ns);
	assert_true(list_is_empty(&pipeline->resting));
	fake_pq_answer_all(writes());
	turn();
	assert_string_equal(fake_pq_sent(writes()), "add(0) Sync");
	answer_until_done(3);
	for (int i = 0; i < 3; i++)
		assert_ok(i, "add");
}

static void it_runs_again_so_often_and_no_more(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	fake_pq.answers_everything = true;
	fake_pq.contends = 100;
	batches[0].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	submit(0, &country);
	run_until_done(1);
	assert_failed(0, ERROR_CONTENTION);
	assert_int_equal(fake_pq.contends, 100 - 1 - RERUNS_MAX);
}

/* A commit that fails is rolled back, too. */
static void a_commit_that_failed_runs_again(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit(0, &add);
	turn();
	fake_pq_answer(writes());
	fake_pq_answer_error(writes(), "40001", "could not serialize access", NULL);
	fake_pq_answer_all(writes());
	turn();
	assert_int_equal(all_done, 0);
	answer_until_done(1);
	assert_ok(0, "add");
}

/* A neighbour of a batch that changed the session may have seen the change. */
static void neighbours_of_a_changed_session_run_again(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&language, 0);
	submit(0, &country);
	submit(1, &language);
	turn();
	for (unsigned c = 0; c < fake_pq.opened; c++)
		if (fake_pq_unanswered(fake_pq_conn(c)) > 2)
			fake_pq_report(fake_pq_conn(c), "DateStyle", "German");
	answer_until_done(2);
	assert_ok(0, "country");
	assert_ok(1, "language");
	assert_true(batches[0].was_run_again);
	assert_true(batches[1].was_run_again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_other_transactions_were_in_the_way_of_runs_again),
	    TEST(what_runs_again_rests_and_then_goes_first),
	    TEST(it_runs_again_so_often_and_no_more),
	    TEST(a_commit_that_failed_runs_again),
	    TEST(a_write_that_met_lost_statements_is_run_again),
	    TEST(a_write_that_never_meets_its_statement_says_that_nothing_was_written),
	    TEST(neighbours_of_a_changed_session_run_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
