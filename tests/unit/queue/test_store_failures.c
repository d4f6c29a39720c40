/* The store of the queues over tables that fail: what its orders are told, and what is written all the same. */
#include "lib/store_fixture.h"

#include <stdio.h>

/* What fails */

static void test_a_write_that_is_not_known_is_asked_for(void **state)
{
	struct asked *asked;
	int64_t id;

	await_serving(*state);
	fake_tables_fail(FAKE_INSERT, FAKE_UNSURE_DONE, 1);
	asked = await(enqueue_later(*state, 1, LONG_MS));
	assert_int_equal(asked->order.error, ERROR_NONE);
	id = asked->order.ids[0];
	end(asked);
	expect_given(*state, id, 1, CAME_NEW);
	fake_tables_fail(FAKE_INSERT, FAKE_UNSURE, 1);
	expect_failure(enqueue_later(*state, 2, LONG_MS), ERROR_DATABASE_UNAVAILABLE, "nothing was written");
	expect_none(*state);
	assert_int_equal(fake_tables_count(), 1);
}

static void test_a_write_that_was_lost_is_told(void **state)
{
	await_serving(*state);
	fake_tables_fail(FAKE_INSERT, FAKE_LOST, 1);
	expect_failure(enqueue_later(*state, 1, LONG_MS), ERROR_DATABASE_UNAVAILABLE, "the connection was lost");
	expect_none(*state);
}

/* Its queue's name may be the reason: it is written again. */
static void test_what_postgresql_says_is_not_told(void **state)
{
	enqueue_one(*state);
	fake_tables_fail(FAKE_INSERT, FAKE_REFUSED, 1);
	expect_failure(enqueue_later(*state, 1, LONG_MS), ERROR_DATABASE_ERROR, "PostgreSQL refused to write it");
	enqueue_one(*state);
	assert_int_equal(fake_tables_names(), 2);
}

/* Uses up as many numbers as a batch may take. */
static struct asked *enqueue_many(struct queue_store *store)
{
	static struct order_draft drafts[JOBS_MAX];
	struct asked *asked = asked_create(ORDER_ENQUEUE);

	for (unsigned i = 0; i < JOBS_MAX; i++)
		drafts[i] = (struct order_draft){.payload = TEXT("7"), .max_attempts = 2};
	asked->order.drafts = drafts;
	asked->order.draft_count = JOBS_MAX;
	return submit(store, asked);
}

/* Returns its words. */
static const char *refuse(struct asked *asked)
{
	static char why[200];

	await(asked);
	assert_int_equal(asked->order.error, ERROR_DATABASE_UNAVAILABLE);
	snprintf(why, sizeof(why), "%s", asked->order.why);
	end(asked);
	return why;
}

static void use_up_the_numbers(struct queue_store *store)
{
	await_serving(store);
	fake_tables_fail(FAKE_INSERT, FAKE_LOST, 100);
	while (fake_tables_sent(FAKE_IDS) == 0)
		assert_non_null(strstr(refuse(enqueue_many(store)), "lost"));
}

static void test_without_numbers_orders_fail_at_once(void **state)
{
	unsigned tries = 0;

	fake_tables_fail(FAKE_IDS, FAKE_LOST, 100);
	use_up_the_numbers(*state);
	while (strstr(refuse(enqueue_many(*state)), "could not be reached a moment ago; nothing was written") == NULL)
		assert_in_range(++tries, 1, 100);
	fake_tables_fail(FAKE_IDS, FAKE_GOOD, 0);
	fake_tables_fail(FAKE_INSERT, FAKE_GOOD, 0);
	while (fake_tables_count() == 0)
		end(await(enqueue_many(*state)));
	assert_int_equal(fake_tables_count(), JOBS_MAX);
}

static void test_numbers_that_are_not_known_write_nothing(void **state)
{
	fake_tables_fail(FAKE_IDS, FAKE_UNSURE, 1);
	use_up_the_numbers(*state);
	assert_int_equal(fake_tables_sent(FAKE_IDS), 1);
	assert_int_equal(fake_tables_count(), 0);
}

static void test_an_end_is_written_until_it_is(void **state)
{
	int64_t id = enqueue_one(*state);
	struct given given = expect_given(*state, id, 1, CAME_NEW);
	struct asked *asked;

	fake_tables_fail(FAKE_DELETE, FAKE_LOST, 2);
	asked = await(settle_later(*state, ORDER_ACK, &given, LONG_MS));
	assert_int_equal(asked->order.error, ERROR_NONE);
	end(asked);
	assert_int_equal(fake_tables_sent(FAKE_DELETE), 3);
	assert_int_equal(fake_tables_count(), 0);
}

/* Owners of before */

static void expect_letter_stays(struct queue_store *store, enum order_errand errand)
{
	int64_t id = enqueue_one(store);
	struct asked *asked = asked_create(errand);

	for (unsigned i = 0; i < 2; i++) {
		struct given given = expect_given(store, id, i + 1, i == 0 ? CAME_NEW : CAME_NACKED);

		end(await(settle_later(store, ORDER_NACK, &given, LONG_MS)));
	}
	assert_int_equal(fake_tables_dead(), 1);
	fake_tables_hold(FAKE_LETTERS, true);
	asked->order.first_id = 1;
	asked->order.last_id = INT64_MAX;
	submit(store, asked);
	await_sent(FAKE_LETTERS, 1);
	fake_tables_set_others(true);
	fake_tables_hold(FAKE_LETTERS, false);
	expect_failure(asked, ERROR_OUTCOME_UNKNOWN, "another service has taken the queues over");
	assert_int_equal(fake_tables_dead(), 1);
}

static void test_an_owner_of_before_sends_nothing_again(void **state)
{
	expect_letter_stays(*state, ORDER_RESEND);
}

static void test_an_owner_of_before_purges_nothing(void **state)
{
	expect_letter_stays(*state, ORDER_PURGE);
}

/* Deadlines */

static void test_deadlines_say_what_is_known(void **state)
{
	int64_t id = enqueue_one(*state);
	struct given given = expect_given(*state, id, 1, CAME_NEW);
	struct asked *sent, *waiting, *ack;

	fake_tables_hold(FAKE_DELETE, true);
	ack = settle_later(*state, ORDER_ACK, &given, 1);
	expect_failure(ack, ERROR_DEADLINE_OUTCOME_UNKNOWN, "whether it was written is not known");
	fake_tables_hold(FAKE_INSERT, true);
	sent = enqueue_later(*state, 1, 1000);
	await_sent(FAKE_INSERT, 2);
	waiting = enqueue_later(*state, 1, 1);
	expect_failure(waiting, ERROR_DEADLINE, "before PostgreSQL was asked");
	expect_failure(sent, ERROR_DEADLINE_OUTCOME_UNKNOWN, "whether it was written is not known");
	fake_tables_hold(FAKE_INSERT, false);
	fake_tables_hold(FAKE_DELETE, false);
	while (fake_tables_count() != 1) /* the ack went through, and so did the first of the two */
		usleep(500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_a_write_that_is_not_known_is_asked_for),
	    STORE_TEST(test_a_write_that_was_lost_is_told),
	    STORE_TEST(test_what_postgresql_says_is_not_told),
	    STORE_TEST(test_without_numbers_orders_fail_at_once),
	    STORE_TEST(test_numbers_that_are_not_known_write_nothing),
	    STORE_TEST(test_an_end_is_written_until_it_is),
	    STORE_TEST(test_an_owner_of_before_sends_nothing_again),
	    STORE_TEST(test_an_owner_of_before_purges_nothing),
	    STORE_TEST(test_deadlines_say_what_is_known),
	};

	log_set_level(LOG_ERROR + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
