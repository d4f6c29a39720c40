#include "stream_fixture.h"

static void wait_for_patient_part(int i)
{
	batches[i].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	db_stream_wait(stream, &batches[i], &settings);
}

/* The blocking way */

static void waiting_fetches_part_after_part(void **state)
{
	(void)state;
	open_stream();
	fake_pq.answers_everything = fake_pq.shows_prepares = true;
	fake_pq.rows_said = 5000; /* there may be more */
	for (int part = 0; part < 3; part++) {
		wait_for_patient_part(0);
		assert_false(batches[0].is_last_part);
		assert_int_equal(batches[0].error, ERROR_NONE);
		assert_ptr_equal(batches[0].queries[batches[0].query_count - 1].signature, signatures->first);
	}
	assert_non_null(strstr(fake_pq_sent(fake_pq_conn(0)),
			       "+ +language ?language Sync R/O language(0) FETCH() Sync FETCH() Sync FETCH() Sync"));
	assert_int_equal(fake_pq.opened, 1);
	assert_int_equal(fake_pq.open, 1);
}

/* What its transaction holds may be what the thread's next request waits for. */
static void the_last_part_that_was_waited_for_ends_its_transaction(void **state)
{
	(void)state;
	open_stream();
	fake_pq.answers_everything = true;
	wait_for_patient_part(0);
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_true(batches[0].is_last_part);
	assert_int_equal(fake_pq.open, 0);
	assert_int_equal(db_row_count(batches[0].queries[batches[0].query_count - 1].result), 1);
}

static void waiting_begins_again_when_others_were_in_the_way(void **state)
{
	(void)state;
	open_stream();
	fake_pq.answers_everything = true;
	fake_pq.contends = 2 * 2;
	wait_for_patient_part(0);
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_int_equal(fake_pq.opened, 3);
}

static void waiting_for_a_part_that_is_lost_fails(void **state)
{
	(void)state;
	open_stream();
	fake_pq.answers_everything = true;
	fake_pq.cuts = 1;
	wait_for_patient_part(0);
	assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message, "the connection to the database was lost");
	assert_int_equal(fake_pq.open, 0);
}

static void waiting_for_what_is_refused_sends_nothing(void **state)
{
	(void)state;
	open_stream();
	described.signatures = NULL;
	db_stream_destroy(stream);
	stream = db_stream_create(&described, &language.signature, values[0], NULL, &arena);
	fake_pq_describe("language", 2, 0, 25);
	fake_pq.answers_everything = true;
	wait_for_patient_part(0);
	assert_int_equal(batches[0].error, ERROR_DATABASE_ERROR);
	assert_null(strstr(fake_pq_sent(fake_pq_conn(0)), "language("));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(waiting_fetches_part_after_part),
	    TEST(the_last_part_that_was_waited_for_ends_its_transaction),
	    TEST(waiting_begins_again_when_others_were_in_the_way),
	    TEST(waiting_for_a_part_that_is_lost_fails),
	    TEST(waiting_for_what_is_refused_sends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
