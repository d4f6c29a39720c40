/* What a session that takes no writes any more says of a write. */
#include "conn_fixture.h"

#include "lib/fake_clock.h"

static void open_to_write(void)
{
	init_as(false);
	open_and_prepare();
	fake_clock_advance(2 * NS_PER_S);
}

static int refuse(int i, const struct db_statement *statement)
{
	assert_int_equal(send_batch(i, statement, true), 0);
	fake_pq_answer_error(pg(), "25006", "cannot execute INSERT in a read-only transaction", NULL);
	fake_pq_answer_all(pg());
	return db_conn_advance(&conn);
}

static void a_write_that_a_standby_refused_runs_elsewhere(void **state)
{
	(void)state;
	open_to_write();
	fake_pq_report(pg(), "in_hot_standby", "on");
	assert_int_equal(refuse(0, &add), -1);
	assert_string_equal(over, "0 not run");
	assert_true(conn.takes_no_writes);
	assert_string_equal(conn.error, "the server takes no writes any more");
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_string_equal(batches[0].sqlstate, "");
	db_conn_close(&conn);
	open_and_prepare();
	assert_false(conn.takes_no_writes);
}

/* The standby that is found again is no reason to connect for every write. */
static void a_standby_that_was_just_connected_to_is_kept(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	fake_pq_report(pg(), "in_hot_standby", "on");
	assert_int_equal(refuse(0, &add), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message, db_standby);
	assert_int_equal(conn.state, CONN_READY);
	fake_clock_advance(NS_PER_S);
	assert_int_equal(refuse(1, &add), -1);
	assert_string_equal(over, "0 done, 1 not run");
}

static void a_session_that_was_made_read_only_is_left(void **state)
{
	(void)state;
	open_to_write();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_report(pg(), "default_transaction_read_only", "on");
	fake_pq_answer_error(pg(), "25006", "cannot execute INSERT in a read-only transaction", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(over, "0 not run");
	assert_null(conn.changed_by);
}

/* What it committed before is not known. */
static void a_procedure_on_it_does_not_run_twice(void **state)
{
	static const struct db_statement call = {
	    .name = "add", .sql = "CALL", .index = 2, ONE_TEXT, .may_commit = true};

	(void)state;
	open_to_write();
	fake_pq_report(pg(), "default_transaction_read_only", "on");
	assert_int_equal(refuse(0, &call), -1);
	assert_string_equal(over, "0 done");
	assert_string_equal(batches[0].sqlstate, "25006");
	assert_false(conn.takes_no_writes);
}

/* The statement's own doing: the session takes the next write. */
static void a_write_that_only_reads_is_its_authors(void **state)
{
	(void)state;
	open_to_write();
	fake_pq_report(pg(), "in_hot_standby", "off");
	assert_int_equal(refuse(0, &add), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_READ_ONLY);
	assert_int_equal(conn.state, CONN_READY);
}

static void another_error_on_a_standby_is_the_answer(void **state)
{
	(void)state;
	open_to_write();
	fake_pq_report(pg(), "in_hot_standby", "on");
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_answer_error(pg(), "22012", "division by zero", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_string_equal(batches[0].sqlstate, "22012");
}

static void a_read_that_would_write_is_refused_there_as_here(void **state)
{
	(void)state;
	open_and_prepare();
	fake_clock_advance(2 * NS_PER_S);
	fake_pq_report(pg(), "in_hot_standby", "on");
	assert_int_equal(refuse(0, &country), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_READ_ONLY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_write_that_a_standby_refused_runs_elsewhere),    TEST(a_standby_that_was_just_connected_to_is_kept),
	    TEST(a_session_that_was_made_read_only_is_left),        TEST(a_procedure_on_it_does_not_run_twice),
	    TEST(a_write_that_only_reads_is_its_authors),           TEST(another_error_on_a_standby_is_the_answer),
	    TEST(a_read_that_would_write_is_refused_there_as_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
