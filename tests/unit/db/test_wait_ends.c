/* The blocking way, where the system, a name or the other connection is in the way; nothing sleeps. */
#include "conn_fixture.h"
#include "wait_ends_fixture.h"

static struct db_numbers counted(void)
{
	struct db_numbers sum = {0};

	db_wait_count(&wait, &sum);
	return sum;
}

/* The system */

static void a_signal_is_no_end(void **state)
{
	(void)state;
	system_says.error = EINTR;
	system_says.errors = 3;
	run(0, &country);
	assert_row(0, "country(0)");
	assert_int_equal(system_says.errors, 0);
	assert_int_equal(fake_pq.opened, 1);
}

static void a_wait_that_the_system_refuses_loses_the_connection(void **state)
{
	(void)state;
	run(0, &add);
	system_says.error = ENOMEM;
	system_says.errors = 1;
	fake_pq.answers_everything = false;
	run_within(1, &add, 60000);
	assert_int_equal(batches[1].error, ERROR_OUTCOME_UNKNOWN);
	assert_int_equal(fake_pq.open, 0);
}

static void it_waits_for_what_is_left_and_no_longer(void **state)
{
	(void)state;
	run_within(0, &country, 700);
	assert_row(0, "country(0)");
	assert_true(system_says.longest_ns <= (700 + DB_BATCH_GRACE_MS) * NS_PER_MS);
}

static void nothing_is_waited_for_once_it_is_too_late(void **state)
{
	(void)state;
	fake_pq.hangs = true;
	assert_int_equal(db_wait_open(&wait.reads, clock_now_ns() - 1), 1);
	assert_int_equal(system_says.polls, 0);
	assert_int_equal(fake_pq.open, 0);
}

/* What is counted */

static unsigned busy_meanwhile;

static const char *look_meanwhile(unsigned index, const char *sent)
{
	(void)index;
	busy_meanwhile = counted().busy;
	return sent;
}

static void numbers_are_told_while_it_waits(void **state)
{
	(void)state;
	busy_meanwhile = 0;
	run(0, &country);
	fake_pq.answer = look_meanwhile;
	run(1, &add);
	assert_int_equal(busy_meanwhile, 1);
	assert_int_equal(counted().busy, 0);
	assert_int_equal(counted().open, 2);
	assert_int_equal(counted().units, 2);
	assert_int_equal(counted().lost, 0);
	fake_pq_hang_up(fake_pq_conn(0));
	run(2, &country);
	assert_int_equal(counted().lost, 1);
}

/* An end without a word is the deadline's: the log is told of others. */
static void the_log_says_what_ended_a_connection(void **state)
{
	const char *logged;

	(void)state;
	fake_pq.cuts = 1;
	log_tap_begin(LOG_INFO);
	run(0, &add);
	logged = log_tap_end();
	assert_non_null(strstr(logged, " lost: "));
	fake_pq.answers_everything = false;
	log_tap_begin(LOG_INFO);
	run_within(1, &add, 20);
	logged = log_tap_end();
	assert_string_equal(logged, "");
	assert_true(batches[1].done_ns >= batches[1].deadline_ns);
}

static void the_log_says_once_that_it_cannot_connect(void **state)
{
	const char *logged;

	(void)state;
	fake_pq.refuses = true;
	log_tap_begin(LOG_INFO);
	run(0, &country);
	logged = log_tap_end();
	assert_non_null(strstr(logged, "cannot connect: "));
	log_tap_begin(LOG_INFO);
	wait.retry_ns = 0;
	run(1, &country);
	logged = log_tap_end();
	assert_string_equal(logged, "");
	fake_pq.refuses = false;
	log_tap_begin(LOG_INFO);
	wait.retry_ns = 0;
	run(2, &country);
	run(3, &add);
	logged = log_tap_end();
	assert_non_null(strstr(logged, "connected again"));
	assert_null(strstr(strstr(logged, "connected again") + 1, "connected again"));
}

static void one_failure_is_enough_for_connected_again(void **state)
{
	const char *logged;

	(void)state;
	fake_pq.refuses = true;
	run(0, &country);
	assert_int_equal(wait.failures, 1);
	fake_pq.refuses = false;
	wait.retry_ns = 0;
	log_tap_begin(LOG_INFO);
	run(1, &country);
	logged = log_tap_end();
	assert_non_null(strstr(logged, "connected again"));
}

/* Times */

/* What was to be waited for has been reached since. */
static void a_rest_of_before_is_over(void **state)
{
	(void)state;
	wait.retry_ns = clock_now_ns() + 60 * NS_PER_S;
	run(0, &country);
	assert_row(0, "country(0)");
}

static void a_turn_that_takes_too_long_is_a_deadline(void **state)
{
	(void)state;
	run(0, &country);
	fake_pq.answers_everything = fake_pq.answers_setup = false;
	db_wait_turn(&wait, (struct db_catalog){.edition = 1, .statement_count = 3});
	run_within(1, &country, 200);
	assert_int_equal(batches[1].error, ERROR_DEADLINE);
	assert_string_equal(batches[1].message, "the deadline passed before anything was asked");
	assert_int_equal(fake_pq.opened, 1);
	assert_int_equal(fake_pq.open, 0);
	assert_int_equal(counted().lost, 0);
}

static void what_is_not_prepared_in_time_is_done_then(void **state)
{
	(void)state;
	fake_pq.answers_everything = false;
	fake_pq.shows_prepares = true;
	run_within(0, &add, 20);
	assert_int_equal(batches[0].error, ERROR_DEADLINE);
	assert_true(batches[0].done_ns >= batches[0].deadline_ns);
}

static void a_probe_that_gets_no_answer_backs_off(void **state)
{
	uint64_t before_ns;

	(void)state;
	fake_pq.refuses = true;
	run(0, &country);
	fake_pq.refuses = false;
	fake_pq.hangs = true;
	wait.retry_ns = 0;
	before_ns = clock_now_ns();
	db_wait_probe(&wait);
	assert_true(wait.retry_ns > before_ns + 200 * NS_PER_MS);
}

static void each_rerun_rests_before(void **state)
{
	(void)state;
	fake_pq.contends = 4;
	run(0, &add);
	assert_row(0, "add(0)");
	assert_int_equal(sleeps, 4);
	assert_true(slept_ns >= 4 * NS_PER_MS);
}

/* Others */

static void what_no_client_waits_for_is_not_run(void **state)
{
	atomic_bool is_abandoned = true;

	(void)state;
	batches[0].is_abandoned = &is_abandoned;
	run(0, &add);
	assert_int_equal(fake_pq.opened, 0);
	assert_true(batches[0].done_ns > 0);
	assert_int_not_equal(batches[0].error, ERROR_NONE);
}

static const char *answer_no_more(unsigned index, const char *sent)
{
	(void)index;
	fake_pq.answers_everything = false;
	return sent;
}

/* Its first run was lost, its second has no time left: that is not lost again. */
static void a_deadline_after_a_loss_is_a_deadline(void **state)
{
	(void)state;
	fake_pq.cuts = 1;
	fake_pq.answer = answer_no_more;
	run_within(0, &country, 300);
	assert_int_equal(batches[0].error, ERROR_DEADLINE);
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(counted().run_again, 1);
}

/* It is noticed before a read is sent on it. */
static void the_other_kind_s_connection_may_have_ended(void **state)
{
	(void)state;
	run(0, &add);
	fake_pq_hang_up(pg());
	fake_pq.refuses = true;
	run(1, &country);
	assert_int_equal(batches[1].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[1].message, db_unreachable);
	assert_int_equal(counted().run_again, 0);
	assert_int_equal(counted().lost, 1);
}

/* PostgreSQL takes a moment to let a place go. */
static void a_write_tries_the_place_of_the_reads_until_it_is_free(void **state)
{
	(void)state;
	fake_pq.granted = 1;
	run(0, &country);
	refuses_for = 5;
	run(1, &add);
	assert_row(1, "add(1)");
	assert_int_equal(sleeps, 5);
	assert_true(slept_ns == 5 * 10 * NS_PER_MS);
	/* the read's, the one that was not granted, and those in its place */
	assert_int_equal(fake_pq.opened, 1 + 1 + 5);
}

static void and_gives_up_in_the_end(void **state)
{
	(void)state;
	fake_pq.granted = 1;
	run(0, &country);
	refuses_for = 1000;
	run(1, &add);
	assert_int_equal(batches[1].error, ERROR_DATABASE_UNAVAILABLE);
	assert_int_equal(sleeps, 20);
}

/* Whatever call fails while the second of two is prepared, a write is known to be done only when it is. */
static void a_fault_while_several_are_prepared_is_no_success(void **state)
{
	unsigned fail_at = 0;
	bool has_failed = true;

	while (has_failed) {
		assert_int_equal(tear_down(state), 0);
		set_up_quiet(state);
		fake_pq.shows_prepares = true;
		fake_pq.fail_at = ++fail_at;
		db_batch_add(&batches[0], &add, values[0]);
		db_batch_add(&batches[0], &country, values[1]);
		batches[0].submitted_ns = clock_now_ns();
		batches[0].deadline_ns = batches[0].submitted_ns + 5 * NS_PER_S;
		db_wait_run(&wait, &batches[0]);
		has_failed = fake_pq.failed_call != NULL;
		if (batches[0].error == ERROR_NONE)
			assert_row(0, "add(0)");
		else
			assert_true(has_failed);
	}
	assert_true(fail_at > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_QUIET(a_signal_is_no_end),
	    TEST_QUIET(a_wait_that_the_system_refuses_loses_the_connection),
	    TEST_QUIET(it_waits_for_what_is_left_and_no_longer),
	    TEST_QUIET(nothing_is_waited_for_once_it_is_too_late),
	    TEST_QUIET(numbers_are_told_while_it_waits),
	    TEST_QUIET(the_log_says_what_ended_a_connection),
	    TEST_QUIET(the_log_says_once_that_it_cannot_connect),
	    TEST_QUIET(one_failure_is_enough_for_connected_again),
	    TEST_QUIET(a_rest_of_before_is_over),
	    TEST_QUIET(a_turn_that_takes_too_long_is_a_deadline),
	    TEST_QUIET(what_is_not_prepared_in_time_is_done_then),
	    TEST_QUIET(a_probe_that_gets_no_answer_backs_off),
	    TEST_QUIET(each_rerun_rests_before),
	    TEST_QUIET(what_no_client_waits_for_is_not_run),
	    TEST_QUIET(a_deadline_after_a_loss_is_a_deadline),
	    TEST_QUIET(the_other_kind_s_connection_may_have_ended),
	    TEST_QUIET(a_write_tries_the_place_of_the_reads_until_it_is_free),
	    TEST_QUIET(and_gives_up_in_the_end),
	    TEST_QUIET(a_fault_while_several_are_prepared_is_no_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
