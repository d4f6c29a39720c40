/* How a connect fails, and what is left of a connection when it is opened again. */
#include "db/conn_parts.h"

#include "conn_fixture.h"

static void open_refused(const char *refusal)
{
	fake_pq.refuses = true;
	fake_pq.refusal = refusal;
	db_conn_close(&conn);
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), -1);
}

static void what_it_connects_with_is_its_settings(void **state)
{
	(void)state;
	settings.conninfo = "postgresql://app@db/shop";
	open_and_prepare();
	assert_string_equal(fake_pq.conninfo, "postgresql://app@db/shop");
}

#define PREFIX "connection to server at \"db\" (10.0.0.1), port 5432 failed: "

/* libpq tells the SQLSTATE in its words only, and then the place in PostgreSQL's source. */
static void codes_are_taken_out_of_a_refusal(void **state)
{
	static const struct {
		const char *refusal, *error;
		bool is_full, gave_up;
	} cases[] = {
	    {PREFIX "FATAL:  53300: too many connections\nLOCATION:  Init, miscinit.c:727\n",
	     PREFIX "FATAL:  too many connections", true, false},
	    {PREFIX "FATAL:  57P01: terminating connection\nLOCATION:  Process, postgres.c:3230\n",
	     PREFIX "FATAL:  terminating connection", false, true},
	    {PREFIX "FATAL:  57P01: terminating connection", PREFIX "FATAL:  terminating connection", false, true},
	    {PREFIX "FATAL:  28P01: password authentication failed\nDETAIL:  none\n",
	     PREFIX "FATAL:  password authentication failed\nDETAIL:  none", false, false},
	    {PREFIX "FATAL:  28000: no entry\nLOCATION:  Auth, auth.c:1\nHINT:  try\n",
	     PREFIX "FATAL:  no entry\nHINT:  try", false, false},
	    {PREFIX "FATAL:  28000: no entry\n" PREFIX "FATAL:  53300: too many\n",
	     PREFIX "FATAL:  no entry\n" PREFIX "FATAL:  too many", true, false},
	    /* what only looks like one */
	    {PREFIX "FATAL:  sorry: too many\n", PREFIX "FATAL:  sorry: too many", false, false},
	    {PREFIX "FATAL:  53300 clients\n", PREFIX "FATAL:  53300 clients", false, false},
	    {PREFIX "FATAL:  57P01 or so\nin auth.c:1\n", PREFIX "FATAL:  57P01 or so\nin auth.c:1", false, false},
	    {PREFIX "FATAL:  533001: clients\n", PREFIX "FATAL:  533001: clients", false, false},
	    {PREFIX "FATAL:  57P02: crash\n", PREFIX "FATAL:  crash", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		open_refused(cases[i].refusal);
		assert_string_equal(conn.error, cases[i].error);
		assert_int_equal(conn.is_full, cases[i].is_full);
		assert_int_equal(conn.gave_up, cases[i].gave_up);
	}
}

static void a_refusal_of_any_length_is_cut_to_its_room(void **state)
{
	static char refusal[2000];
	static const char words[] = "FATAL:  53300: too many connections\nLOCATION:  Init, miscinit.c:727\n";

	(void)state;
	memset(refusal, 'x', sizeof(refusal) - 1);
	memcpy(refusal, words, sizeof(words) - 1);
	open_refused(refusal);
	assert_true(conn.is_full);
	assert_int_equal(strlen(conn.error), sizeof(conn.error) - 1);
	assert_memory_equal(conn.error, "FATAL:  too many connections\nxxx", 32);
}

static void a_failure_ends_without_a_line_break(void **state)
{
	char words[] = "\nno\n\n", *blank = words + 4;

	(void)state;
	assert_int_equal(conn_fail(&conn, words + 1), -1);
	assert_string_equal(conn.error, "no");
	assert_int_equal(conn_fail(&conn, blank), -1);
	assert_string_equal(conn.error, "");
	assert_int_equal(conn_fail(&conn, words + 5), -1);
	assert_string_equal(conn.error, "");
}

/* A name that is no host's, a password file that cannot be read. */
static void what_is_refused_at_once_is_not_waited_for(void **state)
{
	(void)state;
	fake_pq.refuses_at_once = true;
	fake_pq.refusal = "invalid port number: \"0\"\n";
	assert_int_equal(db_conn_open(&conn, NULL), -1);
	assert_string_equal(conn.error, "invalid port number: \"***\"");
}

/* Opened again */

static void one_that_was_full_is_not_for_ever(void **state)
{
	(void)state;
	open_refused(PREFIX "FATAL:  53300: too many connections\n");
	assert_true(conn.is_full);
	db_conn_close(&conn);
	fake_pq.refuses = false;
	open_and_prepare();
	assert_false(conn.is_full);
}

static void what_changed_the_session_is_forgotten_with_it(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_report(pg(), "DateStyle", "German");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_ptr_equal(conn.changed_by, &country);
	assert_true(conn.gave_up);
	db_conn_close(&conn);
	open_and_prepare();
	assert_null(conn.changed_by);
	assert_false(conn.gave_up);
	assert_string_equal(conn.error, "");
}

/* It was lost in the middle of a unit, and of a result. */
static void a_unit_that_was_begun_is_forgotten(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(send_batch(1, &country, false), 0);
	fake_pq_send_bytes(pg(), 500);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.head_bytes, 500);
	assert_true(conn.unit_ns > 0);
	db_conn_close(&conn);
	assert_string_equal(over, "0 lost, 1 lost");
	open_and_prepare();
	assert_int_equal(conn.head_bytes, 0);
	assert_int_equal(conn.unit_ns, 0);
	assert_int_equal(send_batch(2, &country, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O country(2) Sync");
}

/* Slots */

/* Which of several has changed the session cannot be told. */
static void a_statement_is_alone_when_it_is_all_of_its_unit(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(send_batch(1, &country, false), 0);
	assert_int_equal(send_batch(2, &country, true), 0);
	assert_ptr_equal(db_conn_slot(&conn, 0)->only, &country);
	assert_null(db_conn_slot(&conn, 1)->only);
	assert_null(db_conn_slot(&conn, 2)->only);
}

static void whatever_a_reading_connection_is_sent_is_read_only(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O add(0) Sync");
}

static void answer_two(void)
{
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.in_flight, 0);
}

/* With room for so many batches and no statements: the ring is as large as the depth. */
static void several_in_flight_go_round_the_ring(void **state)
{
	(void)state;
	settings.catalog.statement_count = 0;
	init_as(true);
	open_and_prepare();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++) {
			db_batch_cleanup(&batches[i]);
			assert_int_equal(send_batch(i, &unprepared, true), 0);
			assert_ptr_equal(db_conn_slot(&conn, (unsigned)i)->batch, &batches[i]);
		}
		answer_two();
	}
	for (int i = 0; i < 3; i++)
		assert_row(i, "SELECT()");
	for (int i = 3; i < 6; i++)
		assert_int_equal(send_batch(i, &unprepared, true), 0);
	over[0] = '\0';
	db_conn_close(&conn);
	assert_string_equal(over, "3 lost, 4 lost, 5 lost");
}

/* The ring of the next edition is smaller, and begins at its beginning. */
static void a_ring_that_shrinks_begins_anew(void **state)
{
	(void)state;
	open_and_prepare();
	for (int i = 0; i < 6; i++) {
		assert_int_equal(send_batch(i, &country, true), 0);
		answer_two();
	}
	assert_int_equal(db_conn_turn(&conn, (struct db_catalog){.edition = 1}), 0);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(send_batch(6, &unprepared, true), 0);
	answer_two();
	assert_row(6, "SELECT()");
}

static void what_is_read_while_writing_counts_as_read(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq_send_bytes(pg(), 500);
	fake_pq_clog(pg(), 1);
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(conn.head_bytes, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_it_connects_with_is_its_settings),
	    TEST(codes_are_taken_out_of_a_refusal),
	    TEST(a_refusal_of_any_length_is_cut_to_its_room),
	    TEST(a_failure_ends_without_a_line_break),
	    TEST(what_is_refused_at_once_is_not_waited_for),
	    TEST(one_that_was_full_is_not_for_ever),
	    TEST(what_changed_the_session_is_forgotten_with_it),
	    TEST(a_unit_that_was_begun_is_forgotten),
	    TEST(a_statement_is_alone_when_it_is_all_of_its_unit),
	    TEST(whatever_a_reading_connection_is_sent_is_read_only),
	    TEST(several_in_flight_go_round_the_ring),
	    TEST(a_ring_that_shrinks_begins_anew),
	    TEST(what_is_read_while_writing_counts_as_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
