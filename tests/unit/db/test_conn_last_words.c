#include "conn_fixture.h"

/* At once: nothing is sent behind what has failed. */
static void assert_send_fails(bool is_read_only, const struct db_statement *statement, unsigned calls)
{
	unsigned at = 0;
	int status;

	init_as(is_read_only);
	do {
		db_batch_cleanup(&batches[0]);
		open_and_prepare();
		add_batch(0, statement);
		fake_pq.fail_at = fake_pq.calls + ++at;
		fake_pq.failed_call = NULL;
		status = db_conn_send(&conn, &batches[0], true);
		assert_int_equal(status, fake_pq.failed_call != NULL ? -1 : 0);
		if (status != 0)
			assert_int_equal(fake_pq.calls, fake_pq.fail_at);
		fake_pq.fail_at = 0;
		db_conn_close(&conn);
	} while (status != 0);
	assert_int_equal(at, calls + 1);
}

/* What the end says of itself */

static void a_panic_is_a_goodbye(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq.severity = "PANIC";
	fake_pq_notice(pg(), "XX000", "could not write to the log");
	fake_pq_hang_up(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "could not write to the log (SQLSTATE XX000)");
	assert_false(conn.gave_up);
}

/* An administrator's word stays, whatever comes behind it. */
static void a_dismissal_is_remembered(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq_notice(pg(), "57P02", "terminating connection because of crash of another server process");
	assert_false(conn.gave_up);
	fake_pq_notice(pg(), "57P01", "terminating connection due to administrator command");
	assert_true(conn.gave_up);
	fake_pq_notice(pg(), "57P02", "terminating connection because of crash of another server process");
	assert_true(conn.gave_up);
}

static void a_goodbye_without_words_has_none(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq_notice(pg(), "57P02", "");
	assert_null(strstr(conn.error, "null"));
}

static void send_write(const struct db_statement *statement)
{
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, statement, true), 0);
}

static void a_session_without_its_statements_says_so(void **state)
{
	(void)state;
	send_write(&add);
	fake_pq_answer_error(pg(), "26000", "prepared statement \"add\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(over, "0 not run");
	assert_string_equal(conn.error, "a prepared statement is gone, or another's");
}

/* It is a trigger's that misses one at the commit: the write was rolled back, and fails. */
static void a_commit_that_misses_a_statement_has_failed(void **state)
{
	(void)state;
	send_write(&add);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "26000", "prepared statement \"other\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_not_equal(batches[0].error, ERROR_NONE);
}

static void a_goodbye_to_a_write_whose_client_has_gone_harms_nothing(void **state)
{
	(void)state;
	send_write(&add);
	db_conn_forget(&batches[0]);
	fake_pq_answer_error(pg(), "57P01", "terminating connection due to administrator command", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_string_equal(over, "");
}

/* The first failure is the batch's. */
static void a_goodbye_behind_a_failure_changes_nothing(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	add_batch(0, &add);
	db_batch_add(&batches[0], &add, values[1]);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	fake_pq_answer_error(pg(), "23505", "duplicate key", NULL);
	fake_pq_answer_error(pg(), "57P01", "terminating connection due to administrator command", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(batches[0].sqlstate, "23505");
}

static void an_error_behind_a_result_that_is_too_large_changes_nothing(void **state)
{
	(void)state;
	open_and_prepare();
	add_batch(0, &country);
	db_batch_add(&batches[0], &country, values[1]);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	fake_pq_answer_large(pg(), 5000);
	fake_pq_answer_error(pg(), "22012", "division by zero", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(batches[0].error, ERROR_RESULT_TOO_LARGE);
}

/* Clients that have gone */

static void what_is_spoilt_may_have_nobody_waiting(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, false), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	db_conn_forget(&batches[0]);
	fake_pq_answer_error(pg(), "22012", "division by zero", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "1 not run");
}

static void what_is_too_large_may_have_nobody_waiting(void **state)
{
	(void)state;
	send_write(&add);
	fake_pq_answer_large(pg(), 5000);
	assert_int_equal(db_conn_advance(&conn), 0);
	db_conn_forget(&batches[0]);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "");
	assert_int_equal(batches[0].error, ERROR_NONE);
}

static void what_never_ends_may_have_nobody_waiting(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	db_conn_forget(&batches[0]);
	for (unsigned i = 0; i < 100 && db_conn_advance(&conn) == 0; i++)
		fake_pq_send_bytes(pg(), 1000);
	assert_string_equal(conn.error, "a result larger than max_result_bytes was cut off");
	assert_int_equal(batches[0].error, ERROR_NONE);
}

static void bytes_of_a_result_that_is_whole_count_no_longer(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, false), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	conn.head_bytes = 500;
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.head_bytes, 0);
}

static void a_batch_that_cannot_be_sent_is_said_at_once(void **state)
{
	(void)state;
	assert_send_fails(true, &slow, 5);       /* read only, its time, itself, Sync, flush */
	assert_send_fails(true, &country, 4);    /* has no time of its own */
	assert_send_fails(false, &add, 3);       /* is no read */
	assert_send_fails(true, &unprepared, 4); /* is sent as text */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_batch_that_cannot_be_sent_is_said_at_once),
	    TEST(a_panic_is_a_goodbye),
	    TEST(a_dismissal_is_remembered),
	    TEST(a_goodbye_without_words_has_none),
	    TEST(a_session_without_its_statements_says_so),
	    TEST(a_commit_that_misses_a_statement_has_failed),
	    TEST(a_goodbye_to_a_write_whose_client_has_gone_harms_nothing),
	    TEST(a_goodbye_behind_a_failure_changes_nothing),
	    TEST(an_error_behind_a_result_that_is_too_large_changes_nothing),
	    TEST(what_is_spoilt_may_have_nobody_waiting),
	    TEST(what_is_too_large_may_have_nobody_waiting),
	    TEST(what_never_ends_may_have_nobody_waiting),
	    TEST(bytes_of_a_result_that_is_whole_count_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
