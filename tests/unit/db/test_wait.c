#include "conn_fixture.h"

/* The blocking way */

static void waiting_runs_a_batch(void **state)
{
	(void)state;
	fake_pq.answers_everything = true;
	db_batch_add(&batches[0], &country, values[0]);
	batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[0]);
	assert_row(0, "country(0)");
	db_batch_add(&batches[1], &add, values[1]);
	batches[1].deadline_ns = clock_now_ns() + NS_PER_S;
	db_wait_run(&wait, &batches[1]);
	assert_row(1, "add(1)");
	assert_int_equal(fake_pq.opened, 2);
}

static void waiting_ends_at_the_deadline(void **state)
{
	uint64_t before_ns = clock_now_ns();

	(void)state;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = before_ns + 20 * NS_PER_MS;
	db_wait_run(&wait, &batches[0]);
	assert_int_equal(batches[0].error, ERROR_DEADLINE);
	assert_non_null(strstr(batches[0].message, "whether it was written is not known"));
	assert_in_range(clock_now_ns() - before_ns, 20 * NS_PER_MS, 500 * NS_PER_MS);
	assert_int_equal(fake_pq.open, 0);
}

/* What can not be answered in time any more is not written either. */
static void a_batch_whose_deadline_has_passed_is_not_sent(void **state)
{
	(void)state;
	db_batch_add(&batches[0], &add, values[0]);
	batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
	fake_pq.answers_everything = true;
	db_wait_run(&wait, &batches[0]);
	fake_pq_sent(pg());
	db_batch_add(&batches[1], &add, values[1]);
	batches[1].deadline_ns = clock_now_ns() - 1;
	db_wait_run(&wait, &batches[1]);
	assert_int_equal(batches[1].error, ERROR_DEADLINE);
	assert_string_equal(fake_pq_sent(pg()), "");
}

static void without_a_database_waiting_fails_at_once_and_backs_off(void **state)
{
	(void)state;
	fake_pq.refuses = true;
	log_set_level(LOG_ERROR + 1);
	for (int i = 0; i < 5; i++) {
		db_batch_add(&batches[i], &country, values[i]);
		batches[i].deadline_ns = clock_now_ns() + NS_PER_S;
		db_wait_run(&wait, &batches[i]);
		assert_int_equal(batches[i].error, ERROR_DATABASE_UNAVAILABLE);
	}
	assert_int_equal(fake_pq.opened, 1);
	assert_int_equal(wait.failures, 1);
}

static void a_read_handed_back_before_its_sync_leaves_room_for_the_next(void **state)
{
	(void)state;
	settings.depth = 1;
	assert_int_equal(db_wait_open(&wait.reads, clock_now_ns() + NS_PER_S), 0);
	for (int i = 0; i < 2; i++) {
		db_batch_add(&batches[i], &country, values[i]);
		batches[i].deadline_ns = clock_now_ns() + 50 * NS_PER_MS;
	}
	assert_int_equal(db_conn_prepare(&wait.reads, &batches[0]), 0);
	assert_int_equal(db_conn_send(&wait.reads, &batches[0], true), 0);
	fake_pq_answer(pg());
	assert_int_equal(db_conn_advance(&wait.reads), 0);
	assert_row(0, "country(0)");
	db_wait_run(&wait, &batches[1]); /* its Sync has not come */
	assert_int_not_equal(batches[1].error, ERROR_NONE);
}

/* Streams: depth 1, and a part is over with its rows, the Sync a packet later. */

static void a_part_may_be_asked_for_before_the_sync_of_the_last(void **state)
{
	(void)state;
	settings.depth = 1;
	settings.statement_count = 0;
	fake_pq.answers_everything = fake_pq.is_sync_late = true;
	stream = db_stream_create(&country, values[0], &arena);
	for (int part = 0; part < 3; part++) {
		batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
		db_stream_wait(stream, &batches[0], &settings);
		assert_int_equal(batches[0].error, ERROR_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(waiting_runs_a_batch),
	    TEST(waiting_ends_at_the_deadline),
	    TEST(a_batch_whose_deadline_has_passed_is_not_sent),
	    TEST(without_a_database_waiting_fails_at_once_and_backs_off),
	    TEST(a_read_handed_back_before_its_sync_leaves_room_for_the_next),
	    TEST(a_part_may_be_asked_for_before_the_sync_of_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
