#include "pipeline_fixture.h"

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
	    TEST(one_for_reads_makes_room_for_one_for_writes),
	    TEST(where_both_kinds_have_one_none_makes_room),
	    TEST(one_that_is_busy_makes_room_when_it_is_idle),
	    TEST(only_an_idle_connection_goes_to_the_other_lane),
	    TEST(what_has_grown_is_closed_when_it_rests),
	    TEST(what_is_not_used_is_closed_and_what_is_busy_is_not),
	    TEST(few_connections_serve_both_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
