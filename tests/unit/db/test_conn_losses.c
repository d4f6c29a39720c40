#include "conn_fixture.h"

/* Losses */

static void a_goodbye_while_idle_ends_the_connection_and_says_why(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq_push(pg(), PGRES_FATAL_ERROR, "57P01", "terminating connection due to administrator command");
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "terminating connection due to administrator command (SQLSTATE 57P01)");
	db_conn_close(&conn);
	assert_string_equal(over, "");
}

/* libpq takes it for a notice, and guesses at the end of the connection. */
static void a_goodbye_that_is_a_notice_is_what_the_connection_ended_by(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq_notice(pg(), "57P05", "terminating connection due to idle-session timeout");
	fake_pq_hang_up(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "terminating connection due to idle-session timeout (SQLSTATE 57P05)");
	db_conn_close(&conn);
	open_and_prepare(); /* and it is forgotten with its connection */
	fake_pq_notice(pg(), "01000", "a notice");
	fake_pq_hang_up(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_null(strstr(conn.error, "57P05"));
	assert_null(strstr(conn.error, "a notice"));
	db_conn_close(&conn);
	open_and_prepare(); /* a crash is told as a warning */
	fake_pq.severity = "WARNING";
	fake_pq_notice(pg(), "57P02", "terminating connection because of crash of another server process");
	fake_pq_hang_up(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error,
			    "terminating connection because of crash of another server process (SQLSTATE 57P02)");
}

static void a_fatal_notice_is_a_goodbye_whatever_its_code(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq.severity = "FATAL";
	fake_pq_notice(pg(), "28000", "role is not permitted to log in");
	fake_pq_hang_up(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "role is not permitted to log in (SQLSTATE 28000)");
}

/* libpq's own have no fields. */
static void a_notice_without_a_code_is_no_goodbye(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq_notice(pg(), "", "a word of libpq's");
	assert_int_equal(conn.state, CONN_READY);
	fake_pq_hang_up(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_null(strstr(conn.error, "a word of libpq's"));
}

static void a_goodbye_in_flight_loses_reads_without_an_error(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, false), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	fake_pq_answer_error(pg(), "57P01", "terminating connection", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	db_conn_close(&conn);
	assert_string_equal(over, "0 given up, 1 given up");
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_int_equal(batches[1].error, ERROR_NONE);
}

static void a_goodbye_in_flight_says_that_a_write_did_not_happen(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	assert_int_equal(send_batch(1, &add, true), 0);
	fake_pq_answer_error(pg(), "57P01", "terminating connection", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	db_conn_close(&conn);
	assert_string_equal(over, "0 given up, 1 given up");
	assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message, "the database ended the session; nothing was written");
	assert_int_equal(batches[1].error, ERROR_NONE);
}

/* It came in place of the Sync: the commit may be done. */
static void a_goodbye_behind_the_result_of_a_write_says_nothing(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "57P01", "terminating connection", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	db_conn_close(&conn);
	assert_string_equal(over, "0 given up");
	assert_int_equal(batches[0].error, ERROR_NONE);
}

/* A procedure may have committed what it did so far. */
static void a_goodbye_within_a_procedure_says_nothing(void **state)
{
	static const struct db_statement call = {.name = "call", .sql = "CALL", ONE_TEXT, .may_commit = true};

	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &call, true), 0);
	fake_pq_answer_error(pg(), "57P01", "terminating connection", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	db_conn_close(&conn);
	assert_string_equal(over, "0 given up");
	assert_int_equal(batches[0].error, ERROR_NONE);
}

/* postgres_fdw, dblink and PL/pgSQL raise class 08 as plain errors: the session goes on, and so do its neighbours. */
static void an_error_of_class_08_is_no_goodbye(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_answer_error(pg(), "08006", "the other server is away", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].sqlstate, "08006");
}

static void an_end_of_file_loses_what_is_in_flight(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	fake_pq_answer(pg());
	fake_pq_answer(pg());
	fake_pq_hang_up(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "server closed the connection unexpectedly");
	db_conn_close(&conn);
	assert_string_equal(over, "0 done, 1 lost");
}

static void a_result_larger_than_the_limit_is_an_error_of_its_own(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, false), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	fake_pq_answer_large(pg(), 1001);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done");
	assert_int_equal(batches[0].error, ERROR_RESULT_TOO_LARGE);
	assert_row(1, "country(1)");
}

static void a_result_as_large_as_the_limit_is_none(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_answer_large(pg(), 1000);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_NONE);
}

/* It is cut off, and what came of a write that is cut off is not known. */
static void a_result_that_grows_without_end_is_cut_off(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_send_bytes(pg(), 2 * settings.result_limit_bytes + 65536);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.head_bytes, 2 * settings.result_limit_bytes + 65536);
	fake_pq_send_bytes(pg(), 1);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "a result larger than max_result_bytes was cut off");
	assert_true(conn.gave_up);
	db_conn_close(&conn);
	assert_int_equal(batches[0].error, ERROR_RESULT_TOO_LARGE);
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(1, &add, true), 0);
	fake_pq_send_bytes(pg(), 2 * settings.result_limit_bytes + 65536 + 1);
	assert_int_equal(db_conn_advance(&conn), -1);
	db_conn_close(&conn);
	assert_int_equal(batches[1].error, ERROR_NONE);
	assert_string_equal(over, "0 given up, 1 given up");
}

/* Its rows are not there, however many they would have been. */
static void a_commit_that_fails_counts_and_not_the_size_of_the_result(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_answer_large(pg(), 1001);
	fake_pq_answer_error(pg(), "40001", "could not serialize access", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_CONTENTION);
}

static void what_was_forgotten_comes_back_to_nobody(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, false), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	db_conn_forget(&batches[0]);
	assert_null(batches[0].slot);
	assert_int_equal(conn.in_flight, 2);
	memset(&batches[0], 0xdd, sizeof(batches[0])); /* it may be gone */
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "1 done");
	assert_int_equal(conn.state, CONN_READY);
	db_batch_init(&batches[0]);
}

static void a_forgotten_one_may_fail_or_be_lost(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	db_conn_forget(&batches[0]);
	db_conn_forget(&batches[1]);
	fake_pq_answer_error(pg(), "57014", "canceling statement", NULL);
	assert_int_equal(db_conn_advance(&conn), 0);
	db_conn_close(&conn);
	assert_string_equal(over, "");
}

static void closing_hands_everything_back_once_and_in_order(void **state)
{
	(void)state;
	open_and_prepare();
	for (int i = 0; i < 4; i++)
		assert_int_equal(send_batch(i, &country, true), 0);
	fake_pq_answer(pg());
	fake_pq_answer(pg());
	fake_pq_answer(pg()); /* the second has its result, but no Sync */
	assert_int_equal(db_conn_advance(&conn), 0);
	db_conn_close(&conn);
	assert_string_equal(over, "0 done, 1 lost, 2 lost, 3 lost");
	assert_int_equal(conn.in_flight, 0);
	db_conn_close(&conn);
	assert_string_equal(over, "0 done, 1 lost, 2 lost, 3 lost");
}

static int prepare(int i)
{
	enum db_conn_readiness readiness = db_conn_prepare(&conn, &batches[i], false);

	while (readiness == DB_CONN_WAITS) {
		fake_pq_answer_all(pg());
		readiness = db_conn_advance(&conn) == 0 ? db_conn_prepare(&conn, &batches[i], true) : DB_CONN_BROKEN;
	}
	return readiness == DB_CONN_READY ? 0 : -1;
}

static int prepare_and_send(int i, const struct db_statement *statement, bool ends_unit)
{
	add_batch(i, statement);
	if (conn.unit_ns == 0 && prepare(i) != 0)
		return -1;
	return db_conn_send(&conn, &batches[i], ends_unit);
}

/* Faults: connect, prepare, two units, to the end. Whatever call fails, each batch comes back at most once and is
 * back after the close. Returns whether all went well. */
static bool run_whole_exchange(void)
{
	int status = db_conn_open(&conn, NULL);

	for (int i = 0; i < 10 && status == 0 && !db_conn_is_usable(&conn); i++)
		status = db_conn_advance(&conn);
	db_batch_add(&batches[3], &slow, NULL);
	if (status == 0)
		status = prepare(3);
	if (status == 0)
		status = prepare_and_send(0, &country, false);
	if (status == 0)
		status = prepare_and_send(1, &slow, true);
	if (status == 0)
		status = prepare_and_send(2, &country, true);
	if (status == 0) {
		fake_pq_answer_all(pg());
		status = db_conn_advance(&conn);
	}
	if (status != 0)
		assert_true(strlen(conn.error) > 0);
	db_conn_close(&conn);
	return status == 0;
}

static void a_fault_in_any_call_is_survived(void **state)
{
	unsigned fail_at = 0;
	bool went_well;

	do {
		assert_int_equal(tear_down(state), 0);
		set_up(state);
		fake_pq.fail_at = ++fail_at;
		went_well = run_whole_exchange();
		assert_int_equal(went_well, fake_pq.failed_call == NULL);
		assert_int_equal(conn.state, CONN_CLOSED);
		for (int i = 0; i < 3; i++)
			assert_null(batches[i].slot);
		if (strlen(over) > 0)
			assert_null(strstr(strstr(over, "0") + 1, "0 "));
		assert_int_equal(fake_pq.open, 0);
	} while (!went_well);
	assert_string_equal(over, "0 done, 1 done, 2 done");
	assert_true(fail_at > 15);
}

/* The server has gone when its last words were read already: where nothing could be written, libpq reads. */
static void hang_up_behind_a_write(int i)
{
	fake_pq_hang_up(pg());
	fake_pq_clog(pg(), 1);
	assert_int_equal(send_batch(i, &country, true), 0);
	assert_int_equal(db_conn_advance(&conn), -1);
}

static void what_was_said_before_the_end_counts(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_answer_all(pg());
	hang_up_behind_a_write(1);
	assert_string_equal(conn.error, "server closed the connection unexpectedly");
	assert_string_equal(over, "0 done");
	assert_row(0, "country(0)");
	db_conn_close(&conn);
	open_and_prepare();
	fake_pq_push(pg(), PGRES_PIPELINE_SYNC, NULL, NULL);
	fake_pq_hang_up(pg());
	fake_pq_clog(pg(), 1);
	assert_int_equal(db_conn_turn(&conn, settings.catalog), 0);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "server closed the connection unexpectedly");
	db_conn_close(&conn);
	open_and_prepare();
	assert_int_equal(send_batch(2, &country, true), 0);
	fake_pq_push(pg(), PGRES_PIPELINE_SYNC, NULL, NULL);
	hang_up_behind_a_write(3);
	assert_string_equal(conn.error, "an answer that was not asked for");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_goodbye_while_idle_ends_the_connection_and_says_why),
	    TEST(a_goodbye_that_is_a_notice_is_what_the_connection_ended_by),
	    TEST(a_fatal_notice_is_a_goodbye_whatever_its_code),
	    TEST(a_notice_without_a_code_is_no_goodbye),
	    TEST(a_goodbye_in_flight_loses_reads_without_an_error),
	    TEST(a_goodbye_in_flight_says_that_a_write_did_not_happen),
	    TEST(a_goodbye_behind_the_result_of_a_write_says_nothing),
	    TEST(a_goodbye_within_a_procedure_says_nothing),
	    TEST(an_error_of_class_08_is_no_goodbye),
	    TEST(an_end_of_file_loses_what_is_in_flight),
	    TEST(a_result_larger_than_the_limit_is_an_error_of_its_own),
	    TEST(a_result_as_large_as_the_limit_is_none),
	    TEST(a_result_that_grows_without_end_is_cut_off),
	    TEST(a_commit_that_fails_counts_and_not_the_size_of_the_result),
	    TEST(what_was_forgotten_comes_back_to_nobody),
	    TEST(a_forgotten_one_may_fail_or_be_lost),
	    TEST(closing_hands_everything_back_once_and_in_order),
	    TEST(a_fault_in_any_call_is_survived),
	    TEST(what_was_said_before_the_end_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
