#include "pipeline_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(reads_are_rescued_from_behind_somebody_slow),
	    TEST(who_had_to_be_rescued_from_is_slow_from_then_on),
	    TEST(a_large_unit_does_not_stand_still),
	    TEST(nobody_is_rescued_without_room_elsewhere),
	    TEST(where_all_stand_still_a_new_connection_is_looked_at),
	    TEST(nobody_is_rescued_when_nothing_moves),
	    TEST(who_is_alone_on_a_connection_is_not_run_again),
	    TEST(what_a_rescued_read_has_heard_does_not_count),
	    TEST(what_is_over_is_not_found_out_to_be_slow),
	    TEST(no_write_is_rescued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
