#include "pipeline_fixture.h"

/* Batches that wait for a statement to be prepared */

static void begin(void)
{
	start();
	fake_pq.shows_prepares = true;
}

/* As after a change of its tables: it has to be looked at again. */
static void forget(unsigned link, const struct db_statement *statement)
{
	pipeline->links[link].conn.prepared[statement->index].seen = 0;
}

static void a_write_waits_for_its_statement(void **state)
{
	(void)state;
	begin();
	submit(0, &add);
	turn();
	assert_string_equal(fake_pq_sent(writes()), "+add ?add Sync");
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 0);
	fake_pq_answer_all(writes());
	turn();
	assert_string_equal(fake_pq_sent(writes()), "add(0) Sync");
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 1);
	fake_pq_answer_all(writes());
	turn();
	assert_ok(0, "add");
	assert_int_equal(pipeline->links[1].outgoing_count, 0);
	assert_int_equal(pipeline->links[1].expected_ns, 0);
}

static void what_is_prepared_does_not_wait_with_it(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&language, 0);
	fake_pq.shows_prepares = true;
	forget(0, &country);
	submit(0, &country);
	submit(1, &language);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "DEALLOCATE() +country ?country Sync R/O language(1) Sync");
	fake_pq_answer_all(reads());
	turn();
	assert_ok(1, "language");
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) Sync");
	fake_pq_answer_all(reads());
	turn();
	assert_ok(0, "country");
}

/* The connection of a batch alone is its own until it is over. */
static void who_waits_keeps_its_connection(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	fake_pq.shows_prepares = true;
	submit(0, &language);
	turn();
	fake_pq_answer(reads());
	fake_pq_answer(reads());
	turn(); /* described, but for the Sync */
	submit(1, &country);
	turn();
	assert_null(strstr(fake_pq_sent(reads()), "country"));
	answer_until_done(2);
	assert_ok(1, "country");
}

static void a_statement_that_does_not_prepare_fails_its_batch(void **state)
{
	(void)state;
	begin();
	submit(0, &add);
	turn();
	fake_pq_answer_error(writes(), "42P01", "relation \"add\" does not exist", NULL);
	fake_pq_answer_all(writes());
	turn();
	assert_failed(0, ERROR_DATABASE_ERROR);
	assert_string_equal(batches[0].said, "relation \"add\" does not exist");
	assert_null(strstr(fake_pq_sent(writes()), "add(0)"));
	assert_int_equal(pipeline->links[1].outgoing_count, 0);
	submit(1, &add);
	answer_until_done(2);
	assert_ok(1, "add");
}

/* A lock on its table. */
static void a_write_that_waits_ends_at_its_deadline_and_was_not_run(void **state)
{
	(void)state;
	begin();
	submit_until(0, &add, 30);
	run_for(80);
	assert_failed(0, ERROR_DEADLINE);
	assert_string_equal(batches[0].message, db_not_prepared);
	fake_pq_answer_all(writes());
	turn();
	assert_null(strstr(fake_pq_sent(writes()), "add(0)"));
	assert_int_equal(pipeline->links[1].outgoing_count, 0);
}

static void whose_client_has_left_is_not_run(void **state)
{
	static atomic_bool has_left;

	(void)state;
	begin();
	atomic_store(&has_left, false);
	batches[0].is_abandoned = &has_left;
	submit(0, &add);
	turn();
	atomic_store(&has_left, true);
	run_for(20);
	assert_failed(0, ERROR_BUSY);
	assert_string_equal(batches[0].message, db_client_left);
	fake_pq_answer_all(writes());
	turn();
	assert_null(strstr(fake_pq_sent(writes()), "add(0)"));
}

/* Nothing of it was sent, so it is no write whose outcome is unknown. */
static void a_write_that_waits_is_not_lost_with_its_connection(void **state)
{
	(void)state;
	begin();
	submit(0, &add);
	turn();
	fake_pq_hang_up(writes());
	run_for(20);
	assert_int_equal(all_done, 0);
	answer_until_done(1);
	assert_ok(0, "add");
}

static void reads_are_rescued_from_behind_a_table_that_is_locked(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&language, 0);
	forget(0, &country);
	submit(0, &country);
	submit(1, &language);
	for (int i = 0; i < 100 && all_done < 2; i++) {
		run_for(5);
		for (unsigned c = 1; c < fake_pq.opened; c++)
			if (fake_pq_is_open(fake_pq_conn(c)))
				fake_pq_answer_all(fake_pq_conn(c));
	}
	assert_ok(0, "country");
	assert_ok(1, "language");
	assert_true(fake_pq_unanswered(reads()) > 0);
}

/* Only what waits for it, however long the last batch's time was. */
static void a_server_that_does_not_prepare_is_given_up(void **state)
{
	(void)state;
	begin();
	submit_until(0, &add, 60000);
	answer_until_done(1);
	submit_until(1, &other_add, 20);
	run_for(1500);
	assert_failed(1, ERROR_DEADLINE);
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_write_waits_for_its_statement),
	    TEST(what_is_prepared_does_not_wait_with_it),
	    TEST(who_waits_keeps_its_connection),
	    TEST(a_statement_that_does_not_prepare_fails_its_batch),
	    TEST(a_write_that_waits_ends_at_its_deadline_and_was_not_run),
	    TEST(whose_client_has_left_is_not_run),
	    TEST(a_write_that_waits_is_not_lost_with_its_connection),
	    TEST(reads_are_rescued_from_behind_a_table_that_is_locked),
	    TEST(a_server_that_does_not_prepare_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
