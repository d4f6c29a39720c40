/* What PostgreSQL is told of time, and what a connection notes of it: on a clock of the test's own. */
#include "conn_fixture.h"

#include "lib/fake_clock.h"

/* On a reading connection; 0: it has passed already. */
static const char *sent_with(int i, const struct db_statement *statement, uint64_t left_ns)
{
	db_batch_add(&batches[i], statement, values[i]);
	batches[i].deadline_ns = left_ns > 0 ? clock_now_ns() + left_ns : 0;
	assert_int_equal(db_conn_send(&conn, &batches[i], true), 0);
	return fake_pq_sent(pg());
}

/* A part of a millisecond counts as one: PostgreSQL takes 0 for no limit. */
static void a_timeout_is_what_is_left_and_a_millisecond(void **state)
{
	(void)state;
	settings.depth = BATCHES;
	open_and_prepare();
	assert_string_equal(sent_with(0, &slow, 100 * NS_PER_MS), "R/O meantime:(101) slow() Sync");
	assert_string_equal(sent_with(1, &slow, NS_PER_MS - 1), "R/O meantime:(1) slow() Sync");
	assert_string_equal(sent_with(2, &slow, 2 * NS_PER_MS - 1), "R/O meantime:(2) slow() Sync");
	assert_string_equal(sent_with(3, &slow, 0), "R/O meantime:(1) slow() Sync");
	assert_string_equal(sent_with(4, &slow, NS_PER_S), "R/O meantime:(250) slow() Sync");
}

/* It is sent when little of its time is left: PostgreSQL hears of it, though the statement has no time of its own. */
static void what_is_late_is_told_what_is_left(void **state)
{
	(void)state;
	open_and_prepare();
	for (int i = 0; i < 3; i++)
		batches[i].is_late = true;
	assert_string_equal(sent_with(0, &country, 30 * NS_PER_MS), "R/O meantime:(31) country(0) Sync");
	assert_string_equal(sent_with(1, &country, 9 * NS_PER_S), "R/O meantime:(5000) country(1) Sync");
	assert_string_equal(sent_with(2, &slow, NS_PER_S), "R/O meantime:(250) slow() Sync");
	assert_string_equal(sent_with(3, &country, NS_PER_MS), "R/O country(3) Sync");
}

static void a_millisecond_is_a_time(void **state)
{
	static const struct db_statement quick = {
	    .name = "quick", .sql = "SELECT", .index = 1, .is_read_only = true, .timeout_ms = 1};

	(void)state;
	open_and_prepare();
	batches[1].is_late = true;
	assert_string_equal(sent_with(0, &quick, NS_PER_S), "R/O meantime:(1) quick() Sync");
	assert_string_equal(sent_with(1, &quick, NS_PER_S), "R/O meantime:(1) quick() Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(0, "quick()");
	db_conn_close(&conn);
	fake_pq.setup_value = "1";
	open_and_prepare();
	assert_string_equal(sent_with(2, &slow, NS_PER_S), "R/O meantime:(1) slow() Sync");
}

/* All of a unit leaves together. */
static void a_unit_is_sent_at_one_time(void **state)
{
	uint64_t began_ns;

	(void)state;
	open_and_prepare();
	began_ns = clock_now_ns();
	assert_int_equal(send_batch(0, &country, false), 0);
	fake_clock_advance(NS_PER_MS);
	assert_int_equal(send_batch(1, &country, true), 0);
	assert_true(batches[0].sent_ns == began_ns && batches[1].sent_ns == began_ns);
	assert_true(conn.progress_ns == began_ns);
	fake_clock_advance(NS_PER_MS);
	assert_int_equal(send_batch(2, &country, true), 0);
	assert_true(batches[2].sent_ns == began_ns + 2 * NS_PER_MS);
	assert_true(conn.progress_ns == began_ns);
}

/* What is prepared belongs to no unit of a batch's. */
static void progress_begins_when_an_idle_connection_is_sent_something(void **state)
{
	(void)state;
	open_unprepared();
	fake_clock_advance(NS_PER_MS);
	add_batch(0, &country);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_int_equal(conn.state, CONN_BUSY);
	assert_true(conn.progress_ns == clock_now_ns());
}

static void progress_is_what_arrives_and_opening_and_closing(void **state)
{
	(void)state;
	fake_clock_advance(NS_PER_MS);
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_true(conn.progress_ns == clock_now_ns());
	for (int i = 0; i < 10 && !db_conn_is_usable(&conn); i++)
		assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(send_batch(0, &unprepared, true), 0);
	fake_clock_advance(NS_PER_MS);
	db_conn_close(&conn);
	assert_true(conn.progress_ns == clock_now_ns());
	assert_true(batches[0].done_ns == clock_now_ns());
}

static void the_distance_is_measured_at_each_connect(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(db_conn_open(&conn, NULL), 0);
		assert_int_equal(db_conn_advance(&conn), 0);
		while (!db_conn_is_usable(&conn)) {
			bool is_asked = conn.asked_ns > 0 && conn.setup_left == 1;

			fake_clock_advance(is_asked ? 3 * NS_PER_MS : NS_PER_MS);
			assert_int_equal(db_conn_advance(&conn), 0);
		}
		assert_true(conn.distance_ns == 3 * NS_PER_MS);
		db_conn_close(&conn);
		fake_clock_advance(NS_PER_S);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_timeout_is_what_is_left_and_a_millisecond),
	    TEST(what_is_late_is_told_what_is_left),
	    TEST(a_millisecond_is_a_time),
	    TEST(a_unit_is_sent_at_one_time),
	    TEST(progress_begins_when_an_idle_connection_is_sent_something),
	    TEST(the_distance_is_measured_at_each_connect),
	    TEST(progress_is_what_arrives_and_opening_and_closing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
