#include "migration_fixture.h"

static void a_statement_is_prepared_where_it_is_first_sent(void **state)
{
	(void)state;
	open_unprepared();
	assert_int_equal(prepare(0, &country), DB_CONN_WAITS);
	assert_int_equal(prepare(1, &country), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "+country ?country Sync");
	assert_int_equal(conn.preparing, 1);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], true), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "");
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(db_conn_prepare(&conn, &batches[i], true), DB_CONN_READY);
		assert_int_equal(db_conn_send(&conn, &batches[i], true), 0);
	}
	assert_int_equal(send_batch(2, &unprepared, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O country(0) Sync R/O country(1) Sync R/O SELECT() Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done, 2 done");
	assert_row(0, "country(0)");
	assert_int_equal(conn.preparing, 0);
	assert_int_equal(conn.units_in_flight, 0);
	assert_int_equal(conn.state, CONN_READY);
}

static void what_was_not_described_is_not_sent(void **state)
{
	(void)state;
	open_unprepared();
	assert_int_equal(prepare(0, &country), DB_CONN_WAITS);
	expect_assert_failure(assert_int_equal(db_conn_send(&conn, &batches[0], true), 0));
}

/* It fails its own batch, and is prepared again with the next. */
static void a_statement_that_does_not_prepare_harms_no_other(void **state)
{
	(void)state;
	open_unprepared();
	log_set_level(LOG_ERROR + 1);
	assert_int_equal(prepare(0, &country), DB_CONN_WAITS);
	assert_int_equal(prepare(1, &slow), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "+country ?country Sync meantime:(250) +slow ?slow Sync");
	fake_pq_answer_error(pg(), "42P01", "relation \"country\" does not exist", NULL);
	assert_int_equal(ask_again(0), DB_CONN_REFUSES);
	assert_string_equal(batches[0].sqlstate, "42P01");
	assert_string_equal(batches[0].said, "relation \"country\" does not exist");
	assert_int_equal(db_conn_prepare(&conn, &batches[1], true), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[1], true), 0);
	assert_int_equal(prepare(2, &country), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "R/O meantime:(250) slow() Sync +country ?country Sync");
	assert_int_equal(ask_again(2), DB_CONN_READY);
	assert_string_equal(over, "1 done");
}

static void all_that_were_to_run_it_fail_with_it(void **state)
{
	(void)state;
	open_unprepared();
	log_set_level(LOG_ERROR + 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(prepare(i, &country), DB_CONN_WAITS);
	fake_pq_answer_error(pg(), "42P01", "relation \"country\" does not exist", NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask_again(i), DB_CONN_REFUSES);
		assert_int_equal(batches[i].error, ERROR_DATABASE_ERROR);
		assert_string_equal(batches[i].sqlstate, "42P01");
		assert_string_equal(batches[i].said, "relation \"country\" does not exist");
	}
	assert_int_equal(conn.state, CONN_READY);
}

/* Its table was locked: that is no fault of the statement's. */
static void a_prepare_that_takes_too_long_is_a_missed_deadline(void **state)
{
	(void)state;
	open_unprepared();
	assert_int_equal(prepare(0, &country), DB_CONN_WAITS);
	batches[0].deadline_ns = clock_now_ns();
	fake_pq_answer_error(pg(), "57014", "canceling statement due to statement timeout", NULL);
	assert_int_equal(ask_again(0), DB_CONN_REFUSES);
	assert_int_equal(batches[0].error, ERROR_DEADLINE);
	assert_false(conn.prepared[country.index].has_complained);
}

static void each_statement_complains_for_itself_and_once(void **state)
{
	(void)state;
	open_unprepared();
	log_set_level(LOG_ERROR + 1);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2; i++) {
			assert_int_equal(prepare(2 * round + i, i == 0 ? &country : &slow), DB_CONN_WAITS);
			if (i == 1)
				fake_pq_answer(pg()); /* its timeout goes before, here too */
			fake_pq_answer_error(pg(), "42P01", "relation does not exist", NULL);
			assert_int_equal(ask_again(2 * round + i), DB_CONN_REFUSES);
		}
		assert_true(conn.prepared[country.index].has_complained);
		assert_true(conn.prepared[slow.index].has_complained);
	}
	assert_int_equal(prepare(4, &country), DB_CONN_WAITS);
	assert_int_equal(ask_again(4), DB_CONN_READY);
	assert_false(conn.prepared[country.index].has_complained);
	assert_true(conn.prepared[slow.index].has_complained);
}

/* DEALLOCATE ALL, in a function. */
static void reads_leave_a_session_that_has_lost_its_statements(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_answer_error(pg(), "26000", "prepared statement \"country\" does not exist", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_true(conn.gave_up);
	db_conn_close(&conn);
	assert_string_equal(over, "0 given up");
}

/* Messages may be in any language. */
static void a_missing_preamble_is_known_in_any_language(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_answer_error(pg(), "26000", "vorbereitete Anweisung gibt es nicht", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_true(conn.gave_up);
}

/* A function has prepared its own under the same name. */
static void a_name_that_is_taken_replaces_the_connection(void **state)
{
	(void)state;
	init_as(false);
	open_unprepared();
	assert_int_equal(prepare(0, &add), DB_CONN_WAITS);
	fake_pq_answer_error(pg(), "42P05", "prepared statement \"add\" already exists", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(over, "");
}

/* One that is retiring takes no more: what was to be sent on it is sent elsewhere, and nothing is prepared for it. */
static void a_retiring_connection_prepares_nothing(void **state)
{
	(void)state;
	init_as(false);
	open_unprepared();
	conn.is_retiring = true;
	assert_int_equal(prepare(0, &add), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "");
}

/* DEALLOCATE ALL took the timeout away, too, with which its unit begins: that says nothing of the statement. */
static void a_prepare_that_misses_its_timeout_replaces_the_connection(void **state)
{
	(void)state;
	open_unprepared();
	assert_int_equal(prepare(0, &slow), DB_CONN_WAITS);
	fake_pq_answer_error(pg(), "26000", "prepared statement \"meantime: timeout\" does not exist", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_true(conn.gave_up);
	assert_false(conn.prepared[slow.index].has_complained);
	db_conn_close(&conn);
	assert_string_equal(over, "");
}

/* A column has another type modifier now: prepared again, it is right again. Its name is taken, and is freed first. */
static void a_plan_that_is_old_is_made_again(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	fake_pq.shows_prepares = true;
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq.source_function = "RevalidateCachedQuery";
	fake_pq_answer_error(pg(), "0A000", "cached plan must not change result type", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 not run");
	fake_pq_sent(pg());
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "DEALLOCATE() +add ?add Sync");
	assert_int_equal(ask_again(0), DB_CONN_READY);
}

/* The parameter of a column that is a text now was prepared as an integer. */
static void what_does_not_fit_its_tables_any_more_is_prepared_again_once(void **state)
{
	static const struct {
		const char *sqlstate, *context;
		bool was_run_again, is_run_again;
	} cases[] = {
	    {"42883", NULL, false, true},
	    {"42883", NULL, true, false},
	    {"42501", NULL, false, false},
	    {"22003", NULL, false, false},
	    {"42883", "PL/pgSQL function put(integer) line 3 at EXECUTE", false, false},
	};

	(void)state;
	init_as(false);
	open_and_prepare();
	for (int i = 0; i < (int)ARRAY_LENGTH(cases); i++) {
		char expected[16];

		over[0] = '\0';
		conn.prepared[add.index].seen = 1;
		fake_pq.context = cases[i].context;
		batches[i].was_run_again = cases[i].was_run_again;
		assert_int_equal(send_batch(i, &add, true), 0);
		fake_pq_answer_error(pg(), cases[i].sqlstate, "operator does not exist: text = integer", NULL);
		fake_pq_answer(pg());
		assert_int_equal(db_conn_advance(&conn), 0);
		snprintf(expected, sizeof(expected), "%d %s", i, cases[i].is_run_again ? "not run" : "done");
		assert_string_equal(over, expected);
		assert_int_equal(conn.prepared[add.index].seen, cases[i].is_run_again ? 0 : 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_statement_is_prepared_where_it_is_first_sent),
	    TEST(what_was_not_described_is_not_sent),
	    TEST(a_statement_that_does_not_prepare_harms_no_other),
	    TEST(all_that_were_to_run_it_fail_with_it),
	    TEST(a_prepare_that_takes_too_long_is_a_missed_deadline),
	    TEST(each_statement_complains_for_itself_and_once),
	    TEST(reads_leave_a_session_that_has_lost_its_statements),
	    TEST(a_missing_preamble_is_known_in_any_language),
	    TEST(a_name_that_is_taken_replaces_the_connection),
	    TEST(a_retiring_connection_prepares_nothing),
	    TEST(a_prepare_that_misses_its_timeout_replaces_the_connection),
	    TEST(a_plan_that_is_old_is_made_again),
	    TEST(what_does_not_fit_its_tables_any_more_is_prepared_again_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
