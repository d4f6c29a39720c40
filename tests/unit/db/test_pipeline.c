#include "pipeline_fixture.h"

/* Units */

static void there_is_a_connection_of_each_kind_from_the_start(void **state)
{
	(void)state;
	pipeline_settings.first_number = 10;
	start();
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(pipeline->links[0].conn.number, 10);
	assert_int_equal(pipeline->links[1].conn.number, 11);
	assert_int_equal(db_pipeline_numbers(pipeline).open, 2);
	assert_int_equal(db_pipeline_numbers(pipeline).busy, 0);
}

static void reads_of_one_turn_share_one_sync(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	for (int i = 0; i < 3; i++)
		submit(i, &country);
	assert_string_equal(fake_pq_sent(reads()), "");
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) country(1) country(2) Sync");
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 3);
	fake_pq_answer_all(reads());
	turn();
	for (int i = 0; i < 3; i++)
		assert_ok(i, "country");
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 0);
	assert_int_equal(pipeline->links[0].expected_ns, 0);
}

/* PostgreSQL is far away: another is on its way. */
static void every_write_has_a_sync_of_its_own(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&add, 0);
	pipeline->distance_ns = 300 * NS_PER_US;
	submit(0, &add);
	submit(1, &add);
	turn();
	assert_string_equal(fake_pq_sent(writes()), "add(0) Sync add(1) Sync");
	fake_pq_answer_error(writes(), "23505", "duplicate", NULL);
	fake_pq_answer_all(writes());
	turn();
	assert_failed(0, ERROR_CONFLICT);
	assert_ok(1, "add");
}

/* One that waits for a lock, or changes its session, does so for itself. */
static void no_write_is_under_way_behind_another(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&add, 0);
	for (int i = 0; i < 5; i++)
		submit(i, &add);
	turn();
	assert_string_equal(fake_pq_sent(writes()), "add(0) Sync");
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 4);
	fake_pq_answer(writes());
	turn();
	assert_string_equal(fake_pq_sent(writes()), "");
	fake_pq_answer(writes());
	turn();
	assert_string_equal(fake_pq_sent(writes()), "add(1) Sync");
	answer_until_done(5);
	for (int i = 0; i < 5; i++)
		assert_ok(i, "add");
}

static void a_read_with_a_timeout_has_a_sync_of_its_own(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&limited, 0);
	submit(0, &country);
	submit(1, &country);
	submit(2, &limited);
	submit(3, &country);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) country(1) Sync R/O meantime:(250) limited(2) Sync "
						   "R/O country(3) Sync");
	fake_pq_answer_all(reads());
	turn();
	assert_ok(2, "limited");
	assert_int_equal(all_done, 4);
}

/* However quick it was the last time. */
static void an_isolated_read_shares_a_connection_with_nobody(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&isolated, 0);
	submit(0, &country);
	submit(1, &isolated);
	submit(2, &country);
	for (int i = 0; i < 100 && all_done < 3; i++) {
		turn();
		for (unsigned c = 0; c < fake_pq.opened; c++) {
			const char *sent = fake_pq_sent(fake_pq_conn(c));

			if (strstr(sent, "isolated(") != NULL)
				assert_null(strstr(sent, "country("));
		}
		run_for(3);
		answer_all_open();
	}
	assert_ok(0, "country");
	assert_ok(1, "isolated");
	assert_ok(2, "country");
}

static void a_third_unit_waits_until_one_has_ended(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	for (int i = 0; i < 3; i++) {
		submit(i, &country);
		turn();
	}
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) Sync R/O country(1) Sync");
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 1);
	fake_pq_answer(reads());
	fake_pq_answer(reads());
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(2) Sync");
	assert_int_equal(fake_pq.opened, 2); /* what waits for its turn is no reason for another connection */
}

/* They were sent before those that wait came. */
static void what_is_run_again_goes_before_what_waits(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&country, 0);
	submit(0, &country);
	submit(1, &country);
	turn();
	submit(2, &country);
	turn();
	submit(3, &country);
	turn();
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 1);
	fake_pq_sent(reads());
	fake_pq_answer_error(reads(), "22012", "division by zero", NULL);
	fake_pq_answer(reads());
	fake_pq_answer(reads());
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) Sync R/O country(1) Sync R/O country(3) Sync");
	answer_until_done(4);
}

static void those_of_a_unit_with_a_failure_run_again_singly(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	for (int i = 0; i < 4; i++)
		submit(i, &country);
	turn();
	fake_pq_sent(reads());
	fake_pq_answer(reads());
	fake_pq_answer_error(reads(), "22012", "division by zero", NULL);
	fake_pq_answer_all(reads());
	turn();
	assert_int_equal(all_done, 0);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 4);
	fake_pq_answer(reads());
	fake_pq_answer(reads());
	fake_pq_answer_error(reads(), "22012", "division by zero", NULL);
	fake_pq_answer_all(reads());
	answer_until_done(4);
	assert_ok(0, "country");
	assert_failed(1, ERROR_REJECTED);
	assert_ok(2, "country");
	assert_ok(3, "country");
}

static void what_is_run_again_keeps_its_order_and_its_own_sync(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	for (int i = 0; i < 4; i++)
		submit(i, &country);
	turn();
	fake_pq_sent(reads());
	fake_pq_answer_error(reads(), "22012", "division by zero", NULL);
	fake_pq_answer_all(reads());
	turn();
	assert_string_equal(fake_pq_sent(reads()),
			    "R/O country(0) Sync R/O country(1) Sync R/O country(2) Sync R/O country(3) Sync");
}

static void what_a_done_submits_leaves_in_the_same_turn(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	fake_pq_sent(reads());
	fake_pq_answer_all(reads());
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_ok(0, "country");
	submit(1, &country);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_string_equal(fake_pq_sent(reads()), "R/O country(1) Sync");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(there_is_a_connection_of_each_kind_from_the_start),
	    TEST(reads_of_one_turn_share_one_sync),
	    TEST(every_write_has_a_sync_of_its_own),
	    TEST(no_write_is_under_way_behind_another),
	    TEST(a_read_with_a_timeout_has_a_sync_of_its_own),
	    TEST(an_isolated_read_shares_a_connection_with_nobody),
	    TEST(a_third_unit_waits_until_one_has_ended),
	    TEST(those_of_a_unit_with_a_failure_run_again_singly),
	    TEST(what_is_run_again_keeps_its_order_and_its_own_sync),
	    TEST(what_is_run_again_goes_before_what_waits),
	    TEST(what_a_done_submits_leaves_in_the_same_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
