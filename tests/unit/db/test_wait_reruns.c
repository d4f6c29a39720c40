#include "wait_fixture.h"

/* It was not run, so it can be run, on a session that has its statements. */
static void a_write_that_met_lost_statements_is_run_again(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq.answers_everything = true;
	fake_pq.forgets = 1;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[0]);
	assert_row(0, "add(0)");
	assert_int_equal(fake_pq.opened, 2);
}

static void a_write_that_never_meets_its_statement_says_that_nothing_was_written(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq.answers_everything = true;
	fake_pq.forgets = 100;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[0]);
	assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message, db_not_run);
	assert_int_equal(fake_pq.opened, 5);
}

static void run_contended(unsigned times, const struct db_statement *statement, unsigned ms)
{
	fake_pq.answers_everything = true;
	fake_pq.contends = times;
	db_batch_add(&batches[0], statement, values[0]);
	batches[0].deadline_ns = clock_now_ns() + ms * NS_PER_MS;
	db_wait_run(&wait, &batches[0]);
}

static void a_read_that_was_lost_is_run_once_more_and_no_more(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq.cuts = 1;
	run(0, &country);
	assert_row(0, "country(0)");
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(wait.run_again, 1);
	assert_int_equal(wait.lost, 1);
	fake_pq.cuts = 2;
	run(1, &country);
	assert_int_equal(batches[1].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[1].message, db_lost_twice);
	assert_int_equal(wait.run_again, 2);
	assert_int_equal(wait.lost, 3);
	fake_pq.dismisses = GIVEN_UP_MAX;
	run(2, &country);
	assert_row(2, "country(2)");
	fake_pq.dismisses = GIVEN_UP_MAX + 1;
	run(3, &country);
	assert_int_equal(batches[3].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[3].message, db_given_up);
}

/* Its transaction was rolled back, so a write runs again as well as a read, and on the same connection. */
static void what_other_transactions_were_in_the_way_of_runs_again(void **state)
{
	(void)state;
	run_contended(RERUNS_NEEDED, &add, 60000);
	assert_row(0, "add(0)");
	assert_int_equal(fake_pq.opened, 1);
	assert_int_equal(wait.run_again, RERUNS_NEEDED);
}

static void it_runs_again_so_often_and_no_more(void **state)
{
	(void)state;
	run_contended(100, &add, 60000);
	assert_int_equal(batches[0].error, ERROR_CONTENTION);
	assert_string_equal(batches[0].message, "other transactions were in its way; nothing was written");
	assert_int_equal(fake_pq.contends, 100 - 1 - RERUNS_MAX);
}

/* What it committed before stays: a second run would do that twice. */
static void a_procedure_is_not_run_again(void **state)
{
	static const struct db_statement call = {
	    .name = "call", .sql = "CALL", .index = 2, ONE_TEXT, .may_commit = true};

	(void)state;
	run_contended(1, &call, 60000);
	assert_int_equal(batches[0].error, ERROR_OUTCOME_UNKNOWN);
	assert_int_equal(wait.run_again, 0);
}

/* There is no time left for a rest. */
static void nothing_runs_again_at_its_deadline(void **state)
{
	struct db_batch batch;

	(void)state;
	db_batch_init(&batch);
	batch.is_rolled_back = true;
	batch.deadline_ns = 1000 * NS_PER_S;
	assert_true(rerun_rest_ns(&batch, 0) >= NS_PER_MS);
	assert_int_equal(batch.reruns, 1);
	assert_int_equal(rerun_rest_ns(&batch, batch.deadline_ns - NS_PER_MS), 0);
	assert_int_equal(batch.reruns, 1);
	batch.is_rolled_back = false;
	assert_int_equal(rerun_rest_ns(&batch, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_other_transactions_were_in_the_way_of_runs_again),
	    TEST(it_runs_again_so_often_and_no_more),
	    TEST(a_procedure_is_not_run_again),
	    TEST(nothing_runs_again_at_its_deadline),
	    TEST(a_read_that_was_lost_is_run_once_more_and_no_more),
	    TEST(a_write_that_met_lost_statements_is_run_again),
	    TEST(a_write_that_never_meets_its_statement_says_that_nothing_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
