#include "conn_fixture.h"

/* Statements */

static void a_statement_is_prepared_where_it_is_first_sent(void **state)
{
	(void)state;
	open_unprepared();
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	assert_int_equal(send_batch(2, &unprepared, true), 0);
	assert_string_equal(fake_pq_sent(pg()),
			    "+country Sync R/O country(0) Sync R/O country(1) Sync R/O SELECT() Sync");
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done, 2 done");
	assert_row(0, "country(0)");
	assert_int_equal(conn.preparing, 0);
	assert_int_equal(conn.units_in_flight, 0);
	assert_int_equal(conn.state, CONN_READY);
}

/* It fails its own batch, and is prepared again with the next. */
static void a_statement_that_does_not_prepare_harms_no_other(void **state)
{
	(void)state;
	open_unprepared();
	log_set_level(LOG_ERROR + 1);
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(send_batch(1, &slow, true), 0);
	fake_pq_sent(pg());
	fake_pq_answer_error(pg(), "42P01", "relation \"country\" does not exist", NULL);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "26000", "prepared statement \"country\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done");
	assert_string_equal(batches[0].sqlstate, "42P01");
	assert_string_equal(batches[0].said, "relation \"country\" does not exist");
	assert_int_equal(batches[1].error, ERROR_NONE);
	assert_int_equal(send_batch(2, &country, true), 0);
	assert_int_equal(send_batch(3, &slow, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "+country Sync R/O country(2) Sync R/O meantime:(250) slow() Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(2, "country(2)");
}

/* The second was under way already. */
static void all_that_were_to_run_it_fail_with_it(void **state)
{
	(void)state;
	open_unprepared();
	log_set_level(LOG_ERROR + 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(send_batch(i, &country, true), 0);
	fake_pq_answer_error(pg(), "42P01", "relation \"country\" does not exist", NULL);
	fake_pq_answer(pg());
	for (int i = 0; i < 2; i++) {
		fake_pq_answer_error(pg(), "26000", "prepared statement \"country\" does not exist", NULL);
		fake_pq_answer(pg());
	}
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done");
	for (int i = 0; i < 2; i++) {
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
	assert_int_equal(send_batch(0, &country, true), 0);
	batches[0].deadline_ns = clock_now_ns();
	fake_pq_answer_error(pg(), "57014", "canceling statement due to statement timeout", NULL);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "26000", "prepared statement \"country\" does not exist", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(batches[0].error, ERROR_DEADLINE);
	assert_false(conn.prepared[country.index].is_prepared);
	assert_false(conn.prepared[country.index].has_complained);
}

static void each_statement_complains_for_itself_and_once(void **state)
{
	(void)state;
	open_unprepared();
	log_set_level(LOG_ERROR + 1);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2; i++) {
			assert_int_equal(send_batch(2 * round + i, i == 0 ? &country : &slow, true), 0);
			if (i == 1)
				fake_pq_answer(pg()); /* its timeout goes before, here too */
			fake_pq_answer_error(pg(), "42P01", "relation does not exist", NULL);
			fake_pq_answer(pg());
			if (i == 1)
				fake_pq_answer(pg());
			fake_pq_answer_error(pg(), "26000", "prepared statement does not exist", NULL);
			fake_pq_answer(pg());
			assert_int_equal(db_conn_advance(&conn), 0);
		}
		assert_true(conn.prepared[country.index].has_complained);
		assert_true(conn.prepared[slow.index].has_complained);
	}
	assert_int_equal(send_batch(4, &country, true), 0);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
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
	assert_string_equal(over, "0 lost");
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

/* A function has prepared it under the same name: it is run, and its result is answered. */
static void what_is_prepared_already_is_run(void **state)
{
	(void)state;
	init_as(false);
	open_unprepared();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_answer_error(pg(), "42P05", "prepared statement \"add\" already exists", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(over, "0 done");
	assert_row(0, "add(0)");
}

/* DEALLOCATE ALL took the timeout away, too, with which its unit begins: that says nothing of the statement. */
static void a_prepare_that_misses_its_timeout_replaces_the_connection(void **state)
{
	(void)state;
	open_unprepared();
	assert_int_equal(send_batch(0, &slow, true), 0);
	fake_pq_answer_error(pg(), "26000", "prepared statement \"meantime: timeout\" does not exist", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_true(conn.gave_up);
	assert_false(conn.prepared[slow.index].has_complained);
	db_conn_close(&conn);
	assert_string_equal(over, "0 lost");
}

/* A column has another type modifier now: prepared again, it is right again. */
static void reads_leave_a_session_whose_plan_is_old(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq.source_function = "RevalidateCachedQuery";
	fake_pq_answer_error(pg(), "0A000", "cached plan must not change result type", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	db_conn_close(&conn);
	assert_string_equal(over, "0 lost");
}

static void a_write_that_met_lost_statements_was_not_run(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_answer_error(pg(), "26000", "prepared statement \"add\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(over, "0 not run");
	assert_int_equal(batches[0].error, ERROR_NONE);
}

/* A deferred trigger's own statement: its rows are not there, whatever was answered before. */
static void an_old_plan_at_the_commit_is_an_error(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_answer(pg());
	fake_pq.source_function = "RevalidateCachedQuery";
	fake_pq_answer_error(pg(), "0A000", "cached plan must not change result type", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_DATABASE_ERROR);
	assert_string_equal(batches[0].sqlstate, "0A000");
}

/* A procedure's own statement, behind its COMMIT: it was run, and is not run twice. */
static void an_old_plan_within_a_function_is_an_error(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq.source_function = "RevalidateCachedQuery";
	fake_pq.context = "PL/pgSQL function put(integer) line 3 at EXECUTE";
	fake_pq_answer_error(pg(), "0A000", "cached plan must not change result type", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_string_equal(batches[0].sqlstate, "0A000");
}

/* The author's own EXECUTE. */
static void another_s_statement_that_is_missing_is_an_error_as_ever(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq.context = "PL/pgSQL function item() line 3 at EXECUTE";
	fake_pq_answer_error(pg(), "26000", "prepared statement \"country_mine\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(batches[0].sqlstate, "26000");
}

/* A stream's: its transaction goes on over many Syncs, and what it sets for it is reported. */
static void a_session_that_nobody_shares_may_change(void **state)
{
	(void)state;
	settings.is_shared = false;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_report(pg(), "TimeZone", "Europe/Berlin");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
}

/* As many as there may be: each batch of another statement, and all of them to be prepared. */
static void statements_to_prepare_take_no_batch_s_place(void **state)
{
	(void)state;
	settings.depth = 2;
	open_unprepared();
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_false(db_conn_is_full(&conn));
	assert_int_equal(send_batch(1, &slow, true), 0);
	assert_true(db_conn_is_full(&conn));
	assert_int_equal(conn.in_flight, 4);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done");
}

/* What PostgreSQL reports */

static void assert_refused(const char *context, const char *message)
{
	static struct db_parameter parameter = {.name = "code"};
	static const struct db_statement statement = {
	    .name = "country", .sql = "SELECT", .parameters = &parameter, .parameter_count = 1, .is_read_only = true};

	fake_pq.context = context;
	assert_int_equal(send_batch(0, &statement, true), 0);
	fake_pq_answer_error(pg(), "22P02", "invalid input value for enum mood", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(batches[0].message, message);
	db_batch_cleanup(&batches[0]);
}

static void the_context_of_an_error_names_the_parameter(void **state)
{
	(void)state;
	open_and_prepare();
	assert_refused("unnamed portal parameter $1 = '...'",
		       "parameter \"code\": invalid input value for enum mood");
	assert_refused(NULL, "a text is no value of the type it is read as");
}

/* A read that was behind it runs again elsewhere. */
static void a_reading_session_that_was_changed_is_given_up(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	fake_pq_report(pg(), "default_transaction_read_only", "off");
	fake_pq_answer(pg());
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error,
			    "the statement of country changed default_transaction_read_only for its session, "
			    "not for its transaction");
	assert_ptr_equal(conn.changed_by, &country);
	db_conn_close(&conn);
	assert_string_equal(over, "0 done, 1 lost");
}

/* Nor who saw the change: PostgreSQL tells of it when all are over. */
static void who_of_a_shared_unit_changed_the_session_is_not_known(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, false), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	fake_pq_report(pg(), "DateStyle", "German");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "a statement changed DateStyle for its session, not for its transaction");
	assert_null(conn.changed_by);
	assert_string_equal(over, "0 not run, 1 not run");
}

/* A write is not run twice: those behind it are answered first. */
static void a_writing_session_that_was_changed_is_closed_when_it_is_idle(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	assert_int_equal(send_batch(1, &add, true), 0);
	fake_pq_report(pg(), "DateStyle", "German");
	fake_pq_answer(pg());
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_true(conn.is_retiring);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(over, "0 done, 1 done");
	assert_ptr_equal(conn.changed_by, &add);
}

static void what_nobody_relies_on_may_change(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_report(pg(), "application_name", "psql");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_statement_is_prepared_where_it_is_first_sent),
	    TEST(a_statement_that_does_not_prepare_harms_no_other),
	    TEST(all_that_were_to_run_it_fail_with_it),
	    TEST(a_prepare_that_takes_too_long_is_a_missed_deadline),
	    TEST(each_statement_complains_for_itself_and_once),
	    TEST(reads_leave_a_session_that_has_lost_its_statements),
	    TEST(a_missing_preamble_is_known_in_any_language),
	    TEST(what_is_prepared_already_is_run),
	    TEST(a_prepare_that_misses_its_timeout_replaces_the_connection),
	    TEST(reads_leave_a_session_whose_plan_is_old),
	    TEST(a_write_that_met_lost_statements_was_not_run),
	    TEST(an_old_plan_at_the_commit_is_an_error),
	    TEST(an_old_plan_within_a_function_is_an_error),
	    TEST(another_s_statement_that_is_missing_is_an_error_as_ever),
	    TEST(a_session_that_nobody_shares_may_change),
	    TEST(statements_to_prepare_take_no_batch_s_place),
	    TEST(the_context_of_an_error_names_the_parameter),
	    TEST(a_reading_session_that_was_changed_is_given_up),
	    TEST(who_of_a_shared_unit_changed_the_session_is_not_known),
	    TEST(a_writing_session_that_was_changed_is_closed_when_it_is_idle),
	    TEST(what_nobody_relies_on_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
