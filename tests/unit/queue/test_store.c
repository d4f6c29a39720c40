/* The store of the queues over tables in memory: the ways of a job, and which service owns them. */
#include "lib/store_fixture.h"

/* Ways of a job */

static void test_a_job_goes_through(void **state)
{
	int64_t id = enqueue_one(*state);
	struct asked *asked = claim(*state);
	struct given given = asked->order.given[0];
	unsigned attempt;

	assert_true(text_equal(given.payload, TEXT("7")));
	end(asked);
	assert_true(fake_tables_has(id, &attempt));
	asked = await(settle_later(*state, ORDER_ACK, &given, LONG_MS));
	assert_int_equal(asked->order.error, ERROR_NONE);
	assert_int_equal(asked->order.receipts[0].verdict, LEASE_HELD);
	end(asked);
	assert_int_equal(fake_tables_count(), 0);
	asked = await(settle_later(*state, ORDER_ACK, &given, LONG_MS));
	assert_int_equal(asked->order.receipts[0].verdict, LEASE_NO_JOB);
	end(asked);
}

static void test_what_comes_meanwhile_is_one_batch(void **state)
{
	struct asked *asked[6];
	int64_t last_id = 0;

	await_serving(*state);
	fake_tables_hold(FAKE_INSERT, true);
	asked[0] = enqueue_later(*state, 1, LONG_MS);
	await_sent(FAKE_INSERT, 1);
	for (unsigned i = 1; i < 6; i++)
		asked[i] = enqueue_later(*state, 4, LONG_MS);
	await_serving(*state); /* so the store has heard of them */
	assert_int_equal(fake_tables_sent(FAKE_INSERT), 1);
	fake_tables_hold(FAKE_INSERT, false);
	for (unsigned i = 0; i < 6; i++) {
		await(asked[i]);
		assert_int_equal(asked[i]->order.error, ERROR_NONE);
		assert_true(asked[i]->order.ids[0] > last_id);
		last_id = asked[i]->order.ids[0];
		end(asked[i]);
	}
	assert_int_equal(fake_tables_sent(FAKE_INSERT), 2);
	assert_int_equal(fake_tables_count(), 21);
}

static void test_a_failure_is_written_and_the_last_is_death(void **state)
{
	int64_t id = enqueue_one(*state);
	struct given given = expect_given(*state, id, 1, CAME_NEW);
	struct asked *asked = await(settle_later(*state, ORDER_NACK, &given, LONG_MS));
	unsigned attempt = 0;

	assert_int_equal(asked->order.error, ERROR_NONE);
	end(asked);
	assert_true(fake_tables_has(id, &attempt));
	assert_int_equal(attempt, 1);
	given = expect_given(*state, id, 2, CAME_NACKED);
	end(await(settle_later(*state, ORDER_NACK, &given, LONG_MS)));
	assert_int_equal(fake_tables_count(), 0);
	assert_int_equal(fake_tables_dead(), 1);
}

static int64_t enqueue_large(struct queue_store *store)
{
	struct asked *asked = asked_create(ORDER_ENQUEUE);
	int64_t id;

	await_serving(store);
	asked->drafts[0] = (struct order_draft){.payload = TEXT("123456"), .max_attempts = 2};
	asked->order.drafts = asked->drafts;
	asked->order.draft_count = 1;
	await(submit(store, asked));
	id = asked->order.ids[0];
	end(asked);
	return id;
}

static void test_a_large_payload_is_read_from_its_row(void **state)
{
	struct asked *asked;

	enqueue_large(*state);
	asked = claim(*state);
	assert_int_equal(asked->order.given_count, 1);
	assert_true(text_equal(asked->order.given[0].payload, TEXT("123456")));
	end(asked);
}

static void test_a_job_without_its_row_is_no_more(void **state)
{
	int64_t gone = enqueue_large(*state), id = enqueue_large(*state);
	struct asked *asked;

	fake_tables_remove(gone);
	expect_given(*state, id, 1, CAME_NEW);
	expect_none(*state);
	asked = await(submit(*state, asked_create(ORDER_FIGURES)));
	assert_int_equal(asked->order.figures.depth, 1);
	end(asked);
}

/* The bound of one payload is none for all of them. */
static void test_small_payloads_are_kept(void **state)
{
	struct asked *asked;

	await_serving(*state);
	for (unsigned i = 0; i < 2; i++)
		end(await(enqueue_later(*state, 4, LONG_MS)));
	asked = claim(*state);
	assert_int_equal(asked->order.given_count, 8);
	end(asked);
	assert_int_equal(fake_tables_sent(FAKE_PAYLOADS), 0);
}

static void test_a_claim_waits_for_a_job(void **state)
{
	struct asked *waiting = asked_create(ORDER_CLAIM), *full[2];
	int64_t id;

	await_serving(*state);
	waiting->order.wait_ns = LONG_MS * NS_PER_MS;
	submit(*state, waiting);
	for (unsigned i = 0; i < 2; i++) {
		full[i] = asked_create(ORDER_CLAIM);
		full[i]->order.wait_ns = LONG_MS * NS_PER_MS;
		submit(*state, full[i]);
	}
	expect_failure(full[1], ERROR_BUSY, "as many claims wait as may");
	id = enqueue_one(*state);
	await(waiting);
	assert_int_equal(waiting->order.given_count, 1);
	assert_int_equal(waiting->order.given[0].id, id);
	end(waiting);
	queue_store_drain(*state);
	await(full[0]);
	assert_int_equal(full[0]->order.error, ERROR_NONE);
	assert_int_equal(full[0]->order.given_count, 0);
	end(full[0]);
}

static void test_a_client_that_has_left_is_given_nothing(void **state)
{
	int64_t id = enqueue_one(*state);
	struct asked *asked = asked_create(ORDER_CLAIM);

	atomic_store(&asked->is_abandoned, true);
	await(submit(*state, asked));
	assert_int_equal(asked->order.given_count, 0);
	end(asked);
	expect_given(*state, id, 1, CAME_DISCONNECTED);
}

static void test_there_is_a_bound(void **state)
{
	await_serving(*state);
	for (unsigned i = 0; i < JOBS_MAX / 4; i++)
		end(await(enqueue_later(*state, 4, LONG_MS)));
	expect_failure(enqueue_later(*state, 1, LONG_MS), ERROR_BUSY, "as many jobs as they may");
}

/* Owners */

static void test_another_owner_is_respected(void **state)
{
	int64_t id = enqueue_one(*state);
	struct given given = expect_given(*state, id, 1, CAME_NEW);
	struct asked *asked;

	fake_tables_set_others(true);
	expect_failure(enqueue_later(*state, 1, LONG_MS), ERROR_BUSY, "another service has taken the queues over");
	expect_failure(submit(*state, asked_create(ORDER_CLAIM)), ERROR_BUSY, "another service owns them");
	assert_int_equal(fake_tables_count(), 1);
	fake_tables_set_others(false);
	await_serving(*state);
	asked = await(settle_later(*state, ORDER_ACK, &given, LONG_MS));
	assert_int_equal(asked->order.receipts[0].verdict, LEASE_STALE);
	end(asked);
	expect_given(*state, id, 1, CAME_RESTARTED);
}

/* What was not known belongs to the other one by then. */
static void test_a_write_that_is_not_known_stays_so_for_an_owner_of_before(void **state)
{
	struct asked *asked;

	await_serving(*state);
	fake_tables_hold(FAKE_INSERT, true);
	asked = enqueue_later(*state, 1, LONG_MS);
	await_sent(FAKE_INSERT, 1);
	fake_tables_fail(FAKE_INSERT, FAKE_UNSURE, 1);
	fake_tables_set_others(true);
	fake_tables_hold(FAKE_INSERT, false);
	expect_failure(asked, ERROR_OUTCOME_UNKNOWN, "");
}

static void await_watching(struct queue_store *store)
{
	enum error error = ERROR_NONE;

	while (error == ERROR_NONE) {
		struct asked *asked = await(submit(store, asked_create(ORDER_FIGURES)));

		error = asked->order.error;
		end(asked);
		usleep(1000);
	}
}

static void test_an_owner_of_before_gives_no_payload(void **state)
{
	struct asked *asked;

	enqueue_large(*state);
	fake_tables_hold(FAKE_PAYLOADS, true);
	asked = submit(*state, asked_create(ORDER_CLAIM));
	await_sent(FAKE_PAYLOADS, 1);
	fake_tables_set_others(true);
	await_watching(*state);
	fake_tables_hold(FAKE_PAYLOADS, false);
	expect_failure(asked, ERROR_BUSY, "another service may own the queues");
}

/* What it was told to write is not written. */
static void expect_not_settled(struct queue_store *store, enum order_errand errand, enum fake_write kind)
{
	struct given given = expect_given(store, enqueue_one(store), 1, CAME_NEW);
	struct asked *asked;
	unsigned attempt = 9;

	fake_tables_hold(kind, true);
	asked = settle_later(store, errand, &given, LONG_MS);
	await_sent(kind, 1);
	fake_tables_set_others(true);
	fake_tables_hold(kind, false);
	expect_failure(asked, ERROR_OUTCOME_UNKNOWN, "another service has taken the queues over");
	assert_true(fake_tables_has(given.id, &attempt));
	assert_int_equal(attempt, 0);
}

static void test_an_owner_of_before_acks_nothing(void **state)
{
	expect_not_settled(*state, ORDER_ACK, FAKE_DELETE);
}

static void test_an_owner_of_before_cancels_nothing(void **state)
{
	expect_not_settled(*state, ORDER_CANCEL, FAKE_DELETE);
}

static void test_an_owner_of_before_nacks_nothing(void **state)
{
	expect_not_settled(*state, ORDER_NACK, FAKE_CHANGE);
}

static void on_done_slowly(struct queue_order *order)
{
	const struct timespec gap = {4, 0}; /* longer than an owner is sure */

	nanosleep(&gap, NULL);
	sem_post(&((struct asked *)order->data)->is_done);
}

static void on_done_when_told(struct queue_order *order)
{
	struct asked *asked = order->data;

	while (!atomic_load(&asked->is_abandoned))
		usleep(500);
	sem_post(&asked->is_done);
}

/* The claim was there before the store stood still, and is looked at before anything else. */
static void test_an_owner_that_stood_still_gives_nothing(void **state)
{
	struct asked *gate = asked_create(ORDER_FIGURES), *slow = asked_create(ORDER_FIGURES), *claim, *extend;
	int64_t id = enqueue_one(*state);
	struct given given = expect_given(*state, id, 1, CAME_NEW);

	id = enqueue_one(*state);

	gate->order.done = on_done_when_told;
	slow->order.done = on_done_slowly;
	submit(*state, gate);
	usleep(20000); /* the store has it alone, or with the others: both will do */
	submit(*state, slow);
	claim = submit(*state, asked_create(ORDER_CLAIM));
	extend = settle_later(*state, ORDER_EXTEND, &given, LONG_MS);
	atomic_store(&gate->is_abandoned, true);
	end(await(gate));
	end(await(slow));
	expect_failure(claim, ERROR_BUSY, "another service owns them");
	expect_failure(extend, ERROR_BUSY, "another service owns them");
	await_serving(*state);
	expect_given(*state, id, 1, CAME_NEW);
}

static void test_what_is_there_is_read(void **state)
{
	struct asked *asked;

	queue_store_destroy(*state);
	fake_tables_reset();
	for (unsigned i = 1; i <= 3; i++)
		fake_tables_add(i, i, 5);
	*state = start_store();
	await_serving(*state);
	asked = claim(*state);
	assert_int_equal(asked->order.given_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(asked->order.given[i].id, i + 1);
		assert_int_equal(asked->order.given[i].attempt, i + 2);
		assert_int_equal(asked->order.given[i].came_back, CAME_RESTARTED);
	}
	end(asked);
}

static void test_a_take_over_that_fails_is_tried_again(void **state)
{
	queue_store_destroy(*state);
	fake_tables_reset();
	fake_tables_fail(FAKE_TAKE, FAKE_LOST, 1);
	*state = start_store();
	await_serving(*state);
	assert_int_equal(fake_tables_sent(FAKE_TAKE), 2);
}

/* What is more than one sweep may delete goes soon, too. */
static void test_keys_that_are_over_go(void **state)
{
	queue_store_destroy(*state);
	fake_tables_reset();
	fake_tables_set_old_keys(25000);
	*state = start_store();
	await_sent(FAKE_SWEEP, 3);
}

static void test_another_isolation_is_not_served_with(void **state)
{
	queue_store_destroy(*state);
	fake_tables_reset();
	fake_tables_set_isolation("serializable");
	*state = start_store();
	expect_failure(submit(*state, asked_create(ORDER_CLAIM)), ERROR_BUSY, "another service owns them");
	fake_tables_set_isolation("read committed");
	await_serving(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_a_job_goes_through),
	    STORE_TEST(test_what_comes_meanwhile_is_one_batch),
	    STORE_TEST(test_a_failure_is_written_and_the_last_is_death),
	    STORE_TEST(test_a_large_payload_is_read_from_its_row),
	    STORE_TEST(test_a_job_without_its_row_is_no_more),
	    STORE_TEST(test_small_payloads_are_kept),
	    STORE_TEST(test_a_claim_waits_for_a_job),
	    STORE_TEST(test_a_client_that_has_left_is_given_nothing),
	    STORE_TEST(test_there_is_a_bound),
	    STORE_TEST(test_another_owner_is_respected),
	    STORE_TEST(test_a_write_that_is_not_known_stays_so_for_an_owner_of_before),
	    STORE_TEST(test_an_owner_of_before_gives_no_payload),
	    STORE_TEST(test_an_owner_of_before_acks_nothing),
	    STORE_TEST(test_an_owner_of_before_cancels_nothing),
	    STORE_TEST(test_an_owner_of_before_nacks_nothing),
	    STORE_TEST(test_an_owner_that_stood_still_gives_nothing),
	    STORE_TEST(test_what_is_there_is_read),
	    STORE_TEST(test_a_take_over_that_fails_is_tried_again),
	    STORE_TEST(test_another_isolation_is_not_served_with),
	    STORE_TEST(test_keys_that_are_over_go),
	};

	log_set_level(LOG_ERROR + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
