/* A connection goes from the statements of one edition to those of the next. */
#include "conn_fixture.h"

static const struct db_catalog next = {.edition = 1, .statement_count = 5};
static const struct db_statement new_country = {
    .name = "country", .sql = "SELECT", .edition = 1, .index = 4, ONE_TEXT, .is_read_only = true};

static void open_and_turn(void)
{
	open_and_prepare();
	fake_pq.shows_prepares = true;
	assert_int_equal(db_conn_turn(&conn, next), 0);
}

static void answer_turn(void)
{
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
}

static void the_statements_before_go_and_our_own_come_back(void **state)
{
	(void)state;
	open_and_turn();
	assert_int_equal(conn.state, CONN_PREPARING);
	assert_string_equal(fake_pq_sent(pg()), "DEALLOCATE() +meantime: timeout +meantime: read only Sync");
	assert_false(db_conn_is_usable(&conn));
	assert_true(conn.is_turning);
	answer_turn();
	assert_int_equal(conn.state, CONN_READY);
	assert_false(conn.is_turning);
}

static void the_distance_is_not_measured_again(void **state)
{
	uint64_t distance_ns;

	(void)state;
	open_and_prepare();
	fake_pq.shows_prepares = true;
	distance_ns = conn.distance_ns;
	usleep(2000);
	assert_int_equal(db_conn_turn(&conn, next), 0);
	answer_turn();
	assert_int_equal(conn.state, CONN_READY);
	assert_true(conn.distance_ns == distance_ns);
}

static void what_comes_then_is_prepared_under_its_new_meaning(void **state)
{
	(void)state;
	open_and_turn();
	answer_turn();
	fake_pq_sent(pg());
	add_batch(0, &new_country);
	assert_int_equal(db_conn_prepare(&conn, &batches[0], false), DB_CONN_WAITS);
	assert_int_equal(ask_again(0), DB_CONN_READY);
	assert_int_equal(db_conn_send(&conn, &batches[0], true), 0);
	assert_string_equal(fake_pq_sent(pg()), "+country ?country Sync R/O country(0) Sync");
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(0, "country(0)");
}

static void one_of_the_edition_before_is_sent_with_its_text(void **state)
{
	(void)state;
	open_and_turn();
	answer_turn();
	fake_pq_sent(pg());
	assert_int_equal(send_batch(0, &country, true), 0);
	assert_string_equal(fake_pq_sent(pg()), "R/O SELECT(0) Sync");
	/* nothing of it stays behind, so the edition before may be freed when the batch is over */
	assert_null(db_conn_slot(&conn, 0)->only);
	assert_null(db_conn_slot(&conn, 0)->prepares);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	assert_row(0, "SELECT(0)");
}

static void an_error_while_it_turns_ends_the_connection(void **state)
{
	(void)state;
	open_and_turn();
	fake_pq_answer_error(pg(), "XX000", "no", NULL);
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), -1);
	assert_non_null(strstr(conn.error, "no"));
	db_conn_close(&conn);
	/* and the next one is set up as the first was */
	open_and_prepare();
	assert_int_equal(conn.state, CONN_READY);
}

static void a_fault_in_any_call_is_noticed(void **state)
{
	unsigned faults = 0;

	(void)state;
	for (unsigned at = 1; at < 20; at++) {
		open_and_prepare();
		fake_pq.fail_at = fake_pq.calls + at;
		fake_pq.failed_call = NULL;
		if (db_conn_turn(&conn, next) != 0)
			faults++;
		else
			assert_null(fake_pq.failed_call);
		fake_pq.fail_at = 0;
		db_conn_close(&conn);
		conn.catalog = settings.catalog;
	}
	assert_int_equal(faults, 5);
}

static void only_an_idle_one_turns(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	expect_assert_failure(assert_int_equal(db_conn_turn(&conn, next), 0));
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
}

/* The blocking way */

static void run(int i, const struct db_statement *statement)
{
	db_batch_add(&batches[i], statement, values[i]);
	batches[i].deadline_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[i]);
}

static void one_that_waits_turns_when_it_is_next_used(void **state)
{
	(void)state;
	fake_pq.answers_everything = fake_pq.shows_prepares = true;
	run(0, &country);
	assert_row(0, "country(0)");
	db_wait_turn(&wait, next);
	fake_pq_sent(pg());
	run(1, &new_country);
	assert_row(1, "country(1)");
	assert_int_equal(fake_pq.opened, 1);
	run(2, &country);
	assert_row(2, "SELECT(2)");
	run(3, &add); /* of the edition before: on a connection that knows the new one */
	assert_row(3, "INSERT(3)");
	assert_int_equal(fake_pq.opened, 2);
}

static void a_turn_that_is_not_over_in_time_is_a_missed_deadline(void **state)
{
	(void)state;
	fake_pq.answers_everything = fake_pq.shows_prepares = true;
	run(0, &country);
	fake_pq.answers_everything = false;
	db_wait_turn(&wait, next);
	db_batch_add(&batches[1], &new_country, values[1]);
	batches[1].deadline_ns = clock_now_ns() + 20 * NS_PER_MS;
	db_wait_run(&wait, &batches[1]);
	assert_int_equal(batches[1].error, ERROR_DEADLINE);
	assert_int_equal(fake_pq.open, 0);
}

static void one_that_breaks_while_it_turns_is_replaced(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq.answers_everything = fake_pq.shows_prepares = true;
	run(0, &country);
	db_wait_turn(&wait, next);
	fake_pq.fail_at = fake_pq.calls + 1;
	run(1, &new_country);
	assert_row(1, "country(1)");
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(wait.lost, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_statements_before_go_and_our_own_come_back),
	    TEST(the_distance_is_not_measured_again),
	    TEST(what_comes_then_is_prepared_under_its_new_meaning),
	    TEST(one_of_the_edition_before_is_sent_with_its_text),
	    TEST(an_error_while_it_turns_ends_the_connection),
	    TEST(a_fault_in_any_call_is_noticed),
	    TEST(only_an_idle_one_turns),
	    TEST(one_that_waits_turns_when_it_is_next_used),
	    TEST(a_turn_that_is_not_over_in_time_is_a_missed_deadline),
	    TEST(one_that_breaks_while_it_turns_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
