/* The store of the queues over tables in memory: jobs that came through other services. */
#include "lib/store_fixture.h"

enum { BEYOND = 50 };

static void fill_inbox(unsigned count)
{
	for (unsigned i = 1; i <= count; i++)
		fake_tables_add_inbox(i, i, "q");
}

/* Waits for jobs until it has so many, acks them, and sees that there are no more. */
static void take(struct queue_store *store, unsigned count)
{
	while (count > 0) {
		struct asked *asked = asked_create(ORDER_CLAIM), *acked;

		asked->order.wait_ns = 5 * NS_PER_S;
		await(submit(store, asked));
		assert_int_equal(asked->order.error, ERROR_NONE);
		assert_in_range(asked->order.given_count, 1, count);
		for (unsigned i = 0; i < asked->order.given_count; i++) {
			acked = await(settle_later(store, ORDER_ACK, &asked->order.given[i], LONG_MS));
			assert_int_equal(acked->order.receipts[0].verdict, LEASE_HELD);
			end(acked);
		}
		count -= asked->order.given_count;
		end(asked);
	}
	assert_int_equal(fake_tables_count(), 0);
}

/* JOBS_MAX are fewer than a read of the inbox takes elsewhere. */
static void test_jobs_come_where_few_may_be(void **state)
{
	await_serving(*state);
	fill_inbox(10);
	take(*state, 10);
	assert_int_equal(fake_tables_inbox_count(), 0);
}

static void test_what_there_is_no_room_for_stays(void **state)
{
	queue_store_destroy(*state);
	fake_tables_reset();
	fake_tables_hold(FAKE_MOVE, true);
	fill_inbox(JOBS_MAX + BEYOND);
	*state = start_store();
	await_serving(*state);
	await_sent(FAKE_MOVE, 1);
	/* their room is theirs, also where a move fails */
	fake_tables_fail(FAKE_MOVE, FAKE_UNSURE_DONE, 1);
	expect_failure(enqueue_later(*state, 1, LONG_MS), ERROR_BUSY, "as many jobs as they may");
	fake_tables_hold(FAKE_MOVE, false);
	await_sent(FAKE_MOVE, 2);
	while (fake_tables_count() < JOBS_MAX)
		usleep(500);
	expect_failure(enqueue_later(*state, 1, LONG_MS), ERROR_BUSY, "as many jobs as they may");
	assert_int_equal(fake_tables_inbox_count(), BEYOND);
	take(*state, JOBS_MAX + BEYOND);
	for (unsigned i = 0; i < JOBS_MAX / 4; i++) {
		struct asked *asked = await(enqueue_later(*state, 4, LONG_MS));

		assert_int_equal(asked->order.error, ERROR_NONE);
		end(asked);
	}
}

/* What the owner's own producers took while the inbox was read is not there any more. */
static void test_room_that_is_gone_meanwhile_is_gone(void **state)
{
	queue_store_destroy(*state);
	fake_tables_reset();
	fake_tables_hold(FAKE_READ, true);
	*state = start_store();
	await_serving(*state);
	await_sent(FAKE_READ, 1);
	fill_inbox(BEYOND);
	for (unsigned i = 0; i < JOBS_MAX / 4 - 1; i++)
		end(await(enqueue_later(*state, 4, LONG_MS)));
	fake_tables_hold(FAKE_READ, false);
	while (fake_tables_count() < JOBS_MAX)
		usleep(500);
	assert_int_equal(fake_tables_inbox_count(), BEYOND - 4);
	take(*state, JOBS_MAX + BEYOND - 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_jobs_come_where_few_may_be),
	    STORE_TEST(test_what_there_is_no_room_for_stays),
	    STORE_TEST(test_room_that_is_gone_meanwhile_is_gone),
	};

	log_set_level(LOG_ERROR + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
