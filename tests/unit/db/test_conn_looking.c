#include "pooled_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
