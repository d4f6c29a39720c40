#include "db/conn_parts.h"

#include "conn_fixture.h"
#include "lib/log_tap.h"

/* States */

static void every_move_is_as_drawn_in_the_header(void **state)
{
	static const bool allowed[CONN_STATE_COUNT][CONN_STATE_COUNT] = {
	    [CONN_CLOSED] = {[CONN_CONNECTING] = true},
	    [CONN_CONNECTING] = {[CONN_PREPARING] = true, [CONN_CLOSED] = true},
	    [CONN_PREPARING] = {[CONN_READY] = true, [CONN_CLOSED] = true},
	    [CONN_READY] = {[CONN_BUSY] = true, [CONN_PREPARING] = true, [CONN_CLOSED] = true},
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
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	expect_assert_failure(assert_int_equal(db_conn_open(&conn, NULL), 0));
	expect_assert_failure((void)send_batch(1, &country, true));
}

static void closing_what_is_closed_does_nothing(void **state)
{
	(void)state;
	db_conn_close(&conn);
	assert_int_equal(conn.state, CONN_CLOSED);
	assert_int_equal(db_conn_socket(&conn), -1);
	open_and_prepare();
	assert_true(db_conn_socket(&conn) >= 0);
	db_conn_close(&conn);
	assert_int_equal(db_conn_socket(&conn), -1);
}

/* Connecting */

/* Whose session it is; what is required, then what a server may lack, in a Sync each. */
#define ASKED "SELECT() Sync"
#define SETUP(is_read_only)                                                                                            \
	"SELECT(off,5000,31000," is_read_only ",on) +meantime: timeout +meantime: read only Sync"                      \
	" SELECT() Sync SELECT() Sync"

static void it_connects_is_set_up_and_ready(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_int_equal(conn.state, CONN_CONNECTING);
	assert_true(db_conn_wants_write(&conn));
	assert_false(db_conn_wants_read(&conn));
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_true(db_conn_wants_read(&conn));
	assert_false(db_conn_wants_write(&conn));
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.state, CONN_PREPARING);
	assert_string_equal(fake_pq_sent(pg()), ASKED);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(fake_pq_sent(pg()), SETUP("on"));
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
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	usleep(30 * 1000); /* the set-up takes long */
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
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
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(fake_pq_sent(pg()), ASKED " " SETUP("off"));
}

static void a_refused_connect_says_why(void **state)
{
	(void)state;
	fake_pq.refuses = true;
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "connection refused");
}

/* The settings, and what is prepared with them. */
static void what_is_required_and_refused_ends_the_connection(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	for (int good = 0; good < 3; good++) {
		assert_int_equal(db_conn_open(&conn, NULL), 0);
		assert_int_equal(db_conn_advance(&conn), 0);
		assert_int_equal(db_conn_advance(&conn), 0);
		fake_pq_answer_all(pg());
		assert_int_equal(db_conn_advance(&conn), 0);
		for (int i = 0; i < good; i++)
			fake_pq_answer(pg());
		fake_pq_answer_error(pg(), "22023", "invalid value for parameter \"DateStyle\"", NULL);
		assert_int_equal(db_conn_advance(&conn), -1);
		assert_string_equal(conn.error, "invalid value for parameter \"DateStyle\"");
		db_conn_close(&conn);
	}
}

/* What is required is answered. */
static void open_up_to_what_is_optional(void)
{
	fake_pq.answers_setup = false;
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	for (int i = 0; i < 4; i++)
		fake_pq_answer(pg());
}

/* Its settings, and those of PostgreSQL 12 and 13. */
static void what_is_optional_may_be_missing(void **state)
{
	(void)state;
	open_up_to_what_is_optional();
	for (int i = 0; i < 2; i++) {
		fake_pq_answer_error(pg(), "22023", "client_connection_check_interval must be set to 0", NULL);
		fake_pq_answer(pg());
	}
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(conn.error, "");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.state, CONN_READY);
}

/* An error that is fatal says that there is no session, wherever it comes. */
static void a_session_that_ends_during_its_set_up_is_lost(void **state)
{
	(void)state;
	open_up_to_what_is_optional();
	fake_pq_answer_error(pg(), "57P01", "terminating connection", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "terminating connection");
}

static void a_server_that_is_too_old_is_refused(void **state)
{
	static const struct {
		int version;
		const char *error;
	} servers[] = {
	    {90624, "PostgreSQL 9.6 is too old; 12 is the oldest that is supported"},
	    {100000, "PostgreSQL 10.0 is too old; 12 is the oldest that is supported"},
	    {110022, "PostgreSQL 11.22 is too old; 12 is the oldest that is supported"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(servers); i++) {
		fake_pq.server_version = servers[i].version;
		assert_int_equal(db_conn_open(&conn, NULL), 0);
		assert_int_equal(db_conn_advance(&conn), 0);
		assert_int_equal(db_conn_advance(&conn), -1);
		assert_string_equal(conn.error, servers[i].error);
		assert_string_equal(fake_pq_sent(pg()), "");
		db_conn_close(&conn);
	}
	fake_pq.server_version = 120000;
	open_and_prepare();
}

/* The set-up's first column says what the role, the database or the URL has set: a statement's own time is no longer. */
static void a_limit_of_the_role_s_is_kept(void **state)
{
	(void)state;
	fake_pq.setup_value = "100";
	open_and_prepare();
	assert_int_equal(conn.statement_limit_ms, 100);
	assert_int_equal(send_batch(0, &slow, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O meantime:(100) slow() Sync");
	db_conn_close(&conn);
	fake_pq.setup_value = "1000";
	open_and_prepare();
	assert_int_equal(send_batch(1, &slow, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O meantime:(250) slow() Sync");
	db_conn_close(&conn);
	fake_pq.setup_value = "0";
	open_and_prepare();
	assert_int_equal(send_batch(2, &slow, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O meantime:(250) slow() Sync");
}

/* It is asked for before anything is set: what the settings say then is the service's own. */
static void a_limit_is_what_was_there_before_anything_was_set(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	fake_pq.backend_pid = 4711;
	fake_pq.setup_value = "300";
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	fake_pq_push_null(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	fake_pq.setup_value = "100";
	while (!db_conn_is_usable(&conn)) {
		fake_pq_answer_all(pg());
		assert_int_equal(db_conn_advance(&conn), 0);
	}
	assert_int_equal(conn.statement_limit_ms, 300);
}

/* Not even what is optional may be answered so. */
static void a_set_up_that_libpq_cannot_read_ends_the_connection(void **state)
{
	(void)state;
	open_up_to_what_is_optional();
	fake_pq_lose_sync(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "lost synchronization with server");
}

/* Notices and notifications */

static void notifications_are_taken_and_freed(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	open_and_prepare();
	for (int i = 0; i < 3; i++) {
		fake_pq_notify(pg(), 2);
		assert_int_equal(fake_pq.live_results, 0);
		assert_int_equal(db_conn_advance(&conn), 0);
		assert_null(PQnotifies(pg()));
	}
	assert_true(conn.was_notified);
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_notify(pg(), 1);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_null(PQnotifies(pg()));
	assert_row(0, "country(0)");
}

/* A type and a length, the sender, and "news" and "payload" with a NUL each. */
static void notifications_are_no_part_of_a_result(void **state)
{
	enum { ON_THE_WIRE = 1 + 4 + 4 + 5 + 8 };

	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	conn.head_bytes = 1000;
	fake_pq_notify(pg(), 1);
	conn_drop_notifications(&conn);
	assert_int_equal(conn.head_bytes, 1000 - ON_THE_WIRE);
	conn.head_bytes = ON_THE_WIRE; /* what is unfinished stays so */
	fake_pq_notify(pg(), 1);
	conn_drop_notifications(&conn);
	assert_int_equal(conn.head_bytes, 1);
}

static void the_first_notification_is_told(void **state)
{
	const char *logged;

	(void)state;
	open_and_prepare();
	log_tap_begin(LOG_WARNING);
	fake_pq_notify(pg(), 2);
	conn_drop_notifications(&conn);
	logged = log_tap_end();
	assert_non_null(strstr(logged, "LISTEN on \"news\""));
	assert_null(strstr(strstr(logged, "LISTEN") + 1, "LISTEN"));
}

/* As it stands on the wire: 6 bytes, and two more than its text for each field: "00000", "said", "postgres.c", and
 * twice "ERROR". */
static void notices_are_no_part_of_a_result(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	conn.head_bytes = 1000;
	fake_pq_notice(pg(), "00000", "said");
	assert_int_equal(conn.head_bytes, 1000 - 6 - 7 - 6 - 12 - 7 - 7);
	conn.head_bytes = 6 + 7 + 6 + 12 + 7 + 7;
	fake_pq_notice(pg(), "00000", "said");
	assert_int_equal(conn.head_bytes, 1);
	conn.head_bytes = 5;
	fake_pq_notice(pg(), "00000", "said");
	assert_int_equal(conn.head_bytes, 1);
	conn.head_bytes = 0;
	fake_pq_notice(pg(), "00000", "said");
	assert_int_equal(conn.head_bytes, 0);
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
	    TEST(what_is_required_and_refused_ends_the_connection),
	    TEST(what_is_optional_may_be_missing),
	    TEST(a_session_that_ends_during_its_set_up_is_lost),
	    TEST(a_server_that_is_too_old_is_refused),
	    TEST(a_limit_of_the_role_s_is_kept),
	    TEST(a_limit_is_what_was_there_before_anything_was_set),
	    TEST(a_set_up_that_libpq_cannot_read_ends_the_connection),
	    TEST(notifications_are_taken_and_freed),
	    TEST(notices_are_no_part_of_a_result),
	    TEST(notifications_are_no_part_of_a_result),
	    TEST(the_first_notification_is_told),
	    TEST(it_can_be_opened_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
