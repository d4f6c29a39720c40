#include "db/conn.h"

#include "db/stream.h"
#include "db/wait.h"

#include "base/clock.h"
#include "base/log.h"
#include "lib/fake_pq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { BATCHES = 8 };

static const struct db_statement country = {
    .name = "country", .sql = "SELECT", .parameter_count = 1, .is_read_only = true};
static const struct db_statement slow = {
    .name = "slow", .sql = "SELECT", .index = 1, .is_read_only = true, .timeout_ms = 250};
static const struct db_statement add = {.name = "add", .sql = "INSERT", .index = 2, .parameter_count = 1};
static const struct db_statement unprepared = {.sql = "SELECT 1", .index = 3, .is_read_only = true};

static struct db_settings settings;
static struct db_conn conn;
static struct db_wait wait;
static struct db_stream *stream;
static struct arena arena;
static struct db_batch batches[BATCHES];
static char numbers[BATCHES][8];
static const char *values[BATCHES][1];

/* What came back, in order: "0 done, 1 not run, ..." */
static char over[512];

static void note_over(struct db_conn *of, struct db_batch *batch, enum db_conn_outcome outcome)
{
	static const char *const words[] = {"done", "not run", "lost"};
	size_t used = strlen(over);

	assert_ptr_equal(of, &conn);
	assert_null(batch->slot);
	snprintf(over + used, sizeof(over) - used, "%s%d %s", used > 0 ? ", " : "", (int)(batch - batches),
		 words[outcome]);
}

static int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	fake_pq_reset();
	settings = (struct db_settings){
	    .conninfo = "",
	    .statement_count = 3,
	    .connect_timeout_ms = 1000,
	    .statement_timeout_ms = 5000,
	    .idle_timeout_ms = 31000,
	    .result_limit_bytes = 1000,
	    .depth = 4,
	};
	over[0] = '\0';
	for (int i = 0; i < BATCHES; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%d", i);
		values[i][0] = numbers[i];
		db_batch_init(&batches[i]);
	}
	db_conn_init(&conn, &settings, true, 7, note_over);
	db_wait_init(&wait, &settings, 0);
	arena_init(&arena, NULL, 0);
	stream = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	db_conn_close(&conn);
	db_wait_cleanup(&wait);
	if (stream != NULL)
		db_stream_destroy(stream);
	arena_cleanup(&arena);
	for (int i = 0; i < BATCHES; i++)
		db_batch_cleanup(&batches[i]);
	return fake_pq_is_clean() ? 0 : -1;
}

static PGconn *pg(void)
{
	return fake_pq_conn(fake_pq.opened - 1);
}

static void init_as(bool is_read_only)
{
	db_conn_init(&conn, &settings, is_read_only, 7, note_over);
}

static void open_and_prepare(void)
{
	assert_int_equal(db_conn_open(&conn, NULL, NULL), 0);
	for (int i = 0; i < 10 && !db_conn_is_usable(&conn); i++)
		assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.state, CONN_READY);
	fake_pq_sent(pg());
	for (unsigned i = 0; i < settings.statement_count; i++)
		conn.is_prepared[i] = true;
}

/* As open_and_prepare(), and what is sent is prepared first, to be seen and to be answered. */
static void open_unprepared(void)
{
	open_and_prepare();
	fake_pq.shows_prepares = true;
	for (unsigned i = 0; i < settings.statement_count; i++)
		conn.is_prepared[i] = false;
}

static int send_batch(int i, const struct db_statement *statement, bool ends_unit)
{
	db_batch_add(&batches[i], statement, values[i]);
	batches[i].deadline_ns = clock_now_ns() + NS_PER_S;
	if (conn.unit_ns == 0 && db_conn_prepare(&conn, &batches[i]) != 0)
		return -1;
	return db_conn_send(&conn, &batches[i], ends_unit);
}

static void assert_row(int i, const char *expected)
{
	const struct db_result *rows = batches[i].queries[0].result;

	assert_int_equal(batches[i].error, ERROR_NONE);
	assert_non_null(rows);
	assert_int_equal(db_row_count(rows), 1);
	assert_int_equal(db_value(rows, 0, 0).length, strlen(expected));
	assert_memory_equal(db_value(rows, 0, 0).at, expected, strlen(expected));
}

/* States */

static void every_move_is_as_drawn_in_the_header(void **state)
{
	static const bool allowed[CONN_STATE_COUNT][CONN_STATE_COUNT] = {
	    [CONN_CLOSED] = {[CONN_CONNECTING] = true},
	    [CONN_CONNECTING] = {[CONN_PREPARING] = true, [CONN_CLOSED] = true},
	    [CONN_PREPARING] = {[CONN_READY] = true, [CONN_CLOSED] = true},
	    [CONN_READY] = {[CONN_BUSY] = true, [CONN_CLOSED] = true},
	    [CONN_BUSY] = {[CONN_READY] = true, [CONN_CLOSED] = true},
	};

	(void)state;
	for (enum db_conn_state from = 0; from < CONN_STATE_COUNT; from++)
		for (enum db_conn_state to = 0; to < CONN_STATE_COUNT; to++)
			if (db_conn_may_move(from, to) != allowed[from][to])
				fail_msg("%s -> %s is %s", db_conn_state_name(from), db_conn_state_name(to),
					 allowed[from][to] ? "forbidden" : "allowed");
}

static void states_have_names(void **state)
{
	(void)state;
	assert_string_equal(db_conn_state_name(CONN_CLOSED), "CLOSED");
	assert_string_equal(db_conn_state_name(CONN_BUSY), "BUSY");
}

static void what_a_state_does_not_allow_is_refused(void **state)
{
	(void)state;
	expect_assert_failure(assert_int_equal(db_conn_advance(&conn), 0));
	expect_assert_failure((void)send_batch(0, &country, true));
	assert_int_equal(db_conn_open(&conn, NULL, NULL), 0);
	expect_assert_failure(assert_int_equal(db_conn_open(&conn, NULL, NULL), 0));
	expect_assert_failure((void)send_batch(1, &country, true));
}

static void closing_what_is_closed_does_nothing(void **state)
{
	(void)state;
	db_conn_close(&conn);
	assert_int_equal(conn.state, CONN_CLOSED);
	assert_int_equal(db_conn_socket(&conn), -1);
}

/* Connecting */

static void it_connects_is_set_up_and_ready(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	assert_int_equal(db_conn_open(&conn, NULL, NULL), 0);
	assert_int_equal(conn.state, CONN_CONNECTING);
	assert_true(db_conn_wants_write(&conn));
	assert_false(db_conn_wants_read(&conn));
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_true(db_conn_wants_read(&conn));
	assert_false(db_conn_wants_write(&conn));
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.state, CONN_PREPARING);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(on,5000,31000) +meantime: timeout +meantime: read only Sync");
	while (fake_pq_unanswered(pg()) > 0) {
		assert_false(db_conn_is_usable(&conn));
		fake_pq_answer(pg());
		assert_int_equal(db_conn_advance(&conn), 0);
	}
	assert_string_equal(fake_pq_sent(pg()), "Sync"); /* for the distance */
	assert_int_equal(conn.state, CONN_READY);
	assert_true(db_conn_is_usable(&conn));
	assert_int_equal(db_conn_socket(&conn), PQsocket(pg()));
}

static void the_distance_is_that_of_a_sync_alone(void **state)
{
	uint64_t asked_ns;

	(void)state;
	fake_pq.answers_setup = false;
	assert_int_equal(db_conn_open(&conn, NULL, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	usleep(30 * 1000); /* the set-up takes long */
	fake_pq_answer_all(pg());
	asked_ns = clock_now_ns();
	assert_int_equal(db_conn_advance(&conn), 0);
	usleep(5 * 1000);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.state, CONN_READY);
	assert_in_range(conn.distance_ns, 5 * NS_PER_MS, clock_now_ns() - asked_ns);
}

static void a_writing_connection_is_set_to_write(void **state)
{
	(void)state;
	init_as(false);
	assert_int_equal(db_conn_open(&conn, NULL, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(off,5000,31000) +meantime: timeout +meantime: read only Sync");
}

static void a_refused_connect_says_why(void **state)
{
	(void)state;
	fake_pq.refuses = true;
	assert_int_equal(db_conn_open(&conn, NULL, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "connection refused");
}

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
	assert_string_equal(batches[0].sqlstate, "26000");
	assert_int_equal(batches[1].error, ERROR_NONE);
	assert_int_equal(send_batch(2, &country, true), 0);
	assert_int_equal(send_batch(3, &slow, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "+country Sync R/O country(2) Sync R/O meantime:(250) slow() Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(2, "country(2)");
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

static void settings_that_are_refused_end_the_connection(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	assert_int_equal(db_conn_open(&conn, NULL, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	fake_pq_answer_error(pg(), "22023", "invalid value for parameter \"DateStyle\"", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "invalid value for parameter \"DateStyle\"");
}

static void it_can_be_opened_again(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	db_conn_close(&conn);
	assert_string_equal(over, "0 lost");
	open_and_prepare();
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(conn.in_flight, 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(1, "country(1)");
}

/* Results */

static void a_read_is_over_with_its_result_and_the_connection_with_the_sync(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(conn.state, CONN_BUSY);
	assert_string_equal(fake_pq_sent(pg()), "R/O country(0) Sync");
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "country(0)");
	assert_true(batches[0].done_ns >= batches[0].sent_ns);
	assert_int_equal(conn.state, CONN_BUSY);
	assert_int_equal(conn.in_flight, 1);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
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

static void reads_of_a_shared_unit_are_over_one_by_one(void **state)
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
		assert_int_equal(conn.in_flight, i < 2 ? 2U - (unsigned)i : 1);
	}
	assert_string_equal(over, "0 done, 1 done, 2 done");
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.state, CONN_READY);
	for (int i = 0; i < 3; i++) {
		char expected[16];

		snprintf(expected, sizeof(expected), "country(%d)", i);
		assert_row(i, expected);
	}
}

static void behind_an_error_in_a_shared_unit_nothing_was_run(void **state)
{
	(void)state;
	open_and_prepare();
	for (int i = 0; i < 4; i++)
		assert_int_equal(send_batch(i, &country, i == 3), 0);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "22012", "division by zero", "a detail");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done, 2 not run, 3 not run");
	assert_row(0, "country(0)");
	assert_int_equal(batches[1].error, ERROR_REJECTED);
	assert_string_equal(batches[1].sqlstate, "22012");
	assert_string_equal(batches[1].message, "division by zero");
	assert_string_equal(batches[1].detail, "a detail");
	assert_int_equal(batches[2].error, ERROR_NONE);
	assert_int_equal(conn.state, CONN_READY);
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
}

/* Losses */

static void a_goodbye_while_idle_ends_the_connection_and_says_why(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq_push(pg(), PGRES_FATAL_ERROR, "57P01", "terminating connection due to administrator command");
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "terminating connection due to administrator command");
	db_conn_close(&conn);
	assert_string_equal(over, "");
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
	assert_string_equal(over, "0 lost, 1 lost");
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
	assert_string_equal(over, "0 lost, 1 lost");
	assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message, "the database ended the session; nothing was written");
	assert_int_equal(batches[1].error, ERROR_NONE);
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

static void assert_refused(const char *context, const char *name)
{
	static struct db_parameter parameter = {.name = "code"};
	static const struct db_statement statement = {
	    .name = "country", .sql = "SELECT", .parameters = &parameter, .parameter_count = 1, .is_read_only = true};

	fake_pq.context = context;
	assert_int_equal(send_batch(0, &statement, true), 0);
	fake_pq_answer_error(pg(), "22P02", "invalid input value for enum mood", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	if (name != NULL)
		assert_string_equal(db_batch_refused_name(&batches[0]), name);
	else
		assert_null(db_batch_refused_name(&batches[0]));
	db_batch_cleanup(&batches[0]);
	assert_null(db_batch_refused_name(&batches[0]));
}

static void the_context_of_an_error_names_the_parameter(void **state)
{
	(void)state;
	open_and_prepare();
	assert_refused("unnamed portal parameter $1 = '...'", "code");
	assert_refused("PL/pgSQL function is_good(text) line 3 at RAISE\nunnamed portal parameter $1", "code");
	assert_refused("unnamed portal parameter $2 = '...'", NULL);
	assert_refused("unnamed portal parameter $0", NULL);
	assert_refused("unnamed portal parameter $99999999999999999999", NULL);
	assert_refused("SQL function \"unnamed portal parameter $1\" statement 1", NULL);
	assert_refused("unnamed portal parameter $1 = '...'\nSQL statement \"SELECT\"", NULL);
	assert_refused(NULL, NULL);
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
	assert_string_equal(over, "0 done, 1 done, 2 lost, 3 lost");
	assert_int_equal(conn.in_flight, 0);
	db_conn_close(&conn);
	assert_string_equal(over, "0 done, 1 done, 2 lost, 3 lost");
}

/* Faults: connect, prepare, two units, to the end. Whatever call fails, each batch comes back at most once and is
 * back after the close. Returns whether all went well. */
static bool run_whole_exchange(void)
{
	int status = db_conn_open(&conn, NULL, NULL);

	for (int i = 0; i < 10 && status == 0 && !db_conn_is_usable(&conn); i++)
		status = db_conn_advance(&conn);
	db_batch_add(&batches[3], &slow, NULL);
	if (status == 0)
		status = db_conn_prepare(&conn, &batches[3]);
	if (status == 0)
		status = send_batch(0, &country, false);
	if (status == 0)
		status = send_batch(1, &slow, true);
	if (status == 0)
		status = send_batch(2, &country, true);
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
}

static void waiting_ends_at_the_deadline(void **state)
{
	uint64_t before_ns = clock_now_ns();

	(void)state;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = before_ns + 20 * NS_PER_MS;
	db_wait_run(&wait, &batches[0]);
	assert_int_equal(batches[0].error, ERROR_DEADLINE);
	assert_non_null(strstr(batches[0].message, "whether it was written is not known"));
	assert_in_range(clock_now_ns() - before_ns, 20 * NS_PER_MS, 500 * NS_PER_MS);
	assert_int_equal(fake_pq.open, 0);
}

/* What can not be answered in time any more is not written either. */
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

static void a_read_handed_back_before_its_sync_leaves_room_for_the_next(void **state)
{
	(void)state;
	settings.depth = 1;
	assert_int_equal(db_wait_open(&wait.reads, clock_now_ns() + NS_PER_S), 0);
	for (int i = 0; i < 2; i++) {
		db_batch_add(&batches[i], &country, values[i]);
		batches[i].deadline_ns = clock_now_ns() + 50 * NS_PER_MS;
	}
	assert_int_equal(db_conn_prepare(&wait.reads, &batches[0]), 0);
	assert_int_equal(db_conn_send(&wait.reads, &batches[0], true), 0);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&wait.reads), 0);
	assert_row(0, "country(0)");
	db_wait_run(&wait, &batches[1]); /* its Sync has not come */
	assert_int_not_equal(batches[1].error, ERROR_NONE);
}

/* Streams: depth 1, and a part is over with its rows, the Sync a packet later. */

static void a_part_may_be_asked_for_before_the_sync_of_the_last(void **state)
{
	(void)state;
	settings.depth = 1;
	settings.statement_count = 0;
	fake_pq.answers_everything = fake_pq.is_sync_late = true;
	stream = db_stream_create(&country, values[0], &arena);
	for (int part = 0; part < 3; part++) {
		batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
		db_stream_wait(stream, &batches[0], &settings);
		assert_int_equal(batches[0].error, ERROR_NONE);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_move_is_as_drawn_in_the_header),
	    TEST(states_have_names),
	    TEST(what_a_state_does_not_allow_is_refused),
	    TEST(closing_what_is_closed_does_nothing),
	    TEST(it_connects_is_set_up_and_ready),
	    TEST(the_distance_is_that_of_a_sync_alone),
	    TEST(a_writing_connection_is_set_to_write),
	    TEST(a_refused_connect_says_why),
	    TEST(a_statement_is_prepared_where_it_is_first_sent),
	    TEST(a_statement_that_does_not_prepare_harms_no_other),
	    TEST(statements_to_prepare_take_no_batch_s_place),
	    TEST(settings_that_are_refused_end_the_connection),
	    TEST(it_can_be_opened_again),
	    TEST(a_read_is_over_with_its_result_and_the_connection_with_the_sync),
	    TEST(a_write_is_over_only_at_its_sync),
	    TEST(a_write_lost_before_its_sync_is_lost),
	    TEST(reads_of_a_shared_unit_are_over_one_by_one),
	    TEST(behind_an_error_in_a_shared_unit_nothing_was_run),
	    TEST(an_error_ends_at_its_unit),
	    TEST(queries_of_one_batch_are_over_together),
	    TEST(when_the_second_query_of_a_batch_fails_the_batch_has),
	    TEST(a_commit_that_fails_fails_the_write),
	    TEST(a_commit_that_fails_harms_no_read_and_no_connection),
	    TEST(a_statement_with_a_timeout_sets_it_first),
	    TEST(a_statement_without_a_name_is_sent_as_text),
	    TEST(two_nulls_in_a_row_neither_spin_nor_end_a_batch),
	    TEST(the_ring_of_slots_goes_round),
	    TEST(it_is_full_at_its_depth),
	    TEST(what_does_not_leave_at_once_leaves_later),
	    TEST(a_goodbye_while_idle_ends_the_connection_and_says_why),
	    TEST(a_goodbye_in_flight_loses_reads_without_an_error),
	    TEST(a_goodbye_in_flight_says_that_a_write_did_not_happen),
	    TEST(an_error_of_class_08_is_no_goodbye),
	    TEST(an_end_of_file_loses_what_is_in_flight),
	    TEST(a_result_larger_than_the_limit_is_an_error_of_its_own),
	    TEST(a_result_as_large_as_the_limit_is_none),
	    TEST(what_was_forgotten_comes_back_to_nobody),
	    TEST(a_forgotten_one_may_fail_or_be_lost),
	    TEST(the_context_of_an_error_names_the_parameter),
	    TEST(a_reading_session_that_was_changed_is_given_up),
	    TEST(who_of_a_shared_unit_changed_the_session_is_not_known),
	    TEST(a_writing_session_that_was_changed_is_closed_when_it_is_idle),
	    TEST(what_nobody_relies_on_may_change),
	    TEST(closing_hands_everything_back_once_and_in_order),
	    TEST(a_fault_in_any_call_is_survived),
	    TEST(waiting_runs_a_batch),
	    TEST(waiting_ends_at_the_deadline),
	    TEST(a_batch_whose_deadline_has_passed_is_not_sent),
	    TEST(without_a_database_waiting_fails_at_once_and_backs_off),
	    TEST(a_read_handed_back_before_its_sync_leaves_room_for_the_next),
	    TEST(a_part_may_be_asked_for_before_the_sync_of_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
