#include "pipeline_fixture.h"

/* Limits and deadlines */

/* What is sent, and what ends without having been sent: nothing waits until the loop wakes again. */
static void assert_one_end_of_the_turn_does_all(void)
{
	submit(0, &add);
	submit(1, &add);
	submit(2, &add);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_string_equal(fake_pq_sent(writes()), "add(0) Sync");
	assert_failed(2, ERROR_BUSY);
	assert_int_equal(all_done, 1);
}

static void start_with_room_for_one(void)
{
	pipeline_settings.connections = 2;
	pipeline_settings.queue_limit = 1;
	start();
	teach(&add, 0);
}

static void what_was_submitted_before_the_loop_waits_goes_out_then(void **state)
{
	(void)state;
	start_with_room_for_one();
	uv_check_stop(&pipeline->check);
	assert_one_end_of_the_turn_does_all();
	answer_until_done(3);
}

static void what_the_loop_s_events_submit_goes_out_behind_them(void **state)
{
	(void)state;
	start_with_room_for_one();
	uv_prepare_stop(&pipeline->prepare);
	assert_one_end_of_the_turn_does_all();
	answer_until_done(3);
}

static void beyond_the_queue_limit_is_busy_at_the_end_of_the_turn(void **state)
{
	(void)state;
	pipeline_settings.queue_limit = 2;
	start();
	for (int i = 0; i < 4; i++)
		submit(i, &country);
	assert_int_equal(all_done, 0);
	turn();
	/* one is on a connection, two wait */
	assert_failed(3, ERROR_BUSY);
	assert_int_equal(all_done, 1);
	answer_until_done(4);
	for (int i = 0; i < 3; i++)
		assert_ok(i, "country");
}

/* They had their place before the others came. */
static void who_is_back_is_not_too_many(void **state)
{
	(void)state;
	pipeline_settings.queue_limit = 2;
	pipeline_settings.connections = 2;
	start();
	teach(&country, 0);
	for (int i = 0; i < 8; i++)
		submit(i, &country);
	turn();
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 8);
	fake_pq_answer_error(reads(), "22012", "division by zero", NULL);
	fake_pq_answer_all(reads());
	turn();
	answer_until_done(8);
	for (int i = 0; i < 8; i++)
		assert_ok(i, "country");
}

static void finish_later_ends_a_batch_that_was_never_submitted(void **state)
{
	(void)state;
	start();
	batches[0].done = on_done;
	batches[0].done_ns = 1;
	db_batch_fail(&batches[0], ERROR_BUSY, "");
	db_pipeline_finish_later(pipeline, &batches[0]);
	assert_int_equal(all_done, 0);
	turn();
	assert_failed(0, ERROR_BUSY);
}

static void a_deadline_in_the_queue_ends_the_wait(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&slow, 10);
	submit(0, &slow);
	turn();
	submit_until(1, &slow, 30);
	run_for(20);
	assert_int_equal(all_done, 0);
	run_for(40);
	assert_failed(1, ERROR_DEADLINE);
	assert_int_equal(batches[1].sent_ns, 0);
	assert_int_equal(all_done, 1);
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 0);
	fake_pq_answer_all(reads());
	turn();
	assert_ok(0, "slow");
}

static void what_waits_for_a_client_that_has_left_is_not_sent(void **state)
{
	atomic_bool has_left = false;

	(void)state;
	start();
	teach(&slow, 20);
	for (int i = 0; i < 8; i++) {
		batches[i].is_abandoned = &has_left;
		submit(i, &slow);
	}
	run_for(20);
	has_left = true;
	for (int i = 0; i < 8; i++)
		db_pipeline_note_departure(pipeline, &batches[i]);
	assert_int_equal(all_done, 0);
	turn();
	assert_true(all_done > 0);
	for (int i = 0; i < 8; i++)
		if (batches[i].slot == NULL)
			assert_failed(i, ERROR_BUSY);
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 0);
	answer_all_open();
	run_until_done(8);
}

static void a_deadline_in_flight_ends_the_wait_and_keeps_the_connection(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit_until(0, &add, 20);
	run_for(200);
	assert_failed(0, ERROR_DEADLINE_OUTCOME_UNKNOWN);
	assert_non_null(strstr(batches[0].message, "whether it was written is not known"));
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 0);
	fake_pq_answer_all(writes());
	turn();
	assert_int_equal(done_count[0], 1);
	assert_true(fake_pq_is_open(writes()));
	teach(&country, 0);
}

/* Its own word tells more than no answer: a write waits a little longer for it than a read. */
static void a_write_that_postgresql_ends_at_its_deadline_was_not_done(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit(0, &add);
	turn();
	batches[0].deadline_ns = clock_now_ns() + 5 * NS_PER_MS;
	run_for(6);
	assert_int_equal(done_count[0], 0);
	fake_pq_answer_error(writes(), "57014", "canceling statement due to statement timeout", NULL);
	fake_pq_answer_all(writes());
	turn();
	assert_failed(0, ERROR_DEADLINE);
	assert_non_null(strstr(batches[0].message, "nothing was written"));
}

static void the_owner_of_a_late_batch_may_free_it(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit_until(0, &country, 20);
	run_for(50);
	assert_failed(0, ERROR_DEADLINE);
	memset(&batches[0], 0xdd, sizeof(batches[0]));
	fake_pq_answer_all(reads());
	turn();
	db_batch_init(&batches[0]);
	submit(1, &country);
	turn();
	answer_all_open();
	run_for(20);
	answer_all_open();
	turn();
	assert_ok(1, "country");
}

static void a_server_that_hangs_is_given_up(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit_until(0, &country, 20);
	run_for(300); /* well before: a busy machine may let this test stand still for a while */
	assert_failed(0, ERROR_DEADLINE);
	assert_true(fake_pq_is_open(reads()));
	run_for(900);
	assert_false(fake_pq_is_open(reads()));
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 1);
	run_for(50); /* and there is another */
	assert_true(db_pipeline_is_ready(pipeline));
}

/* The one before had a later deadline, and is over; and the next one's statement is prepared first. */
static void a_hung_server_is_given_up_by_its_own_deadline(void **state)
{
	(void)state;
	fake_pq.shows_prepares = true;
	start();
	teach(&add, 0);
	teach(&other_add, 0);
	submit_until(0, &add, 60000);
	answer_until_done(1);
	submit_until(1, &other_add, 20);
	run_for(1500);
	assert_failed(1, ERROR_DEADLINE_OUTCOME_UNKNOWN);
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 1);
}

/* PostgreSQL is at work for the batch with the latest deadline: it has not to answer before. */
static void no_connection_hangs_before_its_latest_deadline(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&country, 0);
	submit(0, &country);
	submit_until(1, &country, 20);
	run_for(1400);
	assert_failed(1, ERROR_DEADLINE);
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 0);
	assert_true(fake_pq_is_open(reads()));
	fake_pq_answer_all(reads());
	run_until_done(2);
	assert_ok(0, "country");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_was_submitted_before_the_loop_waits_goes_out_then),
	    TEST(what_the_loop_s_events_submit_goes_out_behind_them),
	    TEST(beyond_the_queue_limit_is_busy_at_the_end_of_the_turn),
	    TEST(who_is_back_is_not_too_many),
	    TEST(finish_later_ends_a_batch_that_was_never_submitted),
	    TEST(a_deadline_in_the_queue_ends_the_wait),
	    TEST(what_waits_for_a_client_that_has_left_is_not_sent),
	    TEST(a_deadline_in_flight_ends_the_wait_and_keeps_the_connection),
	    TEST(a_write_that_postgresql_ends_at_its_deadline_was_not_done),
	    TEST(the_owner_of_a_late_batch_may_free_it),
	    TEST(a_server_that_hangs_is_given_up),
	    TEST(a_hung_server_is_given_up_by_its_own_deadline),
	    TEST(no_connection_hangs_before_its_latest_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
