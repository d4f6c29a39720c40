#include "db/conn_parts.h"

#include "conn_fixture.h"
#include "lib/log_tap.h"

/* Results */

static void a_read_is_over_with_its_unit(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(conn.state, CONN_BUSY);
	assert_string_equal(fake_pq_sent(pg()), "R/O country(0) Sync");
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "");
	assert_int_equal(conn.state, CONN_BUSY);
	assert_int_equal(conn.in_flight, 1);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(0, "country(0)");
	assert_true(batches[0].done_ns >= batches[0].sent_ns);
	assert_int_equal(conn.state, CONN_READY);
	assert_int_equal(conn.in_flight, 0);
	assert_int_equal(conn.units_in_flight, 0);
	assert_string_equal(over, "0 done");
}

static void a_write_is_over_only_at_its_sync(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "");
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "add(0)");
}

static void a_write_lost_before_its_sync_is_lost(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_answer(pg());
	fake_pq_hang_up(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(over, "");
	db_conn_close(&conn);
	assert_string_equal(over, "0 lost");
	assert_int_equal(batches[0].error, ERROR_NONE);
}

static void reads_of_a_shared_unit_are_over_together(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, false), 0);
	assert_int_equal(send_batch(1, &country, false), 0);
	assert_int_equal(send_batch(2, &country, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O country(0) country(1) country(2) Sync");
	assert_int_equal(conn.units_in_flight, 1);
	for (int i = 0; i < 3; i++) {
		fake_pq_answer(pg());
		assert_int_equal(db_conn_advance(&conn), 0);
		assert_non_null(batches[i].queries[0].result);
		assert_int_equal(conn.in_flight, 3);
	}
	assert_string_equal(over, "");
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done, 2 done");
	assert_int_equal(conn.state, CONN_READY);
	for (int i = 0; i < 3; i++) {
		char expected[16];

		snprintf(expected, sizeof(expected), "country(%d)", i);
		assert_row(i, expected);
	}
}

/* Behind the error nothing was run; before it a statement may have changed the session, which the error takes back. */
static void a_shared_unit_with_an_error_says_nothing(void **state)
{
	(void)state;
	open_and_prepare();
	for (int i = 0; i < 4; i++)
		assert_int_equal(send_batch(i, &country, i == 3), 0);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "22012", "division by zero", "a detail");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 not run, 1 not run, 2 not run, 3 not run");
	for (int i = 0; i < 4; i++)
		assert_int_equal(batches[i].error, ERROR_NONE);
	assert_int_equal(conn.state, CONN_READY);
	assert_int_equal(send_batch(4, &country, false), 0);
	assert_int_equal(send_batch(5, &country, true), 0);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(4, "country(4)");
	assert_row(5, "country(5)");
}

static void an_error_keeps_postgresql_s_words_for_the_log(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(1, &country, true), 0);
	fake_pq_answer_error(pg(), "22012", "a message", "a detail");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "1 done");
	assert_int_equal(batches[1].error, ERROR_REJECTED);
	assert_string_equal(batches[1].sqlstate, "22012");
	assert_string_equal(batches[1].message, "division by zero");
	assert_string_equal(batches[1].detail, "");
	assert_string_equal(batches[1].said, "a message | a detail");
}

/* A write's result is too large; then the commit fails, or never comes. */
static void what_is_too_large_is_written_only_at_its_sync(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	for (int i = 0; i < 3; i++)
		assert_int_equal(send_batch(i, &add, true), 0);
	fake_pq_answer_large(pg(), 1001);
	fake_pq_answer(pg());
	fake_pq_answer_large(pg(), 1001);
	fake_pq_answer_error(pg(), "23505", "duplicate key", NULL);
	fake_pq_answer(pg());
	fake_pq_answer_large(pg(), 1001);
	fake_pq_hang_up(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), -1);
	db_conn_close(&conn);
	assert_string_equal(over, "0 done, 1 done, 2 lost");
	assert_int_equal(batches[0].error, ERROR_RESULT_TOO_LARGE);
	assert_non_null(strstr(batches[0].message, "it was written"));
	assert_int_equal(batches[1].error, ERROR_CONFLICT);
	assert_int_equal(batches[2].error, ERROR_NONE);
}

static void an_error_ends_at_its_unit(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	fake_pq_answer_error(pg(), "22012", "division by zero", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done");
	assert_row(1, "country(1)");
}

static void queries_of_one_batch_are_over_together(void **state)
{
	(void)state;
	open_and_prepare();
	db_batch_add(&batches[0], &country, values[0]);
	db_batch_add(&batches[0], &country, values[1]);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "");
	fake_pq_answer(pg());
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_memory_equal(db_value(batches[0].queries[1].result, 0, 0).at, "country(1)", 10);
}

static void when_the_second_query_of_a_batch_fails_the_batch_has(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	db_batch_add(&batches[0], &add, values[0]);
	db_batch_add(&batches[0], &add, values[1]);
	db_batch_add(&batches[0], &add, values[2]);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "23505", "duplicate key", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_CONFLICT);
	assert_int_equal(conn.state, CONN_READY);
}

/* A deferred constraint, a serialization failure: all results are there when PostgreSQL says no. */
static void a_commit_that_fails_fails_the_write(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "23503", "violates foreign key constraint", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_CONFLICT);
	assert_int_equal(conn.state, CONN_READY);
}

static void a_commit_that_fails_harms_no_read_and_no_connection(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "40001", "could not serialize access", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(conn.state, CONN_READY);
}

static void a_statement_with_a_timeout_sets_it_first(void **state)
{
	(void)state;
	open_and_prepare();
	db_batch_add(&batches[0], &slow, NULL);
	batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O meantime:(250) slow() Sync");
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "slow()");
}

/* It has waited for its turn: PostgreSQL ends it at its request's deadline. */
static void a_timeout_is_no_longer_than_what_is_left(void **state)
{
	int ms;

	(void)state;
	open_and_prepare();
	db_batch_add(&batches[0], &slow, NULL);
	batches[0].deadline_ns = clock_now_ns() + 100 * NS_PER_MS;
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	assert_int_equal(sscanf(fake_pq_sent(pg()), "R/O meantime:(%d) slow() Sync", &ms), 1);
	assert_in_range(ms, 1, 101);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	db_batch_add(&batches[1], &slow, NULL);
	assert_int_equal(db_conn_send(&conn, &batches[1], true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O meantime:(1) slow() Sync");
}

static void a_statement_without_a_name_is_sent_as_text(void **state)
{
	(void)state;
	open_and_prepare();
	db_batch_add(&batches[0], &unprepared, NULL);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O SELECT() Sync");
}

static void two_nulls_in_a_row_neither_spin_nor_end_a_batch(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_push_null(pg());
	fake_pq_push_null(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "");
	fake_pq_answer_all(pg());
	for (int i = 0; i < 3; i++)
		assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "country(0)");
	assert_int_equal(conn.state, CONN_READY);
}

static void the_ring_of_slots_goes_round(void **state)
{
	(void)state;
	open_and_prepare();
	for (int round = 0; round < 3 * 4 + 1; round++) {
		int i = round % BATCHES;
		char expected[16];

		db_batch_cleanup(&batches[i]);
		assert_int_equal(send_batch(i, &country, true), 0);
		fake_pq_answer_all(pg());
		assert_int_equal(db_conn_advance(&conn), 0);
		snprintf(expected, sizeof(expected), "country(%d)", i);
		assert_row(i, expected);
	}
}

static void it_is_full_at_its_depth(void **state)
{
	(void)state;
	open_and_prepare();
	for (int i = 0; i < 4; i++) {
		assert_false(db_conn_is_full(&conn));
		assert_int_equal(send_batch(i, &country, true), 0);
	}
	assert_true(db_conn_is_full(&conn));
	expect_assert_failure((void)send_batch(4, &country, true));
	fake_pq_answer(pg());
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_false(db_conn_is_full(&conn));
}

static void what_does_not_leave_at_once_leaves_later(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq_clog(pg(), 2);
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_true(db_conn_wants_write(&conn));
	assert_true(db_conn_wants_read(&conn));
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_true(db_conn_wants_write(&conn));
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_false(db_conn_wants_write(&conn));
	fake_pq_clog(pg(), 1);
	assert_int_equal(send_batch(1, &country, true), 0);
	fake_pq.fail_at = fake_pq.calls + 2; /* behind what is read */
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(fake_pq.failed_call, "PQflush");
	assert_string_equal(conn.error, "PQflush was made to fail");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_read_is_over_with_its_unit),
	    TEST(a_write_is_over_only_at_its_sync),
	    TEST(a_write_lost_before_its_sync_is_lost),
	    TEST(reads_of_a_shared_unit_are_over_together),
	    TEST(a_shared_unit_with_an_error_says_nothing),
	    TEST(an_error_keeps_postgresql_s_words_for_the_log),
	    TEST(what_is_too_large_is_written_only_at_its_sync),
	    TEST(an_error_ends_at_its_unit),
	    TEST(queries_of_one_batch_are_over_together),
	    TEST(when_the_second_query_of_a_batch_fails_the_batch_has),
	    TEST(a_commit_that_fails_fails_the_write),
	    TEST(a_commit_that_fails_harms_no_read_and_no_connection),
	    TEST(a_statement_with_a_timeout_sets_it_first),
	    TEST(a_timeout_is_no_longer_than_what_is_left),
	    TEST(a_statement_without_a_name_is_sent_as_text),
	    TEST(two_nulls_in_a_row_neither_spin_nor_end_a_batch),
	    TEST(the_ring_of_slots_goes_round),
	    TEST(it_is_full_at_its_depth),
	    TEST(what_does_not_leave_at_once_leaves_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
