#include "wait_fixture.h"

static const char *numbered(const char *statement, int i)
{
	static char text[32];

	snprintf(text, sizeof(text), "%s(%d)", statement, i);
	return text;
}

/* The blocking way */

static void waiting_runs_a_batch(void **state)
{
	(void)state;
	fake_pq.answers_everything = true;
	db_batch_add(&batches[0], &country, values[0]);
	batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[0]);
	assert_row(0, "country(0)");
	db_batch_add(&batches[1], &add, values[1]);
	batches[1].deadline_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[1]);
	assert_row(1, "add(1)");
	assert_int_equal(fake_pq.opened, 2);
	assert_non_null(strstr(fake_pq_sent(fake_pq_conn(0)), "SELECT(off,5000,31000,on,"));
	/* a read goes on its own kind's, as long as that is there */
	db_batch_add(&batches[2], &country, values[2]);
	batches[2].deadline_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[2]);
	assert_non_null(strstr(fake_pq_sent(fake_pq_conn(0)), "country(2) Sync"));
	assert_non_null(strstr(fake_pq_sent(fake_pq_conn(1)), "SELECT(off,5000,31000,off,"));
}

/* No two of a process have one number in the log. */
static void each_connection_has_a_number(void **state)
{
	struct db_wait other;

	(void)state;
	db_wait_init(&other, &settings, 3);
	assert_int_equal(other.reads.number, 6);
	assert_int_equal(other.writes.number, 7);
	assert_true(other.reads.is_read_only);
	assert_false(other.writes.is_read_only);
}

static void waiting_ends_at_the_deadline(void **state)
{
	uint64_t before_ns = clock_now_ns();

	(void)state;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = before_ns + 20 * NS_PER_MS;
	db_wait_run(&wait, &batches[0]);
	assert_int_equal(batches[0].error, ERROR_DEADLINE_OUTCOME_UNKNOWN);
	assert_non_null(strstr(batches[0].message, "whether it was written is not known"));
	assert_true(clock_now_ns() - before_ns >= 20 * NS_PER_MS);
	assert_int_equal(fake_pq.open, 0);
}

static void a_statement_that_is_not_prepared_in_time_is_not_run(void **state)
{
	(void)state;
	fake_pq.shows_prepares = true;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = clock_now_ns() + 20 * NS_PER_MS;
	db_wait_run(&wait, &batches[0]);
	assert_int_equal(batches[0].error, ERROR_DEADLINE);
	assert_string_equal(batches[0].message, db_not_prepared);
	assert_null(strstr(fake_pq_sent(pg()), "add(0)"));
	assert_int_equal(fake_pq.open, 0);
}

/* What cannot be answered in time any more is not written either. */
static void a_batch_whose_deadline_has_passed_is_not_sent(void **state)
{
	(void)state;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
	fake_pq.answers_everything = true;
	db_wait_run(&wait, &batches[0]);
	fake_pq_sent(pg());
	db_batch_add(&batches[1], &add, values[1]);
	batches[1].deadline_ns = clock_now_ns() - 1;
	db_wait_run(&wait, &batches[1]);
	assert_int_equal(batches[1].error, ERROR_DEADLINE);
	assert_string_equal(fake_pq_sent(pg()), "");
}

static void a_connection_that_has_grown_is_closed_when_it_rests(void **state)
{
	(void)state;
	fake_pq.answers_everything = true;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = clock_now_ns() + 5 * NS_PER_S;
	db_wait_run(&wait, &batches[0]);
	db_wait_rest(&wait, wait.writes.progress_ns + 1000 * NS_PER_S);
	assert_true(db_conn_is_usable(&wait.writes));
	wait.writes.has_grown = true;
	db_wait_rest(&wait, wait.writes.progress_ns + DB_CONN_REST_S * NS_PER_S);
	assert_true(db_conn_is_usable(&wait.writes));
	db_wait_rest(&wait, wait.writes.progress_ns + DB_CONN_REST_S * NS_PER_S + 1);
	assert_false(db_conn_is_usable(&wait.writes));
	assert_false(wait.writes.has_grown);
	assert_int_equal(atomic_load(&wait.open), 0);
	db_batch_add(&batches[1], &add, values[1]);
	batches[1].deadline_ns = clock_now_ns() + 5 * NS_PER_S;
	db_wait_run(&wait, &batches[1]);
	assert_int_equal(batches[1].error, ERROR_NONE);
}

static void what_has_waited_is_told_what_is_left(void **state)
{
	unsigned ms;

	(void)state;
	fake_pq.answers_everything = true;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = clock_now_ns() + 5 * NS_PER_S;
	db_wait_run(&wait, &batches[0]);
	fake_pq_sent(pg());
	db_batch_add(&batches[1], &add, values[1]);
	batches[1].deadline_ns = clock_now_ns() + 5 * NS_PER_S;
	db_wait_run(&wait, &batches[1]);
	assert_string_equal(fake_pq_sent(pg()), "add(1) Sync");
	db_batch_add(&batches[2], &add, values[2]);
	batches[2].deadline_ns = clock_now_ns() + 4 * NS_PER_S;
	db_wait_run(&wait, &batches[2]);
	assert_int_equal(sscanf(fake_pq_sent(pg()), "meantime:(%u) add(2) Sync", &ms), 1);
	assert_in_range(ms, 3000, 4001);
	assert_row(2, "add(2)");
}

/* PostgreSQL grants one connection. */
static void one_connection_serves_both_kinds(void **state)
{
	(void)state;
	fake_pq.answers_everything = true;
	fake_pq.granted = 1;
	log_set_level(LOG_ERROR + 1);
	for (int i = 0; i < 6; i++) {
		db_batch_add(&batches[i], i % 2 == 0 ? &country : &add, values[i]);
		batches[i].deadline_ns = clock_now_ns() + 5 * NS_PER_S;
		db_wait_run(&wait, &batches[i]);
		assert_row(i, i % 2 == 0 ? numbered("country", i) : numbered("add", i));
		assert_false(db_wait_is_cut_off(&wait));
	}
	assert_int_equal(fake_pq.open, 1);
	assert_false(db_conn_is_usable(&wait.reads));
	fake_pq_sent(wait.writes.pg);
	db_batch_add(&batches[6], &country, values[6]);
	batches[6].deadline_ns = clock_now_ns() + 5 * NS_PER_S;
	wait.retry_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[6]);
	/* no GET writes, whatever its connection */
	assert_string_equal(fake_pq_sent(wait.writes.pg), "R/O country(6) Sync");
}

/* Where it is not known that there is no place, a connection that works is kept. */
static void a_connect_that_fails_otherwise_closes_no_other(void **state)
{
	(void)state;
	fake_pq.answers_everything = true;
	log_set_level(LOG_ERROR + 1);
	db_batch_add(&batches[0], &country, values[0]);
	batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[0]);
	fake_pq.refuses = true;
	db_batch_add(&batches[1], &add, values[1]);
	batches[1].deadline_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[1]);
	assert_int_equal(batches[1].error, ERROR_DATABASE_UNAVAILABLE);
	assert_true(db_conn_is_usable(&wait.reads));
	assert_false(wait.writes.is_full);
	assert_false(db_wait_is_cut_off(&wait));
}

static void the_words_of_a_refused_connect_have_no_codes(void **state)
{
	(void)state;
	fake_pq.granted = 1;
	log_set_level(LOG_ERROR + 1);
	assert_int_equal(db_wait_open(&wait.reads, clock_now_ns() + NS_PER_S), 0);
	assert_int_equal(db_wait_open(&wait.writes, clock_now_ns() + NS_PER_S), -1);
	assert_true(wait.writes.is_full);
	assert_false(wait.writes.gave_up); /* that is an administrator's */
	assert_string_equal(wait.writes.error,
			    "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: FATAL:  too many "
			    "connections for role \"app\"");
}

static void without_a_database_waiting_fails_at_once_and_backs_off(void **state)
{
	(void)state;
	fake_pq.refuses = true;
	log_set_level(LOG_ERROR + 1);
	for (int i = 0; i < 5; i++) {
		db_batch_add(&batches[i], &country, values[i]);
		batches[i].deadline_ns = clock_now_ns() + NS_PER_S;
		db_wait_run(&wait, &batches[i]);
		assert_int_equal(batches[i].error, ERROR_DATABASE_UNAVAILABLE);
	}
	assert_int_equal(fake_pq.opened, 1);
	assert_int_equal(wait.failures, 1);
}

/* Its columns are others than the endpoint's. */
static void what_is_refused_before_it_runs_is_not_sent(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq_describe("add", 2, 0, 25);
	run(0, &add);
	assert_int_equal(batches[0].error, ERROR_DATABASE_ERROR);
	assert_null(strstr(fake_pq_sent(pg()), "add(0)"));
	assert_int_equal(fake_pq.open, 1);
	assert_int_equal(wait.run_again, 0);
}

/* Otherwise a write would be sent on it, and its outcome would not be known. */
static void what_has_ended_while_idle_is_noticed_before_anything_is_sent(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	run(0, &add);
	fake_pq_notify(pg(), 1); /* that is no end */
	run(1, &add);
	assert_row(1, "add(1)");
	assert_int_equal(fake_pq.opened, 1);
	assert_int_equal(wait.lost, 0);
	fake_pq_push(pg(), PGRES_FATAL_ERROR, "57P01", "terminating connection");
	fake_pq_hang_up(pg());
	run(2, &add);
	assert_row(2, "add(2)");
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(wait.lost, 1);
	assert_int_equal(wait.run_again, 0);
}

static void a_deadline_while_it_connects_is_no_failed_connect(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq.hangs = true;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = clock_now_ns() + 20 * NS_PER_MS;
	db_wait_run(&wait, &batches[0]);
	assert_int_equal(batches[0].error, ERROR_DEADLINE);
	assert_int_equal(wait.failures, 0);
	settings.connect_timeout_ms = 20;
	run(1, &add);
	assert_int_equal(batches[1].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(wait.writes.error, "no connection within 20 ms");
	assert_int_equal(wait.failures, 1);
}

static void a_probe_connects_again_when_it_is_time(void **state)
{
	struct db_numbers counted = {0};

	(void)state;
	log_set_level(LOG_ERROR + 1);
	assert_false(db_wait_is_cut_off(&wait));
	db_wait_probe(&wait);
	assert_int_equal(fake_pq.opened, 0);
	fake_pq.refuses = true;
	run(0, &country);
	assert_true(db_wait_is_cut_off(&wait));
	fake_pq.refuses = false;
	wait.retry_ns = clock_now_ns() + 60 * NS_PER_S;
	db_wait_probe(&wait);
	assert_int_equal(fake_pq.opened, 1);
	wait.retry_ns = 0;
	fake_pq.hangs = true;
	db_wait_probe(&wait); /* it is not waited for for long */
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(wait.failures, 2);
	assert_true(wait.retry_ns > 0);
	wait.retry_ns = 0;
	fake_pq.hangs = false;
	db_wait_probe(&wait);
	assert_int_equal(wait.failures, 0);
	assert_false(db_wait_is_cut_off(&wait));
	assert_true(db_conn_is_usable(&wait.reads));
	db_wait_count(&wait, &counted);
	assert_int_equal(counted.open, 1);
	assert_int_equal(counted.busy, 0);
}

static void a_write_that_was_lost_is_never_run_again(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq.cuts = 1;
	run(0, &add);
	assert_int_equal(batches[0].error, ERROR_OUTCOME_UNKNOWN);
	assert_string_equal(batches[0].message, db_outcome_unknown);
	assert_null(batches[0].queries[0].result);
	assert_int_equal(fake_pq.opened, 1);
	assert_int_equal(wait.run_again, 0);
	run(1, &add);
	assert_row(1, "add(1)");
}

static void a_write_on_a_dismissed_session_is_never_run_again(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq.dismisses = 1;
	run(0, &add);
	assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message, "the database ended the session; nothing was written");
	assert_int_equal(fake_pq.opened, 1);
	assert_int_equal(wait.run_again, 0);
}

/* An administrator ends all sessions, and one that is being set up is among them: PostgreSQL can be reached. */
static void a_session_that_is_ended_before_it_is_ready_fails_nobody(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq.ends = DB_CONN_DISMISSED_MAX;
	run(0, &add);
	assert_row(0, "add(0)");
	assert_int_equal(fake_pq.opened, DB_CONN_DISMISSED_MAX + 1);
	assert_int_equal(wait.failures, 0);
	fake_pq.ends = 100;
	db_wait_cleanup(&wait);
	run(1, &add);
	assert_int_equal(batches[1].error, ERROR_DATABASE_UNAVAILABLE);
	assert_int_equal(fake_pq.ends, 100 - DB_CONN_DISMISSED_MAX - 1);
	assert_int_equal(wait.failures, 1);
}

/* Whatever call fails, a write is known to be done only when it is. */
static void a_fault_in_any_call_is_no_success(void **state)
{
	unsigned fail_at = 0;
	bool has_failed = true;

	while (has_failed) {
		assert_int_equal(tear_down(state), 0);
		set_up(state);
		log_set_level(LOG_ERROR + 1);
		fake_pq.answers_everything = fake_pq.shows_prepares = true;
		fake_pq.fail_at = ++fail_at;
		db_batch_add(&batches[0], &add, values[0]);
		batches[0].submitted_ns = clock_now_ns();
		batches[0].deadline_ns = batches[0].submitted_ns + NS_PER_S;
		db_wait_run(&wait, &batches[0]);
		assert_true(batches[0].done_ns >= batches[0].submitted_ns);
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
	    TEST(waiting_runs_a_batch),
	    TEST(waiting_ends_at_the_deadline),
	    TEST(a_statement_that_is_not_prepared_in_time_is_not_run),
	    TEST(a_batch_whose_deadline_has_passed_is_not_sent),
	    TEST(a_connection_that_has_grown_is_closed_when_it_rests),
	    TEST(what_has_waited_is_told_what_is_left),
	    TEST(one_connection_serves_both_kinds),
	    TEST(a_connect_that_fails_otherwise_closes_no_other),
	    TEST(the_words_of_a_refused_connect_have_no_codes),
	    TEST(without_a_database_waiting_fails_at_once_and_backs_off),
	    TEST(a_fault_in_any_call_is_no_success),
	    TEST(each_connection_has_a_number),
	    TEST(what_is_refused_before_it_runs_is_not_sent),
	    TEST(what_has_ended_while_idle_is_noticed_before_anything_is_sent),
	    TEST(a_deadline_while_it_connects_is_no_failed_connect),
	    TEST(a_probe_connects_again_when_it_is_time),
	    TEST(a_write_that_was_lost_is_never_run_again),
	    TEST(a_write_on_a_dismissed_session_is_never_run_again),
	    TEST(a_session_that_is_ended_before_it_is_ready_fails_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
