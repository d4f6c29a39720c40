#include "pipeline_fixture.h"

/* Which batches share a connection */

static void a_statement_never_seen_travels_alone(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &language);
	submit(1, &country);
	submit(2, &language);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O language(0) Sync");
	for (int i = 0; i < 100 && all_done < 3; i++) {
		run_for(2);
		for (unsigned c = 0; c < fake_pq.opened; c++)
			assert_null(strstr(fake_pq_sent(fake_pq_conn(c)), "language(2) country"));
		answer_all_open();
	}
	assert_ok(0, "language");
	assert_ok(1, "country");
	assert_ok(2, "language");
}

/* A pooler may give away a session that has answered one unit of several: none is sent ahead. */
static void expect_one_at_a_time(enum db_pooler pooler)
{
	settings.pooler = pooler;
	fake_pq.setup_parts = pooler == DB_POOLER_SESSION ? 5 : 2;
	start();
	teach(&country, 0);
	teach(&add, 0);
	for (int i = 0; i < 12; i++)
		submit(i, i % 2 == 0 ? &country : &add);
	for (int turns = 0; turns < 100 && all_done < 12; turns++) {
		turn();
		for (unsigned i = 0; i < pipeline_settings.connections; i++)
			if (pipeline->links[i].lane != NULL)
				assert_in_range(pipeline->links[i].conn.in_flight, 0, 1);
		answer_all_open();
		run_for(2);
	}
	assert_int_equal(all_done, 12);
}

static void behind_a_session_pooler_a_connection_carries_one(void **state)
{
	(void)state;
	expect_one_at_a_time(DB_POOLER_SESSION);
}

static void behind_a_transaction_pooler_a_connection_carries_one(void **state)
{
	(void)state;
	expect_one_at_a_time(DB_POOLER_TRANSACTION);
}

static void a_quick_one_never_shares_with_a_slow_one(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&slow, 20);
	submit(0, &slow);
	turn();
	for (int i = 1; i < 6; i++) {
		submit(i, &country);
		turn();
	}
	run_for(20);
	for (unsigned c = 0; c < fake_pq.opened; c++) {
		const char *sent = fake_pq_sent(fake_pq_conn(c));

		if (strstr(sent, "slow(") != NULL)
			assert_null(strstr(sent, "country("));
	}
	for (int i = 0; i < 20; i++) {
		for (unsigned c = 0; c < fake_pq.opened; c++)
			if (fake_pq_is_open(fake_pq_conn(c)) && batches[0].slot != NULL &&
			    fake_pq_unanswered(fake_pq_conn(c)) > 0 && c != 0)
				fake_pq_answer_all(fake_pq_conn(c));
		run_for(5);
	}
	for (int i = 1; i < 6; i++)
		assert_ok(i, "country");
	assert_int_equal(done_count[0], 0);
	fake_pq_answer_all(reads());
	turn();
	assert_ok(0, "slow");
}

/* A database that is 50 ms away: the distance makes no statement slow, not even on a busy machine, and more units are
 * under way. */
static void what_is_far_away_is_quick_all_the_same(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	for (int i = 0; i < 100 && !db_pipeline_is_ready(pipeline); i++) {
		run_for(50);
		answer_all_open();
	}
	run_for(10);
	assert_true(db_pipeline_is_ready(pipeline));
	teach(&country, 10);
	for (int i = 0; i < 4; i++) {
		submit(i, &country);
		turn();
	}
	assert_string_equal(fake_pq_sent(reads()),
			    "R/O country(0) Sync R/O country(1) Sync R/O country(2) Sync R/O country(3) Sync");
	answer_all_open();
	turn();
	for (int i = 0; i < 4; i++)
		assert_ok(i, "country");
}

static void what_was_never_seen_has_one_connection_made_ready(void **state)
{
	(void)state;
	pipeline_settings.connections = 8;
	start();
	for (int i = 0; i < 4; i++)
		submit(i, &language);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(fake_pq.opened, 3);
	answer_until_done(4);
}

/* Of two that are shared, the one that will be done soonest. */
static void a_quick_one_goes_where_least_is_expected(void **state)
{
	unsigned first = UINT_MAX, second = UINT_MAX;

	(void)state;
	pipeline_settings.shared_connections = 2;
	start();
	teach(&country, 0);
	for (int i = 0; i < 100 && pipeline->lanes[0].link_count < 2; i++)
		run_for(5);
	run_for(10);
	for (unsigned i = 0; i < pipeline_settings.connections; i++)
		if (pipeline->links[i].lane == &pipeline->lanes[0])
			*(first == UINT_MAX ? &first : &second) = i;
	assert_true(second < pipeline_settings.connections);
	pipeline->links[first].expected_ns += NS_PER_MS;
	submit(0, &country);
	turn();
	assert_string_equal(fake_pq_sent(pipeline->links[second].conn.pg), "R/O country(0) Sync");
	pipeline->links[second].expected_ns += 2 * NS_PER_MS;
	submit(1, &country);
	turn();
	assert_string_equal(fake_pq_sent(pipeline->links[first].conn.pg), "R/O country(1) Sync");
	pipeline->links[first].expected_ns -= NS_PER_MS;
	pipeline->links[second].expected_ns -= 2 * NS_PER_MS;
	answer_until_done(2);
}

/* Without any connection it is, while one is tried for in quick succession. */
static void where_there_is_no_place_a_few_tries_are_waited_for(void **state)
{
	(void)state;
	start();
	link_give_up(&pipeline->links[0]);
	link_give_up(&pipeline->links[1]);
	pipeline->is_full = true;
	pipeline->room_tries = 1;
	assert_true(pipeline_is_served(pipeline, &pipeline->lanes[0]));
	pipeline->room_tries = 0;
	assert_false(pipeline_is_served(pipeline, &pipeline->lanes[0]));
	assert_false(pipeline_is_served(pipeline, &pipeline->lanes[1]));
	pipeline->is_full = false;
}

/* For what was never seen one connection is made ready; for what is known as slow, as many as are asked for. */
static void what_turns_out_slow_is_slow_before_it_has_ended(void **state)
{
	unsigned unanswered = 0;

	(void)state;
	pipeline_settings.connections = 8;
	start();
	submit(0, &slow);
	run_for(20);
	submit(1, &slow);
	submit(2, &slow);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(fake_pq.opened, 4);
	run_for(30);
	for (unsigned c = 0; c < fake_pq.opened; c++) {
		assert_in_range(fake_pq_unanswered(fake_pq_conn(c)), 0, 2);
		unanswered += fake_pq_unanswered(fake_pq_conn(c));
	}
	assert_int_equal(unanswered, 3 * 2);
	answer_all_open();
	run_until_done(3);
}

static void there_are_no_more_connections_than_allowed(void **state)
{
	(void)state;
	pipeline_settings.connections = 5;
	start();
	teach(&slow, 20);
	for (int i = 0; i < 24; i++)
		submit(i, i % 4 == 3 ? &add : &slow);
	for (int i = 0; i < 100 && all_done < 24; i++) {
		run_for(8);
		assert_in_range(fake_pq.open, 1, 5);
		answer_all_open();
	}
	assert_int_equal(all_done, 24);
	assert_int_equal(fake_pq.most_open, 5);
	for (int i = 0; i < 24; i++)
		assert_ok(i, i % 4 == 3 ? "add" : "slow");
}

/* The lane has one connection: whichever batch has it, the others' turn comes. */

static void on_one_connection_slow_ones_do_not_starve_quick_ones(void **state)
{
	int next = 1;

	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&country, 0);
	teach(&slow, 20);
	submit(next++, &slow);
	submit(next++, &slow);
	turn();
	submit(0, &country);
	while (next < 20 && done_count[0] == 0) { /* as soon as one is over, another comes */
		fake_pq_answer_all(reads());
		submit(next++, &slow);
		run_for(6);
	}
	assert_ok(0, "country");
}

static void on_one_connection_quick_ones_do_not_starve_slow_ones(void **state)
{
	int next = 1;

	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&country, 0);
	teach(&slow, 20);
	submit(next++, &country);
	turn();
	submit(0, &slow);
	while (next < 40 && done_count[0] == 0) {
		run_for(1);
		submit(next++, &country); /* is sent, or waits, before the one ahead of it is over */
		turn();
		fake_pq_answer(reads());
		fake_pq_answer(reads());
		turn();
	}
	assert_ok(0, "slow");
}

static void what_changed_its_session_travels_alone_from_then_on(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	fake_pq_report(reads(), "DateStyle", "German");
	fake_pq_answer_all(reads());
	run_for(20);
	assert_ok(0, "country");
	assert_false(fake_pq_is_open(reads()));
	submit(1, &country);
	submit(2, &country);
	for (int i = 0; i < 100 && all_done < 3; i++) {
		turn();
		for (unsigned c = 0; c < fake_pq.opened; c++) {
			const char *sent = fake_pq_sent(fake_pq_conn(c));

			assert_true(strstr(sent, "country(1)") == NULL || strstr(sent, "country(2)") == NULL);
		}
		run_for(3);
		answer_all_open();
	}
	assert_ok(1, "country");
	assert_ok(2, "country");
}

/* How long it takes is not known, but it is longer than that. */
static void what_misses_its_deadline_is_slow_from_then_on(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit_until(0, &country, 100);
	run_until_done(1);
	assert_failed(0, ERROR_DEADLINE);
	db_batch_add(&batches[1], &country, values[1]);
	assert_false(pipeline_is_quick(pipeline, &batches[1]));
}

/* It is busy still with those before, and has room for more: the answer to the first has made PostgreSQL near again. */
static void a_retiring_connection_takes_nobody(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&add, 0);
	pipeline->distance_ns = 300 * NS_PER_US; /* so that one is behind another */
	submit(0, &add);
	submit(1, &add);
	turn();
	fake_pq_report(writes(), "DateStyle", "German");
	fake_pq_answer(writes());
	fake_pq_answer(writes());
	turn();
	assert_ok(0, "add");
	fake_pq_sent(writes());
	pipeline->distance_ns = 300 * NS_PER_US;
	submit(2, &add);
	run_for(20);
	assert_string_equal(fake_pq_sent(writes()), "");
	fake_pq_answer_all(writes());
	turn();
	assert_ok(1, "add");
	assert_false(fake_pq_is_open(writes()));
	answer_until_done(3);
	assert_ok(2, "add");
}

/* As many as a connection may have in flight, and no more, however long they wait. */
static void no_connection_has_more_in_flight_than_its_depth(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	settings.depth = 3;
	start();
	teach(&country, 0);
	for (int i = 0; i < 8; i++)
		submit(i, &country);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) country(1) country(2) Sync");
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 5);
	answer_until_done(8);
	for (int i = 0; i < 8; i++)
		assert_ok(i, "country");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_statement_never_seen_travels_alone),
	    TEST(behind_a_session_pooler_a_connection_carries_one),
	    TEST(behind_a_transaction_pooler_a_connection_carries_one),
	    TEST(a_quick_one_never_shares_with_a_slow_one),
	    TEST(what_was_never_seen_has_one_connection_made_ready),
	    TEST(a_quick_one_goes_where_least_is_expected),
	    TEST(where_there_is_no_place_a_few_tries_are_waited_for),
	    TEST(what_is_far_away_is_quick_all_the_same),
	    TEST(what_turns_out_slow_is_slow_before_it_has_ended),
	    TEST(there_are_no_more_connections_than_allowed),
	    TEST(on_one_connection_slow_ones_do_not_starve_quick_ones),
	    TEST(on_one_connection_quick_ones_do_not_starve_slow_ones),
	    TEST(what_changed_its_session_travels_alone_from_then_on),
	    TEST(what_misses_its_deadline_is_slow_from_then_on),
	    TEST(a_retiring_connection_takes_nobody),
	    TEST(no_connection_has_more_in_flight_than_its_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
