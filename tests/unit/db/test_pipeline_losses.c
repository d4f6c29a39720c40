#include "losses_fixture.h"

/* Losses */

static void a_read_is_run_once_more_elsewhere(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	submit(1, &country);
	turn();
	fake_pq_hang_up(reads());
	run_for(15); /* less than a standstill */
	assert_int_equal(all_done, 0);
	assert_int_equal(fake_pq.opened, 3);
	assert_int_equal(fake_pq_unanswered(fake_pq_conn(2)), 4); /* two reads, each with its Sync */
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 1);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 2);
	fake_pq_answer_all(fake_pq_conn(2));
	turn();
	assert_ok(0, "country");
	assert_ok(1, "country");
}

static void a_read_lost_twice_is_not_run_a_third_time(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	fake_pq_hang_up(reads());
	run_for(50);
	fake_pq_hang_up(fake_pq_conn(2));
	run_for(50);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	assert_int_equal(all_done, 1);
}

/* An administrator ends all sessions: a batch that meets that twice is no suspect. */
static void whose_sessions_are_ended_is_run_again(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	for (unsigned c = 0; c < 4; c++) {
		unsigned last = fake_pq.opened - 1;

		for (unsigned each = 0; each <= last; each++)
			if (each != 1 && fake_pq_is_open(fake_pq_conn(each)) &&
			    fake_pq_unanswered(fake_pq_conn(each)) > 0)
				fake_pq_answer_error(fake_pq_conn(each), "57P01",
						     "terminating connection due to administrator command", NULL);
		run_for(20);
	}
	assert_int_equal(all_done, 0);
	answer_until_done(1);
	assert_ok(0, "country");
}

static void dismiss(unsigned c)
{
	if (fake_pq_is_open(fake_pq_conn(c)) && fake_pq_unanswered(fake_pq_conn(c)) > 0)
		fake_pq_answer_error(fake_pq_conn(c), "57P01", "terminating connection due to administrator command",
				     NULL);
}

static void whose_sessions_are_ended_again_and_again_hears_that(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	for (int i = 0; i < 100 && all_done == 0; i++) {
		run_for(5);
		for (unsigned c = 0; c < fake_pq.opened; c++)
			if (c != 1)
				dismiss(c);
	}
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message, db_given_up);
}

/* And so are sessions that are being set up: PostgreSQL can be reached. */
static void a_session_that_is_ended_before_it_is_ready_fails_nobody(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	fake_pq.answers_setup = false;
	dismiss(0);
	for (unsigned c = 2; c < 2 + DB_CONN_DISMISSED_MAX; c++) {
		for (int i = 0; i < 20 && (fake_pq.opened <= c || fake_pq_unanswered(fake_pq_conn(c)) == 0); i++)
			run_for(2);
		assert_int_equal(fake_pq.opened, c + 1);
		dismiss(c);
		turn();
		submit((int)c, &country);
	}
	run_for(2);
	assert_int_equal(all_done, 0);
	fake_pq.answers_setup = true;
	answer_until_done(1 + DB_CONN_DISMISSED_MAX);
	assert_ok(0, "country");
	for (int i = 2; i < 2 + DB_CONN_DISMISSED_MAX; i++)
		assert_ok(i, "country");
}

static void where_every_session_is_ended_nobody_waits_for_one(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	fake_pq.answers_setup = false;
	for (int i = 0; i < 100 && all_done == 0; i++) {
		for (unsigned c = 0; c < fake_pq.opened; c++)
			if (c != 1)
				dismiss(c);
		run_for(2);
	}
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message, db_unreachable);
	assert_int_equal(fake_pq.opened, 2 + DB_CONN_DISMISSED_MAX + 1);
	fake_pq.answers_setup = true;
}

/* Twice behind a batch that changes its session: nothing was lost. */
static void behind_a_changed_session_nobody_is_lost(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&language, 0);
	submit(0, &language);
	turn();
	submit(1, &country);
	turn();
	for (int round = 0; round < 3; round++) {
		for (unsigned c = 0; c < fake_pq.opened; c++)
			if (c != 1 && fake_pq_is_open(fake_pq_conn(c)) && fake_pq_unanswered(fake_pq_conn(c)) > 2) {
				fake_pq_report(fake_pq_conn(c), "DateStyle", "German");
				fake_pq_answer(fake_pq_conn(c));
				fake_pq_answer(fake_pq_conn(c));
			}
		run_for(30);
	}
	answer_until_done(2);
	assert_ok(0, "language");
	assert_ok(1, "country");
	assert_false(batches[1].was_lost);
	assert_true(batches[1].was_run_again);
}

static void a_write_that_was_lost_is_never_run_again(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit(0, &add);
	turn();
	fake_pq_answer(writes()); /* written, but its Sync has not come */
	fake_pq_hang_up(writes());
	run_for(100);
	assert_failed(0, ERROR_OUTCOME_UNKNOWN);
	for (unsigned c = 2; c < fake_pq.opened; c++)
		assert_null(strstr(fake_pq_sent(fake_pq_conn(c)), "add("));
}

/* Dismissed behind its result: it may be done. Dismissed before: it is not, and its client may send it again. */
static void a_write_on_a_dismissed_session_is_never_run_again(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&add, 0);
	pipeline->distance_ns = 300 * NS_PER_US;
	for (int i = 0; i < 2; i++)
		submit(i, &add);
	turn();
	fake_pq_answer(writes());
	fake_pq_answer_error(writes(), "57P01", "terminating connection due to administrator command", NULL);
	run_for(50);
	assert_failed(0, ERROR_OUTCOME_UNKNOWN);
	assert_failed(1, ERROR_OUTCOME_UNKNOWN);
	submit(2, &add);
	run_for(20);
	fake_pq_answer_error(fake_pq_conn(2), "57P01", "terminating connection due to administrator command", NULL);
	run_for(50);
	assert_failed(2, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[2].message, "the database ended the session; nothing was written");
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 0);
}

static void a_failed_write_stays_failed_when_the_connection_is_lost(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit(0, &add);
	turn();
	fake_pq_answer_error(writes(), "23505", "duplicate", NULL);
	fake_pq_hang_up(writes());
	run_for(50);
	assert_failed(0, ERROR_CONFLICT);
}

static void a_lost_idle_connection_comes_back_before_anybody_asks(void **state)
{
	(void)state;
	start();
	run_for(20);
	fake_pq_hang_up(reads());
	turn();
	assert_false(db_pipeline_is_ready(pipeline));
	run_for(1200);
	assert_true(db_pipeline_is_ready(pipeline));
}

/* Where nothing goes on deadlines are looked at once a second only. */
static void a_connect_is_looked_at_while_nothing_else_goes_on(void **state)
{
	(void)state;
	start();
	for (int i = 0; i < 100 && pipeline->ticks_fast; i++)
		run_for(5);
	assert_false(pipeline->ticks_fast);
	fake_pq.hangs = true;
	fake_pq_hang_up(reads());
	for (int i = 0; i < 300 && fake_pq.opened < 3; i++)
		run_for(5);
	assert_int_equal(fake_pq.opened, 3);
	assert_true(pipeline->ticks_fast);
	fake_pq.hangs = false;
}

/* The tries in quick succession are for where PostgreSQL has no place at the moment. */
static void a_connect_that_fails_otherwise_takes_no_quick_try(void **state)
{
	(void)state;
	start();
	pipeline->room_tries = 3;
	fake_pq.refuses = true;
	fake_pq_hang_up(reads());
	for (int i = 0; i < 400 && pipeline->failures == 0; i++)
		run_for(5);
	assert_int_equal(pipeline->failures, 1);
	assert_int_equal(pipeline->room_tries, 3);
	assert_false(pipeline->is_full);
}

static void without_a_database_requests_fail_at_once_and_it_comes_back(void **state)
{
	(void)state;
	start();
	fake_pq.refuses = true;
	fake_pq_hang_up(reads());
	turn();
	submit(0, &country);
	run_for(30);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	submit(1, &country);
	turn();
	assert_failed(1, ERROR_DATABASE_UNAVAILABLE);
	assert_true(fake_pq.opened < 6);
	fake_pq.refuses = false;
	for (int i = 0; i < 100 && !db_pipeline_is_ready(pipeline); i++)
		run_for(30);
	teach(&country, 0);
}

static void a_connect_that_hangs_is_given_up_in_time(void **state)
{
	(void)state;
	start();
	fake_pq.hangs = true;
	fake_pq_hang_up(reads());
	turn();
	submit(0, &country);
	run_for(100);
	assert_int_equal(all_done, 0);
	run_for(150);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	fake_pq.hangs = false;
}

/* Faults: whatever call fails, every batch is over once, and no write is sent twice. */

static void run_with_fault(unsigned fail_at, bool shows_prepares)
{
	unsigned adds = 0;

	fake_pq.shows_prepares = shows_prepares;

	fake_pq.fail_at = fail_at;
	fake_pq.answers_everything = true;
	pipeline_settings.shared_connections = 2;
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	run_for(12);
	for (int i = 0; i < 6; i++)
		submit(i, i == 2 ? &add : &country);
	run_until_done(6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(done_count[i], 1);
	for (unsigned c = 0; c < fake_pq.opened; c++)
		adds += strstr(fake_pq_sent(fake_pq_conn(c)), " add(2)") != NULL;
	assert_in_range(adds, 0, 1);
}

static void survive_faults(void **state, bool shows_prepares)
{
	unsigned fail_at = 0;
	bool was_clean;

	do {
		assert_int_equal(tear_down(state), 0);
		set_up(state);
		run_with_fault(++fail_at, shows_prepares);
		was_clean = fake_pq.failed_call == NULL;
	} while (!was_clean);
	for (int i = 0; i < 6; i++)
		assert_ok(i, i == 2 ? "add" : "country");
	assert_true(fail_at > 30);
}

static void a_fault_in_any_call_is_survived(void **state)
{
	survive_faults(state, false);
	survive_faults(state, true); /* what waits for a statement to be prepared, too */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_read_is_run_once_more_elsewhere),
	    TEST(a_read_lost_twice_is_not_run_a_third_time),
	    TEST(whose_sessions_are_ended_is_run_again),
	    TEST(whose_sessions_are_ended_again_and_again_hears_that),
	    TEST(a_session_that_is_ended_before_it_is_ready_fails_nobody),
	    TEST(where_every_session_is_ended_nobody_waits_for_one),
	    TEST(behind_a_changed_session_nobody_is_lost),
	    TEST(a_write_that_was_lost_is_never_run_again),
	    TEST(a_write_on_a_dismissed_session_is_never_run_again),
	    TEST(a_failed_write_stays_failed_when_the_connection_is_lost),
	    TEST(a_lost_idle_connection_comes_back_before_anybody_asks),
	    TEST(a_connect_is_looked_at_while_nothing_else_goes_on),
	    TEST(a_connect_that_fails_otherwise_takes_no_quick_try),
	    TEST(without_a_database_requests_fail_at_once_and_it_comes_back),
	    TEST(a_connect_that_hangs_is_given_up_in_time),
	    TEST(a_fault_in_any_call_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
