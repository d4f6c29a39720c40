#include "conn_fixture.h"

/* What PostgreSQL reports */

static void assert_refused(const char *context, const char *message)
{
	static struct db_parameter parameter = {.name = "code"};
	static const struct db_statement statement = {.name = "country",
						      .sql = "SELECT",
						      .parameters = &parameter,
						      .parameter_count = 1,
						      .signature.parameters = &parameter,
						      .is_read_only = true};

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
	assert_refused("unnamed portal parameter $1 = '...'", "parameter \"code\": invalid input value for enum mood");
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
	assert_string_equal(over, "0 done, 1 given up");
}

/* Nor which batch saw the change: PostgreSQL tells of it when all are over. */
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
	    TEST(the_context_of_an_error_names_the_parameter),
	    TEST(a_reading_session_that_was_changed_is_given_up),
	    TEST(who_of_a_shared_unit_changed_the_session_is_not_known),
	    TEST(a_writing_session_that_was_changed_is_closed_when_it_is_idle),
	    TEST(what_nobody_relies_on_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
