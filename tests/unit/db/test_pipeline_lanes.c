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

/* Two shared connections: one stands still, the other answers. */
static void reads_are_rescued_from_behind_somebody_slow(void **state)
{
	PGconn *stuck;

	(void)state;
	pipeline_settings.shared_connections = 2;
	start();
	teach(&country, 0);
	for (int i = 0; i < 3; i++) {
		submit(i, &country);
		turn();
	}
	stuck = crowded(NULL);
	assert_non_null(stuck);
	for (int i = 0; i < 60 && all_done < 3; i++) {
		run_for(5);
		for (unsigned c = 0; c < fake_pq.opened; c++)
			if (fake_pq_conn(c) != stuck && fake_pq_is_open(fake_pq_conn(c)))
				fake_pq_answer_all(fake_pq_conn(c));
	}
	for (int i = 0; i < 3; i++)
		assert_ok(i, "country");
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 2);
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 0);
	fake_pq_answer_all(stuck);
	run_for(10);
	assert_int_equal(all_done, 3);
	submit(3, &country);
	turn();
	answer_all_open();
	turn();
	assert_ok(3, "country");
}

/* The culprit is found out among the rescued: a later batch of the same statement shares with none. */
static void who_had_to_be_rescued_from_is_slow_from_then_on(void **state)
{
	PGconn *moving = NULL;

	(void)state;
	pipeline_settings.shared_connections = 2;
	pipeline_settings.connections = 12;
	start();
	teach(&country, 0);
	teach(&language, 0);
	for (int i = 0; i < 3; i++) {
		submit(i, &country);
		turn();
	}
	for (unsigned c = 0; c < fake_pq.opened; c++)
		if (fake_pq_unanswered(fake_pq_conn(c)) == 2)
			moving = fake_pq_conn(c);
	assert_non_null(moving);
	fake_pq_answer_all(moving);
	run_for(200); /* two are taken off, sent alone, and neither is answered */
	assert_int_equal(all_done, 1);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 2);
	for (unsigned c = 0; c < fake_pq.opened; c++)
		fake_pq_sent(fake_pq_conn(c));
	submit(3, &country);
	submit(4, &language);
	run_for(50);
	for (unsigned c = 0; c < fake_pq.opened; c++) {
		const char *sent = fake_pq_sent(fake_pq_conn(c));

		assert_true(strstr(sent, "country(3)") == NULL || strstr(sent, "language(4)") == NULL);
	}
	answer_until_done(5);
	for (int i = 0; i < 4; i++)
		assert_ok(i, "country");
	assert_ok(4, "language");
}

/* PostgreSQL sends a unit's results at its end: many take a while together, and none waits for anything. */
static void a_large_unit_does_not_stand_still(void **state)
{
	(void)state;
	pipeline_settings.shared_connections = 2;
	pipeline_settings.connections = 12;
	start();
	teach(&country, 3);
	for (int i = 0; i < 30; i++)
		submit(i, &country);
	run_for(60);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 0);
	answer_all_open();
	answer_until_done(30);
	for (int i = 0; i < 30; i++)
		assert_ok(i, "country");
}

/* With one connection left for the quick ones, the rescued would wait longer than where they are. */
static void nobody_is_rescued_without_room_elsewhere(void **state)
{
	(void)state;
	pipeline_settings.shared_connections = 2;
	pipeline_settings.connections = 3;
	start();
	teach(&country, 0);
	for (int i = 0; i < 3; i++) {
		submit(i, &country);
		turn();
	}
	for (int i = 0; i < 20; i++) {
		run_for(5);
		for (unsigned c = 0; c < fake_pq.opened; c++)
			if (fake_pq_unanswered(fake_pq_conn(c)) == 2)
				fake_pq_answer_all(fake_pq_conn(c));
	}
	assert_int_equal(all_done, 1);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 0);
	answer_all_open();
	run_until_done(3);
}

/* All connections have a batch that waits: a new one tells that PostgreSQL does not. */
static void where_all_stand_still_a_new_connection_is_looked_at(void **state)
{
	PGconn *stuck[2];

	(void)state;
	pipeline_settings.shared_connections = 2;
	pipeline_settings.connections = 12;
	start();
	teach(&country, 0);
	for (int i = 0; i < 4; i++) {
		submit(i, &country);
		turn();
	}
	stuck[0] = crowded(NULL);
	stuck[1] = crowded(stuck[0]);
	assert_true(stuck[0] != NULL && stuck[1] != NULL);
	for (int i = 0; i < 60 && all_done < 4; i++) {
		run_for(5);
		for (unsigned c = 0; c < fake_pq.opened; c++)
			if (fake_pq_conn(c) != stuck[0] && fake_pq_conn(c) != stuck[1])
				fake_pq_answer_all(fake_pq_conn(c));
	}
	for (int i = 0; i < 4; i++)
		assert_ok(i, "country");
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 4);
}

static void nobody_is_rescued_when_nothing_moves(void **state)
{
	(void)state;
	pipeline_settings.shared_connections = 2;
	pipeline_settings.connections = 12;
	start();
	teach(&country, 0);
	for (int i = 0; i < 4; i++) {
		submit(i, &country);
		turn();
	}
	fake_pq.hangs = true; /* a new connection does not move either */
	run_for(100);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 0);
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 4);
	answer_all_open();
	run_until_done(4);
}

/* Each place of a connection has been used: what is over is no batch that is at work. */
static void run_fifty(void)
{
	teach(&country, 0);
	for (int i = 1; i <= 50; i++) {
		submit(i, &country);
		turn();
		answer_all_open();
		turn();
	}
	assert_int_equal(all_done, 50);
}

static void who_is_alone_on_a_connection_is_not_run_again(void **state)
{
	(void)state;
	pipeline_settings.shared_connections = 2;
	start();
	run_fifty();
	submit(0, &country);
	turn();
	run_for(100);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 0);
	answer_all_open();
	run_until_done(51);
	assert_ok(0, "country");
}

/* It has failed, or has its rows, and its unit is not over: all of it runs again. */
static void what_a_rescued_read_has_heard_does_not_count(void **state)
{
	PGconn *stuck;

	(void)state;
	pipeline_settings.shared_connections = 2;
	start();
	teach(&country, 0);
	for (int i = 0; i < 3; i++) {
		submit(i, &country);
		turn();
	}
	stuck = crowded(NULL);
	assert_non_null(stuck);
	fake_pq_answer_error(stuck, "22012", "division by zero", NULL);
	for (int i = 0; i < 60 && all_done < 3; i++) {
		run_for(5);
		for (unsigned c = 0; c < fake_pq.opened; c++)
			if (fake_pq_conn(c) != stuck && fake_pq_is_open(fake_pq_conn(c)))
				fake_pq_answer_all(fake_pq_conn(c));
	}
	for (int i = 0; i < 3; i++)
		assert_ok(i, "country");
}

/* While nothing is at work nothing is slow. */
static void what_is_over_is_not_found_out_to_be_slow(void **state)
{
	(void)state;
	start();
	run_fifty();
	pipeline->expected_ns[country.index] = 0;
	pipeline_start_ticking(pipeline);
	run_for(30);
	assert_int_equal(pipeline->expected_ns[country.index], 0);
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

/* It may stand still behind a lock: it runs on, and would be done twice. */
static void no_write_is_rescued(void **state)
{
	(void)state;
	pipeline_settings.shared_connections = 2;
	pipeline_settings.connections = 12;
	start();
	teach(&add, 0);
	pipeline->distance_ns = 300 * NS_PER_US;
	for (unsigned i = 0; i < 2; i++)
		submit((int)i, &add);
	turn();
	assert_string_equal(fake_pq_sent(crowded(NULL)), "add(0) Sync add(1) Sync");
	for (unsigned i = 0; i < pipeline_settings.connections && fake_pq.opened < 6; i++)
		link_open(pipeline, &pipeline->lanes[1]); /* there is room elsewhere */
	run_for(150);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 0);
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 2);
	answer_until_done(2);
	assert_ok(0, "add");
	assert_ok(1, "add");
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

/* All there may be are open: one for reads, the others for writes. Of these the second is left to quick ones, the
 * others are busy. */
static void fill_with_writes(unsigned busy)
{
	pipeline_settings.connections = busy + 2;
	start();
	teach(&slow, 20);
	teach(&add, 20);
	for (unsigned i = 0; i < busy; i++)
		submit((int)i, &add);
	for (int i = 0; i < 100 && db_pipeline_numbers(pipeline).in_flight < busy; i++)
		run_for(5);
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, busy);
	assert_int_equal(fake_pq.open, busy + 2);
	assert_int_equal(pipeline->lanes[1].link_count, busy + 1);
	assert_int_equal(pipeline->links[2].conn.state, CONN_READY);
}

static void be_idle_for(unsigned link, int64_t ms)
{
	pipeline->links[link].conn.progress_ns = clock_now_ns() - (uint64_t)(ms * (int64_t)NS_PER_MS);
}

/* Whether a write that is cut off was done is not known. */
static void only_an_idle_connection_goes_to_the_other_lane(void **state)
{
	(void)state;
	fill_with_writes(5);
	for (unsigned i = 1; i <= 6; i++)
		be_idle_for(i, 101);
	be_idle_for(2, -60000);
	submit(5, &slow);
	submit(6, &slow);
	run_for(30);
	assert_int_equal(pipeline->lanes[1].link_count, 6);
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 1);
	be_idle_for(2, 101);
	run_for(30);
	assert_int_equal(pipeline->lanes[0].link_count, 2);
	assert_int_equal(pipeline->lanes[1].link_count, 5);
	fake_pq_answer_all(pipeline->links[3].conn.pg);
	turn();
	be_idle_for(3, 101);
	run_for(30);
	assert_int_equal(pipeline->lanes[0].link_count, 3);
	assert_int_equal(pipeline->lanes[1].link_count, 4);
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 4 + 2);
	submit(7, &slow); /* and would be sent on a fourth: what the writes share, and one more, stay theirs */
	fake_pq_answer_all(pipeline->links[4].conn.pg);
	fake_pq_answer_all(pipeline->links[5].conn.pg);
	turn();
	be_idle_for(4, 101);
	be_idle_for(5, 101);
	run_for(30);
	assert_int_equal(pipeline->lanes[1].link_count, 3);
	answer_until_done(8);
	for (int i = 0; i < 5; i++)
		assert_ok(i, "add");
	for (int i = 5; i < 8; i++)
		assert_ok(i, "slow");
}

/* Also one that is shared: another is opened in its place. */
static void what_has_grown_is_closed_when_it_rests(void **state)
{
	unsigned opened;

	(void)state;
	start();
	opened = fake_pq.opened;
	run_for(DB_CONN_REST_S * 1000 + 2000);
	assert_int_equal(fake_pq.opened, opened);
	pipeline->links[0].conn.has_grown = true;
	pipeline->links[0].conn.progress_ns = clock_now_ns();
	run_for(DB_CONN_REST_S * 1000 - 1000);
	assert_int_equal(fake_pq.opened, opened);
	run_for(3000);
	assert_int_equal(fake_pq.opened, opened + 1);
	assert_int_equal(fake_pq.open, opened);
	assert_false(pipeline->links[0].conn.has_grown);
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 0);
}

/* What is unused for a minute is closed, but for what is shared and one more. */
static void what_is_not_used_is_closed_and_what_is_busy_is_not(void **state)
{
	(void)state;
	fill_with_writes(4);
	for (unsigned i = 3; i <= 5; i++)
		fake_pq_answer_all(pipeline->links[i].conn.pg);
	turn();
	assert_int_equal(all_done, 3);
	for (unsigned i = 0; i <= 5; i++)
		pipeline->links[i].used_ns = clock_now_ns() + NS_PER_S;
	run_for(20);
	assert_int_equal(fake_pq.open, 6);
	for (unsigned i = 1; i <= 5; i++)
		pipeline->links[i].used_ns = clock_now_ns() - 61 * NS_PER_S;
	run_for(20);
	assert_int_equal(pipeline->lanes[0].link_count, 1);
	assert_int_equal(pipeline->lanes[1].link_count, 3);
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 1);
	assert_true(fake_pq_is_open(pipeline->links[1].conn.pg));
	answer_until_done(4);
	for (int i = 0; i < 4; i++)
		assert_ok(i, "add");
}

/* PostgreSQL grants one connection, or two. */
static void few_connections_serve_both_kinds(void **state)
{
	(void)state;
	pipeline_settings.shared_connections = 2;
	fake_pq.answers_everything = true;
	for (fake_pq.granted = 1; fake_pq.granted <= 2; fake_pq.granted++) {
		unsigned before = all_done;

		pipeline = db_pipeline_create(&loop, &pipeline_settings);
		for (int i = 0; i < 6; i++) {
			int number = (int)before + i;

			submit(number, i % 2 == 0 ? &country : &add);
			run_until_done(before + (unsigned)i + 1);
			assert_ok(number, i % 2 == 0 ? "country" : "add");
		}
		assert_true(db_pipeline_is_ready(pipeline));
		assert_true(fake_pq.open <= fake_pq.granted + 1); /* one may be tried */
		db_pipeline_close(pipeline);
		uv_run(&loop, UV_RUN_DEFAULT);
		db_pipeline_destroy(pipeline);
		pipeline = NULL;
	}
}

/* PostgreSQL had granted more before. */
static void lose_the_writing_connection(void)
{
	fake_pq.granted = 1;
	fake_pq_hang_up(writes());
	for (int i = 0; i < 100 && pipeline->numbers.lost == 0; i++)
		run_for(1);
	assert_int_equal(pipeline->numbers.lost, 1);
}

static bool is_there_one_for_writes(void)
{
	for (int i = 0; i < 200 && !pipeline_has_usable_link(pipeline, &pipeline->lanes[1]); i++)
		run_for(5);
	return pipeline_has_usable_link(pipeline, &pipeline->lanes[1]);
}

/* One for reads cannot serve writes; one for writes serves both. */
static void one_for_reads_makes_room_for_one_for_writes(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	lose_the_writing_connection();
	assert_true(is_there_one_for_writes());
	assert_false(fake_pq_is_open(reads()));
	assert_int_equal(pipeline->numbers.lost, 1);
	fake_pq.answers_everything = true;
	submit(0, &add);
	submit(1, &country);
	run_until_done(2);
	assert_ok(0, "add");
	assert_ok(1, "country");
}

static void one_that_is_busy_makes_room_when_it_is_idle(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	lose_the_writing_connection();
	submit(1, &add);
	run_for(30);
	assert_int_equal(all_done, 0);
	assert_true(fake_pq_is_open(reads()));
	fake_pq_sent(reads());
	pipeline->distance_ns = NS_PER_S; /* it has room for more, and has not stood still for long */
	submit(2, &country);
	run_for(10);
	assert_string_equal(fake_pq_sent(reads()), "");
	fake_pq.answers_everything = true;
	fake_pq_answer_all(reads());
	run_until_done(3);
	assert_ok(0, "country");
	assert_false(batches[0].was_run_again);
	assert_ok(1, "add");
	assert_ok(2, "country");
}

static void where_both_kinds_have_one_none_makes_room(void **state)
{
	(void)state;
	pipeline_settings.shared_connections = 2;
	fake_pq.granted = 2;
	start();
	for (int i = 0; i < 100 && !pipeline->is_full; i++)
		run_for(5);
	assert_true(pipeline->is_full);
	run_for(30);
	assert_true(fake_pq_is_open(reads()));
	assert_true(fake_pq_is_open(writes()));
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
	    TEST(reads_are_rescued_from_behind_somebody_slow),
	    TEST(who_had_to_be_rescued_from_is_slow_from_then_on),
	    TEST(a_large_unit_does_not_stand_still),
	    TEST(nobody_is_rescued_without_room_elsewhere),
	    TEST(where_all_stand_still_a_new_connection_is_looked_at),
	    TEST(nobody_is_rescued_when_nothing_moves),
	    TEST(who_is_alone_on_a_connection_is_not_run_again),
	    TEST(what_a_rescued_read_has_heard_does_not_count),
	    TEST(what_is_over_is_not_found_out_to_be_slow),
	    TEST(what_misses_its_deadline_is_slow_from_then_on),
	    TEST(one_for_reads_makes_room_for_one_for_writes),
	    TEST(where_both_kinds_have_one_none_makes_room),
	    TEST(one_that_is_busy_makes_room_when_it_is_idle),
	    TEST(a_retiring_connection_takes_nobody),
	    TEST(no_write_is_rescued),
	    TEST(no_connection_has_more_in_flight_than_its_depth),
	    TEST(only_an_idle_connection_goes_to_the_other_lane),
	    TEST(what_has_grown_is_closed_when_it_rests),
	    TEST(what_is_not_used_is_closed_and_what_is_busy_is_not),
	    TEST(few_connections_serve_both_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
