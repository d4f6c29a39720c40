/* The connections of quick writes: more while a queue of them lasts, fewer again afterwards. */
#include "pipeline_fixture.h"

enum { MOST = 6, ALL = 12 };

static unsigned links_for_writes(void)
{
	return pipeline->lanes[1].link_count;
}

/* Two connections are kept for writes, and six is the most. */
static void start_with_quick_writes(void)
{
	pipeline_settings.connections = ALL;
	pipeline_settings.write_connections = MOST;
	start();
	teach(&add, 0);
	teach(&country, 0);
}

static void submit_writes(int from, int count)
{
	for (int i = from; i < from + count; i++)
		submit(i, &add);
	turn();
}

/* Each of many has one write, and no more. */
static void assert_one_write_each(unsigned count)
{
	unsigned busy = 0;

	for (unsigned i = 0; i < pipeline_settings.connections; i++) {
		const struct link *link = &pipeline->links[i];

		if (link->lane != &pipeline->lanes[1])
			continue;
		assert_true(link->conn.in_flight - link->conn.preparing <= 1);
		busy += link->conn.in_flight > 0;
	}
	assert_int_equal(busy, count);
}

static void writes_that_queue_get_more_connections(void **state)
{
	(void)state;
	start_with_quick_writes();
	submit_writes(0, 10);
	run_for(7);
	assert_int_equal(links_for_writes(), MOST);
	for (int round = 0; round < 10 && db_pipeline_numbers(pipeline).in_flight < MOST; round++)
		turn(); /* the last of them connect */
	assert_one_write_each(MOST);
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 10 - MOST);
	answer_until_done(10);
	for (int i = 0; i < 10; i++)
		assert_ok(i, "add");
	assert_int_equal(links_for_writes(), MOST);
}

/* They are answered before a connection would be there. */
static void writes_that_wait_for_a_moment_get_no_more_than_are_kept(void **state)
{
	(void)state;
	start_with_quick_writes();
	submit_writes(0, 10);
	for (int round = 0; round < 20 && all_done < 10; round++) {
		answer_all_open();
		turn();
	}
	assert_int_equal(all_done, 10);
	assert_int_equal(links_for_writes(), 2);
}

static void one_writer_alone_needs_one_connection(void **state)
{
	(void)state;
	start_with_quick_writes();
	for (int i = 0; i < 10; i++) {
		submit_writes(i, 1);
		run_for(20); /* the disk is slow */
		answer_until_done((unsigned)i + 1);
	}
	assert_int_equal(links_for_writes(), 1);
}

static void the_reads_keep_theirs(void **state)
{
	(void)state;
	pipeline_settings.connections = 5;
	pipeline_settings.shared_connections = 2;
	pipeline_settings.write_connections = ALL;
	start();
	teach(&add, 0);
	teach(&country, 0);
	submit_writes(0, 10);
	run_for(7);
	assert_int_equal(links_for_writes(), 3);
	submit(10, &country);
	turn();
	answer_all_open();
	turn();
	assert_ok(10, "country");
	answer_until_done(11);
}

/* A limit below what is kept is a limit. */
static void one_connection_for_writes_is_enough(void **state)
{
	(void)state;
	pipeline_settings.connections = ALL;
	pipeline_settings.shared_connections = 2;
	pipeline_settings.write_connections = 1;
	start();
	teach(&add, 0);
	submit_writes(0, 10);
	run_for(7);
	assert_int_equal(links_for_writes(), 1);
	answer_until_done(10);
	for (int i = 0; i < 10; i++)
		assert_ok(i, "add");
}

static void what_writes_do_not_use_any_more_is_closed(void **state)
{
	(void)state;
	start_with_quick_writes();
	submit_writes(0, 10);
	run_for(7);
	answer_until_done(10);
	assert_int_equal(links_for_writes(), MOST);
	for (unsigned i = 0; i < pipeline_settings.connections; i++)
		pipeline->links[i].used_ns = clock_now_ns() - 61 * NS_PER_S;
	run_for(2000);
	assert_int_equal(links_for_writes(), 3); /* what is kept, and one more */
	assert_int_equal(pipeline->lanes[0].link_count, 1);
}

/* The write that heard so runs on a new connection, not on another of those. */
static void a_standby_is_left_with_all_that_write_to_it(void **state)
{
	unsigned before, left = 0;
	PGconn *standby;

	(void)state;
	start_with_quick_writes();
	submit_writes(0, 10);
	run_for(7);
	answer_until_done(10);
	before = fake_pq.opened;
	fake_clock_advance(2 * NS_PER_S);
	for (unsigned c = 1; c < before; c++)
		fake_pq_report(fake_pq_conn(c), "in_hot_standby", "on");
	submit_writes(10, 1);
	standby = carrier(10);
	fake_pq_answer_error(standby, "25006", "cannot execute INSERT in a read-only transaction", NULL);
	fake_pq_answer_all(standby);
	turn();
	for (unsigned c = 1; c < before; c++)
		left += !fake_pq_is_open(fake_pq_conn(c));
	assert_int_equal(left, before - 1);
	assert_true(fake_pq_is_open(reads()));
	answer_until_done(11);
	assert_ok(10, "add");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(writes_that_queue_get_more_connections),
	    TEST(writes_that_wait_for_a_moment_get_no_more_than_are_kept),
	    TEST(one_writer_alone_needs_one_connection),
	    TEST(the_reads_keep_theirs),
	    TEST(one_connection_for_writes_is_enough),
	    TEST(what_writes_do_not_use_any_more_is_closed),
	    TEST(a_standby_is_left_with_all_that_write_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
