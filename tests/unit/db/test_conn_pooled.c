#include "pooled_fixture.h"

static void the_set_up_leaves_nothing(void **state)
{
	(void)state;
	fake_pq.setup_value = "300";
	open_pooled(true);
	assert_string_equal(fake_pq_sent(pg()), "SELECT() Sync Sync");
	assert_int_equal(conn.statement_limit_ms, 300);
}

static void a_set_up_that_fails_is_no_session(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	init_as(true);
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	fake_pq_answer_error(pg(), "42704", "unrecognized configuration parameter", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "unrecognized configuration parameter");
}

/* For the transaction (the first "on"), of reads (the fourth value), as text and not by name. */
static void each_unit_brings_its_settings(void **state)
{
	(void)state;
	open_pooled(true);
	fake_pq_sent(pg());
	assert_int_equal(send_batch(0, &country, false), 0);
	assert_int_equal(send_batch(1, &country, true), 0);
	assert_int_equal(send_batch(2, &country, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(on,5000,31000,on,on) SELECT(0) SELECT(1) Sync"
						" SELECT(on,5000,31000,on,on) SELECT(2) Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done, 2 done");
	assert_row(0, "SELECT(0)");
	assert_row(1, "SELECT(1)");
	assert_row(2, "SELECT(2)");
	assert_int_equal(conn.preparing, 0);
}

static void a_write_s_unit_is_not_read_only(void **state)
{
	(void)state;
	open_pooled(false);
	fake_pq_sent(pg());
	assert_int_equal(send_batch(0, &add, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(on,5000,31000,off,on) INSERT(0) Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(0, "INSERT(0)");
}

/* A read that travels with the writes. */
static void a_read_on_a_writing_connection_is_read_only(void **state)
{
	(void)state;
	open_pooled(false);
	fake_pq_sent(pg());
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(on,5000,31000,on,on) SELECT(0) Sync");
}

static void a_time_of_its_own_goes_with_the_settings(void **state)
{
	(void)state;
	open_pooled(true);
	fake_pq_sent(pg());
	assert_int_equal(send_batch(0, &slow, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(on,250,31000,on,on) SELECT() Sync");
}

/* Its transaction has the settings already; each part has its own time, which the role's limit bounds. */
static void a_stream_s_transaction_is_set_once(void **state)
{
	(void)state;
	open_pooled(true);
	fake_pq_sent(pg());
	fake_pq_begin(pg());
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_int_equal(send_batch(1, &slow, true), 0);
	conn.statement_limit_ms = 100;
	assert_int_equal(send_batch(2, &slow, true), 0);
	assert_string_equal(fake_pq_sent(pg()),
			    "SELECT(5000) SELECT(0) Sync SELECT(250) SELECT() Sync SELECT(100) SELECT() Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(0, "SELECT(0)");
}

/* DEALLOCATE ALL would be another client's affair. */
static void a_turn_sends_nothing(void **state)
{
	(void)state;
	open_pooled(true);
	fake_pq_sent(pg());
	assert_int_equal(db_conn_turn(&conn, (struct db_catalog){.edition = 1, .statement_count = 5}), 0);
	assert_string_equal(fake_pq_sent(pg()), "");
	assert_int_equal(conn.state, CONN_READY);
	assert_int_equal(conn.catalog.edition, 1);
	/* and the statement is of another edition */
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(on,5000,31000,on,on) SELECT(0) Sync");
}

/* A goodbye of PostgreSQL's says that nothing was written, whatever brings it; a pooler's own says nothing. */
static void assert_write_is(enum db_pooler pooler, bool is_pooler_s, const char *sqlstate, enum error error)
{
	settings.pooler = pooler;
	fake_pq.setup_parts = pooler == DB_POOLER_SESSION ? 5 : pooler == DB_POOLER_NONE ? 3 : 2;
	init_as(false);
	over[0] = '\0';
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	while (fake_pq_unanswered(pg()) > 2)
		fake_pq_answer(pg());
	fake_pq.is_pooler_s = is_pooler_s;
	fake_pq.severity = is_pooler_s ? "ERROR" : NULL; /* so it calls its goodbye */
	fake_pq_answer_error(pg(), sqlstate, "goodbye", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	fake_pq.is_pooler_s = false;
	fake_pq.severity = NULL;
	db_conn_close(&conn);
	assert_string_equal(over, strcmp(sqlstate, "57P01") == 0 ? "0 given up" : "0 lost");
	assert_int_equal(batches[0].error, error);
	db_batch_cleanup(&batches[0]);
}

static void a_pooler_s_goodbye_leaves_a_write_unknown(void **state)
{
	(void)state;
	for (enum db_pooler pooler = DB_POOLER_NONE; pooler <= DB_POOLER_TRANSACTION; pooler++) {
		assert_write_is(pooler, false, "57P01", ERROR_DATABASE_UNAVAILABLE);
		assert_write_is(pooler, true, "57P01", ERROR_NONE);
		assert_write_is(pooler, true, "08P01", ERROR_NONE);
	}
}

/* Behind a session pooler */

/* One part is over before the next is sent. */
static void a_session_of_a_pooler_s_is_set_up_part_by_part(void **state)
{
	(void)state;
	settings.pooler = DB_POOLER_SESSION;
	fake_pq.answers_setup = false;
	init_as(true);
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT() Sync");
	fake_pq.has_other_pid = true;
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(fake_pq_sent(pg()),
			    "SELECT(off,5000,31000,on,on) +meantime: timeout +meantime: read only Sync");
	for (int i = 0; i < 2; i++) {
		fake_pq_answer_all(pg());
		assert_int_equal(db_conn_advance(&conn), 0);
		assert_string_equal(fake_pq_sent(pg()), "SELECT() Sync");
		fake_pq_answer_error(pg(), "22023", "not on this system", NULL);
	}
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(fake_pq_sent(pg()), "Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.state, CONN_READY);
}

/* It is one's own until it is closed; what is prepared is over before the next is sent. */
static void a_session_of_a_pooler_s_prepares_one_at_a_time(void **state)
{
	(void)state;
	settings.pooler = DB_POOLER_SESSION;
	fake_pq.setup_parts = 5;
	open_unprepared();
	add_batch(0, &slow);
	db_batch_add(&batches[0], &country, values[0]);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "meantime:(250) +slow ?slow Sync");
	assert_int_equal(ask_again(0), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "+country ?country Sync");
	assert_int_equal(ask_again(0), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O meantime:(250) slow() country(0) Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	/* another edition's are prepared in the place of these */
	assert_int_equal(db_conn_turn(&conn, (struct db_catalog){.edition = 1, .statement_count = 5}), 0);
	assert_string_equal(fake_pq_sent(pg()), "DEALLOCATE() +meantime: timeout +meantime: read only Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.state, CONN_READY);
}

static void what_is_described_waits_for_its_sync(void **state)
{
	(void)state;
	settings.pooler = DB_POOLER_SESSION;
	fake_pq.setup_parts = 5;
	open_unprepared();
	add_batch(0, &country);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	fake_pq_answer(pg());
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.prepared[country.index].seen, 1);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], true), DB_CONN_WAITS);
	assert_int_equal(ask_again(0), DB_CONN_READY);
}

/* A batch that comes now is no one that has waited for the failure of before. */
static void what_failed_to_prepare_is_tried_again_behind_another(void **state)
{
	(void)state;
	settings.pooler = DB_POOLER_SESSION;
	fake_pq.setup_parts = 5;
	open_unprepared();
	conn.prepared[country.index].has_failed = true;
	add_batch(0, &slow);
	db_batch_add(&batches[0], &country, values[0]);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_int_equal(ask_again(0), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "meantime:(250) +slow ?slow Sync +country ?country Sync");
	assert_int_equal(ask_again(0), DB_CONN_READY);
}

/* Nothing is set there. */
static void a_pooler_that_is_not_named_is_no_session(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	fake_pq.has_other_pid = true;
	init_as(true);
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT() Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "a pooler stands in front of PostgreSQL now; restart with --db-pooler");
	assert_string_equal(fake_pq_sent(pg()), "");
}

static void an_answer_that_was_not_asked_for_ends_the_connection(void **state)
{
	(void)state;
	open_and_prepare();
	fake_pq_push(pg(), PGRES_PIPELINE_SYNC, NULL, NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "an answer that was not asked for");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_POOLED(the_set_up_leaves_nothing),
	    TEST_POOLED(a_set_up_that_fails_is_no_session),
	    TEST_POOLED(each_unit_brings_its_settings),
	    TEST_POOLED(a_write_s_unit_is_not_read_only),
	    TEST_POOLED(a_read_on_a_writing_connection_is_read_only),
	    TEST_POOLED(a_time_of_its_own_goes_with_the_settings),
	    TEST_POOLED(a_stream_s_transaction_is_set_once),
	    TEST_POOLED(a_turn_sends_nothing),
	    TEST(a_session_of_a_pooler_s_is_set_up_part_by_part),
	    TEST(a_session_of_a_pooler_s_prepares_one_at_a_time),
	    TEST(a_pooler_that_is_not_named_is_no_session),
	    TEST(an_answer_that_was_not_asked_for_ends_the_connection),
	    TEST(what_is_described_waits_for_its_sync),
	    TEST(what_failed_to_prepare_is_tried_again_behind_another),
	    TEST(a_pooler_s_goodbye_leaves_a_write_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
