#include "migration_fixture.h"

static void assert_learns(int i)
{
	assert_int_equal(db_conn_prepare(&conn, &batches[i], false), DB_CONN_WAITS);
	assert_int_equal(ask_again(i), DB_CONN_WAITS);
	assert_int_equal(ask_again(i), DB_CONN_READY);
}

static void another_column_is_learnt_before_anything_runs(void **state)
{
	(void)state;
	change(1, 1, 25);
	log_set_level(LOG_ERROR + 1);
	add_batch(0, &changing);
	assert_ptr_equal(batches[0].queries[0].signature, &changing.signature);
	assert_learns(0);
	assert_string_equal(fake_pq_sent(pg()), "+add ?add Sync WITH({25,25}) Sync");
	assert_ptr_equal(batches[0].queries[0].signature, db_statement_signature(&changing));
	assert_int_equal(db_statement_signature(&changing)->column_count, 1);
	assert_string_equal(db_statement_signature(&changing)->columns[0].name, "answer");
	assert_true(text_equal(db_statement_signature(&changing)->columns[0].key, TEXT("\"answer\":")));
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	/* what is learnt is known */
	add_batch(1, &changing);
	assert_int_equal(db_conn_prepare(&conn, &batches[1], false), DB_CONN_READY);
	db_conn_close(&conn);
	open_unprepared();
	add_batch(2, &changing);
	assert_int_equal(db_conn_prepare(&conn, &batches[2], false), DB_CONN_WAITS);
	assert_int_equal(ask_again(2), DB_CONN_READY);
	db_signatures_destroy(signatures);
}

static void the_types_that_cannot_be_asked_for_fail_the_batch(void **state)
{
	(void)state;
	change(1, 1, 25);
	log_set_level(LOG_ERROR + 1);
	add_batch(0, &changing);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_int_equal(ask_again(0), DB_CONN_WAITS);
	fake_pq_answer_error(pg(), "53200", "out of memory", NULL);
	assert_int_equal(ask_again(0), DB_CONN_REFUSES);
	assert_string_equal(batches[0].sqlstate, "53200");
	/* it is prepared, so its name is freed first */
	fake_pq_sent(pg());
	add_batch(1, &changing);
	assert_learns(1);
	assert_string_equal(fake_pq_sent(pg()), "DEALLOCATE() +add ?add Sync WITH({25,25}) Sync");
	db_signatures_destroy(signatures);
}

static void assert_cannot_follow(void)
{
	log_set_level(LOG_ERROR + 1);
	add_batch(0, &changing);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	if (ask_again(0) == DB_CONN_WAITS)
		assert_int_equal(ask_again(0), DB_CONN_REFUSES);
	assert_int_equal(batches[0].error, ERROR_DATABASE_ERROR);
	assert_string_equal(batches[0].message,
			    "a table has changed in a way that this endpoint cannot follow; nothing was run; its "
			    "endpoint file has to be changed, or the service to be restarted");
	assert_string_equal(batches[0].sqlstate, "");
	assert_true(conn.prepared[add.index].has_complained);
	assert_ptr_equal(db_statement_signature(&changing), &changing.signature);
	assert_null(strstr(fake_pq_sent(pg()), "add(0)"));
	db_signatures_destroy(signatures);
}

static void two_columns_of_one_name_are_refused_before_anything_runs(void **state)
{
	(void)state;
	change(1, 2, 25);
	assert_cannot_follow();
}

static void rows_without_columns_are_refused_before_anything_runs(void **state)
{
	static struct db_column column = {.name = "answer", .oid = 25};

	(void)state;
	change(1, 0, 25);
	changing.signature.columns = &column;
	changing.signature.column_count = 1;
	changing.needs_columns = true;
	assert_cannot_follow();
}

static void a_default_of_another_type_is_refused_before_anything_runs(void **state)
{
	static struct db_parameter parameter = {
	    .name = "code", .oid = 16, .type = {.kind = DB_TYPE_BOOL, .delimiter = ','}, .default_text = "true"};

	(void)state;
	change(1, 0, 25);
	changing.parameters = &parameter;
	changing.signature.parameters = &parameter;
	assert_cannot_follow();
}

static void what_may_not_be_learnt_is_refused(void **state)
{
	(void)state;
	change(1, 1, 25);
	changing.signatures = NULL;
	assert_cannot_follow();
}

/* Its request was answered with a 400, or not, by what the parameter was before. */
static void values_for_another_type_are_not_sent(void **state)
{
	static struct db_parameter parameter = {
	    .name = "code", .oid = 16, .type = {.kind = DB_TYPE_BOOL, .delimiter = ','}};
	static const struct db_signature before = {.parameters = &parameter};

	(void)state;
	change(1, 0, 25);
	add_batch(0, &changing);
	batches[0].queries[0].checked_for = &before;
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_int_equal(ask_again(0), DB_CONN_REFUSES);
	assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message,
			    "a table has just changed, and a parameter with it, so nothing was run; try again");
	db_signatures_destroy(signatures);
}

/* Other connections have a plan of the old tables, and look again before they run it. */
static void a_doubt_is_for_all_connections(void **state)
{
	struct db_conn other;

	(void)state;
	change(1, 0, 25);
	add_batch(0, &changing);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_int_equal(ask_again(0), DB_CONN_READY);
	other = conn;
	init_as(false);
	open_unprepared();
	add_batch(1, &changing);
	assert_int_equal(db_conn_prepare(&conn, &batches[1], false), DB_CONN_WAITS);
	assert_int_equal(ask_again(1), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[1], true), 0);
	fake_pq.source_function = "RevalidateCachedQuery";
	fake_pq_answer_error(pg(), "0A000", "cached plan must not change result type", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_prepare(&other, &batches[0], false), DB_CONN_WAITS);
	db_conn_close(&other);
	db_signatures_destroy(signatures);
}

/* Two sessions see different tables of one name: each convinces the others once, and no more. */
static void sessions_that_disagree_do_not_take_turns(void **state)
{
	struct db_conn other;
	const struct db_signature *newest;

	(void)state;
	log_set_level(LOG_ERROR + 1);
	change(1, 0, 25);
	add_batch(0, &changing);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_int_equal(ask_again(0), DB_CONN_READY);
	other = conn;
	fake_pq_describe("add", 1, 1, 25);
	init_as(false);
	open_unprepared();
	add_batch(1, &changing);
	assert_learns(1);
	newest = db_statement_signature(&changing);
	assert_ptr_not_equal(newest, &changing.signature);
	/* the first looks again, finds what it had, and keeps it */
	fake_pq_describe("add", 1, 0, 25);
	assert_int_equal(db_conn_prepare(&other, &batches[0], false), DB_CONN_WAITS);
	fake_pq_answer_all(other.pg);
	assert_int_equal(db_conn_advance(&other), 0);
	assert_int_equal(db_conn_prepare(&other, &batches[0], true), DB_CONN_READY);
	assert_ptr_equal(batches[0].queries[0].signature, &changing.signature);
	assert_ptr_equal(db_statement_signature(&changing), newest);
	assert_int_equal(db_conn_prepare(&conn, &batches[1], true), DB_CONN_READY);
	db_conn_close(&other);
	db_signatures_destroy(signatures);
}

static void a_write_that_met_lost_statements_was_not_run(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_answer_error(pg(), "26000", "prepared statement \"add\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(over, "0 not run");
	assert_int_equal(batches[0].error, ERROR_NONE);
}

/* A deferred trigger's own statement: its rows are not there, whatever was answered before. */
static void an_old_plan_at_the_commit_is_an_error(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq_answer(pg());
	fake_pq.source_function = "RevalidateCachedQuery";
	fake_pq_answer_error(pg(), "0A000", "cached plan must not change result type", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_DATABASE_ERROR);
	assert_string_equal(batches[0].sqlstate, "0A000");
}

/* A procedure's own statement, behind its COMMIT: it was run, and is not run twice. */
static void an_old_plan_within_a_function_is_an_error(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq.source_function = "RevalidateCachedQuery";
	fake_pq.context = "PL/pgSQL function put(integer) line 3 at EXECUTE";
	fake_pq_answer_error(pg(), "0A000", "cached plan must not change result type", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_string_equal(batches[0].sqlstate, "0A000");
}

/* The author's own EXECUTE. */
static void another_s_statement_that_is_missing_is_an_error_as_ever(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq.context = "PL/pgSQL function item() line 3 at EXECUTE";
	fake_pq_answer_error(pg(), "26000", "prepared statement \"country_mine\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(batches[0].sqlstate, "26000");
}

/* A stream's: its transaction goes on over many Syncs, and what it sets for it is reported. */
static void a_session_that_nobody_shares_may_change(void **state)
{
	(void)state;
	settings.is_shared = false;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_report(pg(), "TimeZone", "Europe/Berlin");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
}

/* As many as there may be: each batch of another statement, and all of them to be prepared. */
static void statements_to_prepare_take_no_batch_s_place(void **state)
{
	(void)state;
	settings.depth = 2;
	open_unprepared();
	assert_int_equal(prepare(0, &country), DB_CONN_WAITS);
	assert_int_equal(ask_again(0), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	assert_int_equal(prepare(1, &slow), DB_CONN_WAITS);
	assert_int_equal(prepare(2, &add), DB_CONN_WAITS);
	assert_int_equal(conn.in_flight, 3);
	assert_false(db_conn_is_full(&conn));
	assert_int_equal(ask_again(1), DB_CONN_READY);
	assert_string_equal(over, "0 done");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(another_column_is_learnt_before_anything_runs),
	    TEST(the_types_that_cannot_be_asked_for_fail_the_batch),
	    TEST(two_columns_of_one_name_are_refused_before_anything_runs),
	    TEST(rows_without_columns_are_refused_before_anything_runs),
	    TEST(a_default_of_another_type_is_refused_before_anything_runs),
	    TEST(what_may_not_be_learnt_is_refused),
	    TEST(values_for_another_type_are_not_sent),
	    TEST(a_doubt_is_for_all_connections),
	    TEST(sessions_that_disagree_do_not_take_turns),
	    TEST(a_write_that_met_lost_statements_was_not_run),
	    TEST(an_old_plan_at_the_commit_is_an_error),
	    TEST(an_old_plan_within_a_function_is_an_error),
	    TEST(another_s_statement_that_is_missing_is_an_error_as_ever),
	    TEST(a_session_that_nobody_shares_may_change),
	    TEST(statements_to_prepare_take_no_batch_s_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
