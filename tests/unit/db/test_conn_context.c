/* What a connection tells a transaction of its request. */
#include "conn_fixture.h"

static const struct db_context alice = {.role = "reader", .claims = "{alice}"};
static const struct db_context carol = {.role = "writer"};
static const struct db_context traced = {.headers = "{h}", .method = "GET", .path = "/a"};

static int send_as(int i, const struct db_statement *statement, const struct db_context *context, bool ends_unit)
{
	batches[i].context = context;
	return send_batch(i, statement, ends_unit);
}

static void open_with_contexts(bool is_read_only)
{
	settings.has_contexts = true;
	init_as(is_read_only);
	open_and_prepare();
}

static void what_sets_contexts_is_prepared_where_batches_have_some(void **state)
{
	const char *sent;

	(void)state;
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	for (int i = 0; i < 10 && !db_conn_is_usable(&conn); i++)
		assert_int_equal(db_conn_advance(&conn), 0);
	assert_null(strstr(fake_pq_sent(pg()), "context"));
	db_conn_close(&conn);

	settings.has_contexts = true;
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	for (int i = 0; i < 10 && !db_conn_is_usable(&conn); i++)
		assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.state, CONN_READY);
	sent = fake_pq_sent(pg());
	assert_non_null(strstr(sent, "SELECT() +meantime: timeout +meantime: read only +meantime: context 1 "
				     "+meantime: context 2 +meantime: context 3 Sync"));
}

static void a_turn_prepares_it_again(void **state)
{
	(void)state;
	open_with_contexts(true);
	fake_pq.shows_prepares = true;
	assert_int_equal(db_conn_turn(&conn, (struct db_catalog){2, 3}), 0);
	assert_non_null(strstr(fake_pq_sent(pg()), "DEALLOCATE() +meantime: timeout +meantime: read only "
						   "+meantime: context 1 +meantime: context 2 +meantime: context 3 "
						   "Sync"));
}

/* Each of another context sets its own, and at least what the one before has set. */
static void reads_of_one_unit_share_what_is_the_same(void **state)
{
	struct db_context again = alice;

	(void)state;
	open_with_contexts(true);
	assert_int_equal(send_as(0, &country, &alice, false), 0);
	assert_int_equal(send_as(1, &country, &again, false), 0);
	assert_int_equal(send_as(2, &country, &carol, false), 0);
	assert_int_equal(send_as(3, &country, &alice, true), 0);
	assert_string_equal(fake_pq_sent(pg()),
			    "R/O meantime:(reader,{alice}) country(0) country(1) meantime:(writer,NULL) country(2) "
			    "meantime:(reader,{alice}) country(3) Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done, 2 done, 3 done");
	for (int i = 0; i < 4; i++)
		assert_int_equal(batches[i].error, ERROR_NONE);
	assert_row(0, "country(0)");
	assert_row(2, "country(2)");
}

static void what_one_has_set_another_sets_back(void **state)
{
	(void)state;
	open_with_contexts(true);
	assert_int_equal(send_as(0, &country, &traced, false), 0);
	assert_int_equal(send_as(1, &country, &carol, false), 0);
	assert_int_equal(send_as(2, &country, &alice, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O meantime:(NULL,NULL,{h},GET,/a) country(0) "
						"meantime:(writer,NULL,NULL,NULL,NULL) country(1) "
						"meantime:(reader,{alice}) country(2) Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done, 2 done");
}

/* It would read what the one before it has set. */
static void one_without_a_context_follows_in_no_unit(void **state)
{
	(void)state;
	open_with_contexts(true);
	assert_int_equal(send_as(0, &country, NULL, false), 0);
	assert_int_equal(send_as(1, &country, &alice, false), 0);
	add_batch(2, &country);
	expect_assert_failure(assert_int_equal(db_conn_send(&conn, &batches[2], true), 0));
}

static void the_next_unit_knows_nothing_of_it(void **state)
{
	(void)state;
	open_with_contexts(true);
	assert_int_equal(send_as(0, &country, &alice, true), 0);
	assert_int_equal(send_as(1, &country, NULL, true), 0);
	assert_int_equal(send_as(2, &country, &alice, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O meantime:(reader,{alice}) country(0) Sync R/O country(1) Sync "
						"R/O meantime:(reader,{alice}) country(2) Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
}

static void a_write_and_a_time_of_its_own_go_with_it(void **state)
{
	(void)state;
	open_with_contexts(false);
	assert_int_equal(send_as(0, &add, &alice, true), 0);
	assert_int_equal(send_as(1, &slow, &carol, true), 0);
	assert_string_equal(fake_pq_sent(pg()),
			    "meantime:(reader,{alice}) add(0) Sync R/O meantime:(250) meantime:(writer) slow() Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done, 1 done");
	assert_row(0, "add(0)");
}

/* What nothing of the session may be left in is sent as text, and so is what only one endpoint asks for. */
static void without_the_setting_it_is_sent_as_text(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_as(0, &country, &alice, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O SELECT(reader,{alice}) country(0) Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(0, "country(0)");
}

static void behind_a_pooler_it_is_sent_as_text(void **state)
{
	(void)state;
	settings.pooler = DB_POOLER_TRANSACTION;
	fake_pq.setup_parts = 2;
	open_with_contexts(true);
	assert_int_equal(send_as(0, &country, &alice, true), 0);
	assert_non_null(strstr(fake_pq_sent(pg()), ") SELECT(reader,{alice}) SELECT(0) Sync"));
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
}

static void assert_refused(const char *sqlstate, enum error error, const char *message)
{
	assert_int_equal(send_as(0, &country, &alice, true), 0);
	fake_pq_answer_error(pg(), sqlstate, "role \"reader\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, error);
	assert_string_equal(batches[0].message, message);
	assert_string_equal(batches[0].said, "role \"reader\" does not exist");
	assert_string_equal(batches[0].sqlstate, error == ERROR_FORBIDDEN ? "" : sqlstate);
	over[0] = '\0';
	db_batch_cleanup(&batches[0]);
}

static void a_role_that_is_refused_is_forbidden(void **state)
{
	(void)state;
	open_with_contexts(true);
	assert_refused("22023", ERROR_FORBIDDEN, db_role_refused);
	assert_refused("42501", ERROR_FORBIDDEN, db_role_refused);
	assert_refused("53200", ERROR_DATABASE_UNAVAILABLE, "the database is short of resources");
}

/* What the statement itself may not do is its own. */
static void the_statement_s_own_error_is_no_refused_role(void **state)
{
	(void)state;
	open_with_contexts(true);
	assert_int_equal(send_as(0, &country, &alice, true), 0);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "42501", "permission denied for table country", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(batches[0].error, ERROR_FORBIDDEN);
	assert_string_equal(batches[0].message, "permission denied");
	assert_string_equal(batches[0].sqlstate, "42501");
}

/* The others of its unit run again, each with its own. */
static void a_refused_role_harms_no_neighbour(void **state)
{
	(void)state;
	open_with_contexts(true);
	assert_int_equal(send_as(0, &country, &alice, false), 0);
	assert_int_equal(send_as(1, &country, &carol, true), 0);
	fake_pq_answer(pg());
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "42501", "permission denied to set role \"writer\"", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 not run, 1 not run");
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_int_equal(batches[1].error, ERROR_NONE);
	assert_ptr_equal(batches[0].context, &alice);
	assert_ptr_equal(batches[1].context, &carol);
}

/* What a transaction was told ends at a COMMIT, and a procedure goes on. */
static void a_procedure_s_session_is_told_as_well(void **state)
{
	struct db_statement procedure = add;

	(void)state;
	procedure.may_commit = true;
	open_with_contexts(false);
	assert_int_equal(send_as(0, &procedure, &alice, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "SELECT(reader,{alice},NULL,NULL,NULL) Sync "
						"SELECT(reader,{alice},NULL,NULL,NULL) add(0) Sync "
						"SELECT(NULL,NULL,NULL,NULL,NULL) Sync");
	assert_true(db_conn_is_taken_back(&conn));
	fake_pq_answer(pg()); /* the first unit, and its Sync */
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "");
	for (int i = 0; i < 3; i++)
		fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_row(0, "add(0)");
	assert_true(db_conn_is_taken_back(&conn));
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_false(db_conn_is_taken_back(&conn));
	assert_int_equal(conn.in_flight, 0);
	assert_int_equal(conn.preparing, 0);
	assert_int_equal(conn.units_in_flight, 0);
	assert_int_equal(conn.state, CONN_READY);
	/* without a context there is nothing to be told */
	assert_int_equal(send_as(1, &procedure, NULL, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "add(1) Sync");
	assert_false(db_conn_is_taken_back(&conn));
}

static void a_session_that_keeps_what_it_was_told_is_closed(void **state)
{
	struct db_statement procedure = add;

	(void)state;
	procedure.may_commit = true;
	open_with_contexts(false);
	assert_int_equal(send_as(0, &procedure, &alice, true), 0);
	for (int i = 0; i < 5; i++)
		fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "57014", "canceled", NULL);
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_string_equal(conn.error, "what the session was told of a request cannot be taken back");
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_NONE);
}

static void a_role_that_is_refused_calls_no_procedure(void **state)
{
	struct db_statement procedure = add;

	(void)state;
	procedure.may_commit = true;
	open_with_contexts(false);
	assert_int_equal(send_as(0, &procedure, &alice, true), 0);
	fake_pq_answer_error(pg(), "42501", "permission denied to set role", NULL);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "22023", "role \"\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(batches[0].error, ERROR_FORBIDDEN);
	assert_int_equal(conn.state, CONN_READY);
}

/* A cancel hits the first unit alone. The procedure's own fails then, and the first error is the one that is answered. */
static void what_keeps_a_session_from_being_told_is_the_answer(void **state)
{
	struct db_statement procedure = add;

	(void)state;
	procedure.may_commit = true;
	open_with_contexts(false);
	assert_int_equal(send_as(0, &procedure, &alice, true), 0);
	fake_pq_answer_error(pg(), "57014", "canceling statement due to user request", NULL);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "");
	fake_pq_answer_error(pg(), "22023", "role \"\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_string_equal(batches[0].sqlstate, "57014");
	assert_int_equal(conn.state, CONN_READY);
	/* nor does it matter that no request waits for it any more */
	assert_int_equal(send_as(1, &procedure, &alice, true), 0);
	db_conn_forget(&batches[1]);
	fake_pq_answer_error(pg(), "57014", "canceling statement due to user request", NULL);
	fake_pq_answer(pg());
	fake_pq_answer_error(pg(), "22023", "role \"\" does not exist", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_string_equal(over, "0 done");
	assert_int_equal(conn.state, CONN_READY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(what_sets_contexts_is_prepared_where_batches_have_some),
	    TEST(a_turn_prepares_it_again),
	    TEST(reads_of_one_unit_share_what_is_the_same),
	    TEST(what_one_has_set_another_sets_back),
	    TEST(one_without_a_context_follows_in_no_unit),
	    TEST(the_next_unit_knows_nothing_of_it),
	    TEST(a_write_and_a_time_of_its_own_go_with_it),
	    TEST(without_the_setting_it_is_sent_as_text),
	    TEST(behind_a_pooler_it_is_sent_as_text),
	    TEST(a_role_that_is_refused_is_forbidden),
	    TEST(the_statement_s_own_error_is_no_refused_role),
	    TEST(a_refused_role_harms_no_neighbour),
	    TEST(a_procedure_s_session_is_told_as_well),
	    TEST(what_keeps_a_session_from_being_told_is_the_answer),
	    TEST(a_session_that_keeps_what_it_was_told_is_closed),
	    TEST(a_role_that_is_refused_calls_no_procedure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
