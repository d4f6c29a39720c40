#include "conn_fixture.h"

/* Behind a transaction pooler */

static int set_up_pooled(void **state)
{
	int status = set_up(state);

	settings.pooler = DB_POOLER_TRANSACTION;
	return status;
}

static void open_pooled(bool is_read_only)
{
	fake_pq.setup_parts = settings.pooler == DB_POOLER_SESSION ? 5 : 2;
	init_as(is_read_only);
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	while (!db_conn_is_usable(&conn))
		assert_int_equal(db_conn_advance(&conn), 0);
	for (unsigned i = 0; i < settings.catalog.statement_count; i++)
		conn.prepared[i] = (struct db_prepared){.signature = &statements[i]->signature, .seen = 1};
}

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

/* What is looked at, behind a transaction pooler */

static const struct db_column one_column[] = {{.name = "answer", .oid = 25}};
static const struct db_statement returning = {
    .name = "returning",
    .sql = "INSERT",
    .parameter_count = 1,
    .signature = {.parameters = one_text, .columns = (struct db_column *)(uintptr_t)one_column, .column_count = 1},
};
static const struct db_statement reading = {
    .name = "reading",
    .sql = "SELECT",
    .parameter_count = 1,
    .signature = {.parameters = one_text, .columns = (struct db_column *)(uintptr_t)one_column, .column_count = 1},
    .is_read_only = true,
};

static void open_looking(bool is_read_only, const struct db_statement *statement)
{
	open_pooled(is_read_only);
	fake_pq_sent(pg());
	fake_pq.shows_prepares = true;
	conn.prepared[0] = (struct db_prepared){.signature = &statement->signature, .seen = 1};
}

/* With the time that it may wait for a lock, and without a name. */
static void what_was_not_described_is_described_first(void **state)
{
	(void)state;
	open_looking(false, &returning);
	fake_pq_describe("", 1, 1, 25);
	conn.prepared[0] = (struct db_prepared){0};
	add_batch(0, &returning);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(5000) + ? Sync");
	assert_int_equal(ask_again(0), DB_CONN_READY);
	assert_ptr_equal(batches[0].queries[0].signature, &returning.signature);
	assert_false(conn.prepared[0].is_in_session);
}

static void a_write_is_described_where_it_runs(void **state)
{
	(void)state;
	open_looking(false, &returning);
	fake_pq_describe("", 1, 1, 25);
	assert_int_equal(send_batch(0, &returning, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(on,5000,31000,off,on) + ?");
	assert_int_equal(conn.units_in_flight, 1);
	assert_int_equal(conn.unit_ns, 0);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(fake_pq_sent(pg()), "(0) Sync");
	assert_string_equal(over, "");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "(0)");
	assert_int_equal(conn.state, CONN_READY);
}

static void a_write_of_several_is_described_where_it_runs(void **state)
{
	(void)state;
	open_looking(false, &returning);
	fake_pq_describe("", 1, 1, 25);
	add_batch(0, &returning);
	db_batch_add(&batches[0], &returning, values[1]);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(on,5000,31000,off,on) + ? + ?");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(fake_pq_sent(pg()), "INSERT(0) INSERT(1) Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "INSERT(0)");
}

/* Nothing of it runs, and the statement is described again before it is sent again. */
static void assert_not_run(unsigned seen)
{
	assert_string_equal(fake_pq_sent(pg()), "Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.prepared[0].seen, seen);
	assert_int_equal(conn.state, CONN_READY);
	assert_int_equal(conn.in_flight, 0);
}

static void a_write_with_other_columns_does_not_run(void **state)
{
	(void)state;
	open_looking(false, &returning);
	fake_pq_describe("", 1, 2, 25);
	assert_int_equal(send_batch(0, &returning, true), 0);
	fake_pq_sent(pg());
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_not_run(0);
	assert_string_equal(over, "0 not run");
	assert_int_equal(batches[0].error, ERROR_NONE);
}

/* The first of three is what has changed. */
static void each_of_several_is_held_to_its_own_description(void **state)
{
	(void)state;
	open_looking(false, &returning);
	fake_pq_describe("", 1, 1, 25);
	add_batch(0, &add); /* no columns are known of it */
	db_batch_add(&batches[0], &returning, values[1]);
	db_batch_add(&batches[0], &returning, values[2]);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	fake_pq_sent(pg());
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_not_run(1);
	assert_string_equal(over, "0 not run");
	assert_int_equal(conn.prepared[add.index].seen, 0);
}

/* Its rows are not what it is judged by: it has run, and does not run again. */
static void a_write_that_has_run_is_answered_whatever_its_rows(void **state)
{
	(void)state;
	open_looking(false, &returning);
	fake_pq_describe("", 1, 1, 25);
	assert_int_equal(send_batch(0, &returning, true), 0);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	fake_pq.oid_of_rows = 20;
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "(0)");
}

static void open_with_a_write_of_two(void)
{
	open_looking(false, &returning);
	fake_pq_describe("", 1, 1, 25);
	add_batch(0, &returning);
	db_batch_add(&batches[0], &returning, values[1]);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_READY);
}

/* The call of that number from here on fails. */
static void let_fail(unsigned number)
{
	fake_pq.fail_at = fake_pq.calls + number;
	fake_pq.failed_call = NULL;
}

static bool is_call(const char *name)
{
	return fake_pq.failed_call != NULL && strcmp(fake_pq.failed_call, name) == 0;
}

/* What is looked at goes out, or the connection is over. */
static void a_look_that_cannot_be_sent_is_said_at_once(void **state)
{
	unsigned met = 0;

	(void)state;
	for (unsigned number = 1; number <= 7; number++) {
		int status;

		open_with_a_write_of_two();
		let_fail(number);
		status = db_conn_send(&conn, &batches[0], true);
		if (is_call("PQsendPrepare") || is_call("PQsendDescribePrepared") || is_call("PQsendFlushRequest")) {
			assert_int_equal(status, -1);
			met++;
		}
		fake_pq.fail_at = 0;
		db_batch_cleanup(&batches[0]);
		db_batch_init(&batches[0]);
		db_conn_close(&conn);
	}
	assert_int_equal(met, 5);
}

static void what_cannot_be_sent_behind_a_look_ends_the_connection(void **state)
{
	unsigned met = 0;

	(void)state;
	for (unsigned number = 1; number <= 6; number++) {
		int status;

		open_with_a_write_of_two();
		assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
		fake_pq_answer_all(pg());
		let_fail(number);
		status = db_conn_advance(&conn);
		if (is_call("PQsendQueryParams")) {
			assert_int_equal(status, -1);
			met++;
		}
		fake_pq.fail_at = 0;
		db_conn_close(&conn);
		db_batch_cleanup(&batches[0]);
		db_batch_init(&batches[0]);
	}
	assert_int_equal(met, 2);
}

static void a_write_that_does_not_parse_does_not_run(void **state)
{
	(void)state;
	open_looking(false, &returning);
	assert_int_equal(send_batch(0, &returning, true), 0);
	fake_pq_sent(pg());
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "42501", "permission denied", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_not_run(1);
	assert_string_equal(over, "0 done");
	assert_string_equal(batches[0].sqlstate, "42501");
}

static void settings_that_fail_end_what_would_be_looked_at(void **state)
{
	(void)state;
	open_looking(false, &returning);
	assert_int_equal(send_batch(0, &returning, true), 0);
	fake_pq_sent(pg());
	fake_pq_answer_error(pg(), "53200", "out of memory", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_not_run(1);
	assert_string_equal(over, "0 done");
	assert_int_not_equal(batches[0].error, ERROR_NONE);
}

static void a_write_whose_client_has_gone_does_not_run(void **state)
{
	(void)state;
	open_looking(false, &returning);
	fake_pq_describe("", 1, 1, 25);
	assert_int_equal(send_batch(0, &returning, true), 0);
	fake_pq_sent(pg());
	db_conn_forget(&batches[0]);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_not_run(1);
	assert_string_equal(over, "");
}

static void a_read_with_other_columns_runs_again(void **state)
{
	(void)state;
	open_looking(true, &reading);
	conn.prepared[0].signature = &reading.signature;
	add_batch(0, &reading);
	batches[0].queries[0].signature = &returning.signature;
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(on,5000,31000,on,on) SELECT(0) Sync");
	fake_pq.oid_of_rows = 20;
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 not run");
	assert_null(batches[0].queries[0].result);
	assert_int_equal(conn.prepared[0].seen, 0);
}

/* It was described in this session, and nothing of another's comes between. */
static void without_a_pooler_rows_are_not_looked_at(void **state)
{
	(void)state;
	settings.pooler = DB_POOLER_NONE;
	open_and_prepare();
	conn.prepared[0].signature = &reading.signature;
	assert_int_equal(send_batch(0, &reading, true), 0);
	fake_pq.oid_of_rows = 20;
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "reading(0)");
}

/* Nothing of the batch is answered by one half of it. */
static void what_follows_other_columns_is_not_taken(void **state)
{
	(void)state;
	open_looking(true, &reading);
	add_batch(0, &reading);
	db_batch_add(&batches[0], &reading, values[1]);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	fake_pq.oid_of_rows = 20;
	fake_pq_answer(pg());
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	fake_pq.oid_of_rows = 25;
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 not run");
	assert_null(batches[0].queries[0].result);
	assert_null(batches[0].queries[1].result);
}

/* Of a statement that is of no edition nothing is known that its rows could contradict. */
static void a_read_that_is_in_no_catalog_is_answered(void **state)
{
	static const struct db_statement foreign = {
	    .sql = "SELECT",
	    .index = 9,
	    .parameter_count = 1,
	    .signature = {.parameters = one_text,
			  .columns = (struct db_column *)(uintptr_t)one_column,
			  .column_count = 1},
	    .is_read_only = true,
	};

	(void)state;
	open_looking(true, &reading);
	assert_int_equal(send_batch(0, &foreign, true), 0);
	fake_pq.oid_of_rows = 20;
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "SELECT(0)");
}

static void a_read_with_the_columns_that_are_known_is_answered(void **state)
{
	(void)state;
	open_looking(true, &reading);
	assert_int_equal(send_batch(0, &reading, true), 0);
	fake_pq.oid_of_rows = 25;
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "SELECT(0)");
}

/* Lent */

/* A transaction holds the session, and its settings are the transaction's; nothing of it is ever committed. */
static void what_is_lent_is_held_by_a_transaction(void **state)
{
	(void)state;
	open_pooled(false);
	fake_pq_answer_all(pg());
	fake_pq_sent(pg());
	assert_ptr_equal(db_conn_lend(&conn), pg());
	assert_string_equal(fake_pq_sent(pg()), "BEGIN SELECT(on,5000,31000,on,on) SAVEPOINT lent");
	db_conn_refresh_lent(&conn);
	assert_string_equal(fake_pq_sent(pg()), "ROLLBACK TO SAVEPOINT lent");
}

static void what_is_lent_without_a_pooler_is_set_already(void **state)
{
	(void)state;
	open_and_prepare();
	assert_ptr_equal(db_conn_lend(&conn), pg());
	db_conn_refresh_lent(&conn);
	assert_string_equal(fake_pq_sent(pg()), "");
}

static void only_an_idle_one_is_lent(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	expect_assert_failure((void)db_conn_lend(&conn));
}

#define TEST_POOLED(name) cmocka_unit_test_setup_teardown(name, set_up_pooled, tear_down)

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
	    TEST_POOLED(each_of_several_is_held_to_its_own_description),
	    TEST_POOLED(a_write_that_has_run_is_answered_whatever_its_rows),
	    TEST_POOLED(a_look_that_cannot_be_sent_is_said_at_once),
	    TEST_POOLED(what_cannot_be_sent_behind_a_look_ends_the_connection),
	    TEST_POOLED(without_a_pooler_rows_are_not_looked_at),
	    TEST_POOLED(what_follows_other_columns_is_not_taken),
	    TEST_POOLED(a_read_that_is_in_no_catalog_is_answered),
	    TEST_POOLED(what_was_not_described_is_described_first),
	    TEST_POOLED(a_write_is_described_where_it_runs),
	    TEST_POOLED(a_write_of_several_is_described_where_it_runs),
	    TEST_POOLED(a_write_with_other_columns_does_not_run),
	    TEST_POOLED(a_write_that_does_not_parse_does_not_run),
	    TEST_POOLED(settings_that_fail_end_what_would_be_looked_at),
	    TEST_POOLED(a_write_whose_client_has_gone_does_not_run),
	    TEST_POOLED(a_read_with_other_columns_runs_again),
	    TEST_POOLED(a_read_with_the_columns_that_are_known_is_answered),
	    TEST(a_session_of_a_pooler_s_is_set_up_part_by_part),
	    TEST(a_session_of_a_pooler_s_prepares_one_at_a_time),
	    TEST(a_pooler_that_is_not_named_is_no_session),
	    TEST(an_answer_that_was_not_asked_for_ends_the_connection),
	    TEST(what_is_described_waits_for_its_sync),
	    TEST(what_failed_to_prepare_is_tried_again_behind_another),
	    TEST(a_pooler_s_goodbye_leaves_a_write_unknown),
	    TEST_POOLED(what_is_lent_is_held_by_a_transaction),
	    TEST(what_is_lent_without_a_pooler_is_set_already),
	    TEST(only_an_idle_one_is_lent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
