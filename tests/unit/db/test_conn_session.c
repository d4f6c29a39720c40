#include "conn_fixture.h"

/* Statements */

static enum db_conn_readiness prepare(int i, const struct db_statement *statement)
{
	add_batch(i, statement);
	return db_conn_prepare(&conn, &batches[i], false);
}

static void a_statement_is_prepared_where_it_is_first_sent(void **state)
{
	(void)state;
	open_unprepared();
	assert_int_equal(prepare(0, &country), DB_CONN_WAITS);
	assert_int_equal(prepare(1, &country), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "+country ?country Sync");
	assert_int_equal(conn.preparing, 1);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], true), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "");
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(db_conn_prepare(&conn, &batches[i], true), DB_CONN_READY);
		assert_int_equal(db_conn_send(&conn, &batches[i], true), 0);
	}
	assert_int_equal(send_batch(2, &unprepared, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O country(0) Sync R/O country(1) Sync R/O SELECT() Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done, 2 done");
	assert_row(0, "country(0)");
	assert_int_equal(conn.preparing, 0);
	assert_int_equal(conn.units_in_flight, 0);
	assert_int_equal(conn.state, CONN_READY);
}

static void what_was_not_described_is_not_sent(void **state)
{
	(void)state;
	open_unprepared();
	assert_int_equal(prepare(0, &country), DB_CONN_WAITS);
	expect_assert_failure(assert_int_equal(db_conn_send(&conn, &batches[0], true), 0));
}

/* It fails its own batch, and is prepared again with the next. */
static void a_statement_that_does_not_prepare_harms_no_other(void **state)
{
	(void)state;
	open_unprepared();
	log_set_level(LOG_ERROR + 1);
	assert_int_equal(prepare(0, &country), DB_CONN_WAITS);
	assert_int_equal(prepare(1, &slow), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "+country ?country Sync meantime:(250) +slow ?slow Sync");
	fake_pq_answer_error(pg(), "42P01", "relation \"country\" does not exist", NULL);
	assert_int_equal(ask_again(0), DB_CONN_REFUSES);
	assert_string_equal(batches[0].sqlstate, "42P01");
	assert_string_equal(batches[0].said, "relation \"country\" does not exist");
	assert_int_equal(db_conn_prepare(&conn, &batches[1], true), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[1], true), 0);
	assert_int_equal(prepare(2, &country), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "R/O meantime:(250) slow() Sync +country ?country Sync");
	assert_int_equal(ask_again(2), DB_CONN_READY);
	assert_string_equal(over, "1 done");
}

static void all_that_were_to_run_it_fail_with_it(void **state)
{
	(void)state;
	open_unprepared();
	log_set_level(LOG_ERROR + 1);
	for (int i = 0; i < 2; i++)
		assert_int_equal(prepare(i, &country), DB_CONN_WAITS);
	fake_pq_answer_error(pg(), "42P01", "relation \"country\" does not exist", NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask_again(i), DB_CONN_REFUSES);
		assert_int_equal(batches[i].error, ERROR_DATABASE_ERROR);
		assert_string_equal(batches[i].sqlstate, "42P01");
		assert_string_equal(batches[i].said, "relation \"country\" does not exist");
	}
	assert_int_equal(conn.state, CONN_READY);
}

/* Its table was locked: that is no fault of the statement's. */
static void a_prepare_that_takes_too_long_is_a_missed_deadline(void **state)
{
	(void)state;
	open_unprepared();
	assert_int_equal(prepare(0, &country), DB_CONN_WAITS);
	batches[0].deadline_ns = clock_now_ns();
	fake_pq_answer_error(pg(), "57014", "canceling statement due to statement timeout", NULL);
	assert_int_equal(ask_again(0), DB_CONN_REFUSES);
	assert_int_equal(batches[0].error, ERROR_DEADLINE);
	assert_false(conn.prepared[country.index].has_complained);
}

static void each_statement_complains_for_itself_and_once(void **state)
{
	(void)state;
	open_unprepared();
	log_set_level(LOG_ERROR + 1);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 2; i++) {
			assert_int_equal(prepare(2 * round + i, i == 0 ? &country : &slow), DB_CONN_WAITS);
			if (i == 1)
				fake_pq_answer(pg()); /* its timeout goes before, here too */
			fake_pq_answer_error(pg(), "42P01", "relation does not exist", NULL);
			assert_int_equal(ask_again(2 * round + i), DB_CONN_REFUSES);
		}
		assert_true(conn.prepared[country.index].has_complained);
		assert_true(conn.prepared[slow.index].has_complained);
	}
	assert_int_equal(prepare(4, &country), DB_CONN_WAITS);
	assert_int_equal(ask_again(4), DB_CONN_READY);
	assert_false(conn.prepared[country.index].has_complained);
	assert_true(conn.prepared[slow.index].has_complained);
}

/* DEALLOCATE ALL, in a function. */
static void reads_leave_a_session_that_has_lost_its_statements(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_answer_error(pg(), "26000", "prepared statement \"country\" does not exist", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_true(conn.gave_up);
	db_conn_close(&conn);
	assert_string_equal(over, "0 given up");
}

/* Messages may be in any language. */
static void a_missing_preamble_is_known_in_any_language(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	fake_pq_answer_error(pg(), "26000", "vorbereitete Anweisung gibt es nicht", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_true(conn.gave_up);
}

/* A function has prepared its own under the same name. */
static void a_name_that_is_taken_replaces_the_connection(void **state)
{
	(void)state;
	init_as(false);
	open_unprepared();
	assert_int_equal(prepare(0, &add), DB_CONN_WAITS);
	fake_pq_answer_error(pg(), "42P05", "prepared statement \"add\" already exists", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(over, "");
}

/* One that is retiring takes no more: what was to be sent on it is sent elsewhere, and nothing is prepared for it. */
static void a_retiring_connection_prepares_nothing(void **state)
{
	(void)state;
	init_as(false);
	open_unprepared();
	conn.is_retiring = true;
	assert_int_equal(prepare(0, &add), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "");
}

/* DEALLOCATE ALL took the timeout away, too, with which its unit begins: that says nothing of the statement. */
static void a_prepare_that_misses_its_timeout_replaces_the_connection(void **state)
{
	(void)state;
	open_unprepared();
	assert_int_equal(prepare(0, &slow), DB_CONN_WAITS);
	fake_pq_answer_error(pg(), "26000", "prepared statement \"meantime: timeout\" does not exist", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_true(conn.gave_up);
	assert_false(conn.prepared[slow.index].has_complained);
	db_conn_close(&conn);
	assert_string_equal(over, "");
}

/* A column has another type modifier now: prepared again, it is right again. Its name is taken, and is freed first. */
static void a_plan_that_is_old_is_made_again(void **state)
{
	(void)state;
	init_as(false);
	open_and_prepare();
	fake_pq.shows_prepares = true;
	assert_int_equal(send_batch(0, &add, true), 0);
	fake_pq.source_function = "RevalidateCachedQuery";
	fake_pq_answer_error(pg(), "0A000", "cached plan must not change result type", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 not run");
	fake_pq_sent(pg());
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_string_equal(fake_pq_sent(pg()), "DEALLOCATE() +add ?add Sync");
	assert_int_equal(ask_again(0), DB_CONN_READY);
}

/* The parameter of a column that is a text now was prepared as an integer. */
static void what_does_not_fit_its_tables_any_more_is_prepared_again_once(void **state)
{
	static const struct {
		const char *sqlstate, *context;
		bool was_run_again, is_run_again;
	} cases[] = {
	    {"42883", NULL, false, true},
	    {"42883", NULL, true, false},
	    {"42501", NULL, false, false},
	    {"22003", NULL, false, false},
	    {"42883", "PL/pgSQL function put(integer) line 3 at EXECUTE", false, false},
	};

	(void)state;
	init_as(false);
	open_and_prepare();
	for (int i = 0; i < (int)ARRAY_LENGTH(cases); i++) {
		char expected[16];

		over[0] = '\0';
		conn.prepared[add.index].seen = 1;
		fake_pq.context = cases[i].context;
		batches[i].was_run_again = cases[i].was_run_again;
		assert_int_equal(send_batch(i, &add, true), 0);
		fake_pq_answer_error(pg(), cases[i].sqlstate, "operator does not exist: text = integer", NULL);
		fake_pq_answer(pg());
		assert_int_equal(db_conn_advance(&conn), 0);
		snprintf(expected, sizeof(expected), "%d %s", i, cases[i].is_run_again ? "not run" : "done");
		assert_string_equal(over, expected);
		assert_int_equal(conn.prepared[add.index].seen, cases[i].is_run_again ? 0 : 1);
	}
}

/* A migration */

static struct db_signatures *signatures;
static struct db_statement changing;

static void change(int parameters, int columns, Oid oid)
{
	changing = add;
	signatures = db_signatures_create(&changing.signature);
	changing.signatures = signatures;
	fake_pq_describe("add", parameters, columns, oid);
	init_as(false);
	open_unprepared();
}

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

/* What PostgreSQL reports */

static void assert_refused(const char *context, const char *message)
{
	static struct db_parameter parameter = {.name = "code"};
	static const struct db_statement statement = {.name = "country",
						      .sql = "SELECT",
						      .parameters = &parameter,
						      .parameter_count = 1,
						      .signature.parameters = &parameter,
						      .is_read_only = true};

	fake_pq.context = context;
	assert_int_equal(send_batch(0, &statement, true), 0);
	fake_pq_answer_error(pg(), "22P02", "invalid input value for enum mood", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(batches[0].message, message);
	db_batch_cleanup(&batches[0]);
}

static void the_context_of_an_error_names_the_parameter(void **state)
{
	(void)state;
	open_and_prepare();
	assert_refused("unnamed portal parameter $1 = '...'", "parameter \"code\": invalid input value for enum mood");
	assert_refused(NULL, "a text is no value of the type it is read as");
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
	assert_string_equal(over, "0 done, 1 given up");
}

/* Nor which batch saw the change: PostgreSQL tells of it when all are over. */
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
	assert_string_equal(over, "0 not run, 1 not run");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_statement_is_prepared_where_it_is_first_sent),
	    TEST(what_was_not_described_is_not_sent),
	    TEST(a_statement_that_does_not_prepare_harms_no_other),
	    TEST(all_that_were_to_run_it_fail_with_it),
	    TEST(a_prepare_that_takes_too_long_is_a_missed_deadline),
	    TEST(each_statement_complains_for_itself_and_once),
	    TEST(reads_leave_a_session_that_has_lost_its_statements),
	    TEST(a_missing_preamble_is_known_in_any_language),
	    TEST(a_name_that_is_taken_replaces_the_connection),
	    TEST(a_retiring_connection_prepares_nothing),
	    TEST(a_prepare_that_misses_its_timeout_replaces_the_connection),
	    TEST(a_plan_that_is_old_is_made_again),
	    TEST(what_does_not_fit_its_tables_any_more_is_prepared_again_once),
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
	    TEST(the_context_of_an_error_names_the_parameter),
	    TEST(a_reading_session_that_was_changed_is_given_up),
	    TEST(who_of_a_shared_unit_changed_the_session_is_not_known),
	    TEST(a_writing_session_that_was_changed_is_closed_when_it_is_idle),
	    TEST(what_nobody_relies_on_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
