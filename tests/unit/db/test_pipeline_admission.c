/* Which batches may wait, and for how long: a queue that is too long in time, and what has too little time left. */
#include "unit/db/pipeline_fixture.h"

/* One connection that reads, and one that writes. */
static void start_narrow(void)
{
	pipeline_settings.connections = 2;
	start();
}

static void expect_to_take(const struct db_statement *statement, unsigned ms)
{
	pipeline->expected_ns[statement->index] = ms * NS_PER_MS;
}

static uint64_t refused(enum refusal refusal)
{
	return db_pipeline_numbers(pipeline).refused[refusal];
}

static void a_queue_that_takes_too_long_lets_nobody_in(void **state)
{
	(void)state;
	start_narrow();
	expect_to_take(&slow, 2000);
	for (int i = 0; i < 3; i++)
		submit(i, &slow); /* one is sent, two take 4 s */
	run_for(120);
	submit(3, &slow);
	submit(4, &slow);
	turn();
	assert_int_equal(all_done, 2);
	assert_failed(3, ERROR_BUSY);
	assert_failed(4, ERROR_BUSY);
	assert_string_equal(batches[3].message, refusal_words(REFUSAL_WAIT));
	assert_int_equal(batches[3].retry_s, 5);
	assert_int_equal(refused(REFUSAL_WAIT), 2);
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 2);
	answer_until_done(5);
	for (int i = 0; i < 3; i++)
		assert_ok(i, "slow");
}

/* Those that are opened, or may be, serve it, too; unless none can be made. */
static void what_waits_is_served_by_all_that_there_may_be(void **state)
{
	(void)state;
	settings.connect_timeout_ms = 60000;
	pipeline_settings.connections = 6;
	start();
	expect_to_take(&slow, 2000);
	fake_pq.hangs = true;
	for (int i = 0; i < 10; i++)
		submit(i, &slow); /* one is sent, nine take 18 s: for four of five, one is left to the quick ones */
	run_for(120);
	submit(10, &slow);
	turn();
	assert_failed(10, ERROR_BUSY);
	assert_int_equal(batches[10].retry_s, 1 + 4);
	pipeline->failures = 1; /* of the three that read, two */
	submit(11, &slow);
	turn();
	assert_failed(11, ERROR_BUSY);
	assert_int_equal(batches[11].retry_s, 1 + 9);
	fake_pq.hangs = false;
	fake_pq.answers_everything = true;
	settings.connect_timeout_ms = 100;
	answer_all_open();
	run_until_done(12);
}

static uint64_t waits_ns(int i, const struct db_statement *statement)
{
	struct queue *queue = &pipeline->lanes[!statement->is_read_only].quick;

	db_batch_add(&batches[i], statement, values[i]);
	pipeline_let_in(pipeline, queue, &batches[i], clock_now_ns());
	congestion_leave(batches[i].congestion, batches[i].waits_ns);
	return batches[i].waits_ns;
}

/* The way to PostgreSQL and back keeps no connection busy. */
static void quick_ones_wait_for_work_and_not_for_the_way(void **state)
{
	(void)state;
	start_narrow();
	expect_to_take(&country, 3);
	pipeline->distance_ns = NS_PER_MS;
	assert_int_equal(waits_ns(0, &country), 2 * NS_PER_MS);
	pipeline->distance_ns = 5 * NS_PER_MS;
	assert_int_equal(waits_ns(1, &country), 0);
	batches[2].travels_alone = true;
	assert_int_equal(waits_ns(2, &country), 3 * NS_PER_MS);
}

/* How long a client is to wait says how many connections the queue counts on. */
static unsigned retry_s_of_quick_writes(unsigned work_s)
{
	struct queue *queue = &pipeline->lanes[1].quick;
	unsigned retry_s;

	queue->congestion.expected_ns += work_s * NS_PER_S;
	queue->congestion.count += 1000;
	submit(0, &add);
	turn();
	assert_failed(0, ERROR_BUSY);
	retry_s = batches[0].retry_s;
	queue->congestion.expected_ns -= work_s * NS_PER_S;
	queue->congestion.count -= 1000;
	return retry_s;
}

static void quick_ones_are_served_by_those_that_they_share(void **state)
{
	(void)state;
	pipeline_settings.connections = 8;
	pipeline_settings.write_connections = 3;
	start();
	teach(&add, 0);
	submit(1, &add); /* the connection is busy */
	turn();
	assert_int_equal(retry_s_of_quick_writes(60), 1 + 60 / 3);
	answer_until_done(2);
}

/* Where no connection can be made, those that there are; and never none. */
static void a_queue_has_a_server_at_least(void **state)
{
	(void)state;
	start_narrow();
	teach(&add, 0);
	submit(1, &add);
	turn();
	assert_int_equal(retry_s_of_quick_writes(60), 1 + 60);
	answer_until_done(2);
}

/* The queues' limit is of all together, and a full one of the other kind leaves no place. */
static void the_queues_share_their_limit(void **state)
{
	(void)state;
	pipeline_settings.queue_limit = 4;
	start_narrow();
	teach(&add, 0);
	submit(0, &add);
	turn();
	pipeline->lanes[0].quick.congestion.count += 4;
	submit(1, &add);
	turn();
	assert_failed(1, ERROR_BUSY);
	assert_string_equal(batches[1].message, refusal_words(REFUSAL_FULL));
	pipeline->lanes[0].quick.congestion.count += 4;
	submit(2, &add);
	turn();
	assert_failed(2, ERROR_BUSY);
	pipeline->lanes[0].quick.congestion.count -= 8;
	submit(3, &add);
	turn();
	assert_int_equal(all_done, 2);
	assert_int_equal(refused(REFUSAL_FULL), 2);
	assert_int_equal(db_pipeline_numbers(pipeline).busy, 1);
	answer_until_done(4);
	assert_ok(3, "add");
	assert_int_equal(db_pipeline_numbers(pipeline).busy, 0);
}

static void a_burst_is_let_in_whatever_it_takes(void **state)
{
	(void)state;
	start_narrow();
	expect_to_take(&slow, 2000);
	for (int i = 0; i < 20; i++)
		submit(i, &slow);
	turn();
	assert_int_equal(all_done, 0);
	answer_until_done(20);
}

static void the_other_kind_has_a_queue_of_its_own(void **state)
{
	(void)state;
	start_narrow();
	expect_to_take(&slow, 2000);
	for (int i = 0; i < 3; i++)
		submit(i, &slow);
	run_for(120);
	submit(3, &slow);
	submit(4, &add);
	submit(5, &add);
	turn();
	assert_int_equal(all_done, 1);
	assert_failed(3, ERROR_BUSY);
	answer_until_done(6);
	assert_ok(4, "add");
	assert_ok(5, "add");
}

static void at_its_turn_too_little_time_is_left(void **state)
{
	(void)state;
	start_narrow();
	expect_to_take(&slow, 2000);
	submit(0, &slow);
	turn();
	submit_until(1, &slow, 600);
	run_for(10);
	assert_int_equal(all_done, 0);
	fake_pq_sent(reads());
	fake_pq_answer_all(reads());
	turn();
	assert_ok(0, "slow");
	assert_failed(1, ERROR_BUSY);
	assert_string_equal(batches[1].message, refusal_words(REFUSAL_TIME));
	assert_int_equal(batches[1].sent_ns, 0);
	assert_string_equal(fake_pq_sent(reads()), "");
	assert_int_equal(refused(REFUSAL_TIME), 1);
}

/* An average may be wrong: what did not have to wait is tried. */
static void what_goes_at_once_is_tried(void **state)
{
	(void)state;
	start_narrow();
	expect_to_take(&slow, 2000);
	submit_until(0, &slow, 900);
	turn();
	answer_until_done(1);
	assert_ok(0, "slow");
}

static void what_is_run_again_has_its_place(void **state)
{
	(void)state;
	start_narrow();
	expect_to_take(&slow, 2000);
	for (int i = 0; i < 3; i++)
		submit(i, &slow);
	run_for(120);
	fake_pq_hang_up(reads());
	turn();
	assert_int_equal(all_done, 0);
	answer_until_done(3);
	for (int i = 0; i < 3; i++)
		assert_ok(i, "slow");
}

/* PostgreSQL works for no other batch, and for no client that has gone. */
static void what_has_waited_is_told_what_is_left(void **state)
{
	unsigned ms;

	(void)state;
	start_narrow();
	teach(&slow, 10);
	submit(0, &slow);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O slow(0) Sync");
	answer_until_done(1);
	submit_until(1, &slow, 3000);
	turn();
	assert_int_equal(sscanf(fake_pq_sent(reads()), "R/O meantime:(%u) slow(1) Sync", &ms), 1);
	assert_in_range(ms, 2000, 3001);
	answer_until_done(2);
	assert_ok(1, "slow");
}

/* They would lose that they share a Sync: only when it has to be. */
static void those_that_share_are_told_when_half_of_their_time_is_over(void **state)
{
	unsigned ms[2];

	(void)state;
	start_narrow();
	teach(&country, 0);
	submit_until(0, &country, 3000);
	submit_until(1, &country, 3000);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) country(1) Sync");
	answer_until_done(2);
	submit_until(2, &country, 2000);
	submit_until(3, &country, 2000);
	turn();
	assert_int_equal(sscanf(fake_pq_sent(reads()),
				"R/O meantime:(%u) country(2) Sync R/O meantime:(%u) country(3) Sync", &ms[0], &ms[1]),
			 2);
	answer_until_done(4);
}

/* It was told nothing of the deadline: PostgreSQL is expected to say something when the session's own time is over. */
static void no_connection_hangs_before_its_own_time_is_over(void **state)
{
	(void)state;
	settings.statement_timeout_ms = 1500;
	start_narrow();
	teach(&country, 0);
	submit_until(0, &country, 800);
	run_for(2100);
	assert_failed(0, ERROR_DEADLINE);
	assert_true(fake_pq_is_open(reads()));
	run_for(900);
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_queue_that_takes_too_long_lets_nobody_in),
	    TEST(what_waits_is_served_by_all_that_there_may_be),
	    TEST(quick_ones_wait_for_work_and_not_for_the_way),
	    TEST(quick_ones_are_served_by_those_that_they_share),
	    TEST(a_queue_has_a_server_at_least),
	    TEST(the_queues_share_their_limit),
	    TEST(a_burst_is_let_in_whatever_it_takes),
	    TEST(the_other_kind_has_a_queue_of_its_own),
	    TEST(at_its_turn_too_little_time_is_left),
	    TEST(what_goes_at_once_is_tried),
	    TEST(what_is_run_again_has_its_place),
	    TEST(what_has_waited_is_told_what_is_left),
	    TEST(those_that_share_are_told_when_half_of_their_time_is_over),
	    TEST(no_connection_hangs_before_its_own_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
