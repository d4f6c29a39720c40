#include "dispatcher_fixture.h"

/* Cancelling */

static void a_cancelled_job_ends_in_any_state(void **state)
{
	struct job_spec delayed = spec_of(3);
	struct lease_token token;

	(void)state;
	delayed.due_ns = now_ns + NS_PER_S;
	add(spec_of(1));
	add(spec_of(2));
	add(delayed);
	token = claim_one(1);
	for (int64_t id = 1; id <= 3; id++) {
		assert_true(dispatcher_cancel(dispatcher, queue, id));
		assert_false(dispatcher_cancel(dispatcher, queue, id));
	}
	assert_int_equal(ack(1, token), LEASE_STALE);
	assert_int_equal(figures().ending, 3);
	assert_int_equal(figures().oldest_ns, 0);
	claim_one(0);
	for (int64_t id = 1; id <= 3; id++)
		dispatcher_ended(dispatcher, id);
	assert_int_equal(figures().depth, 0);
	assert_false(dispatcher_cancel(dispatcher, queue, 1));
}

static void a_job_is_cancelled_in_its_own_queue_only(void **state)
{
	unsigned other = (unsigned)dispatcher_add_queue(dispatcher, TEXT("other"));

	(void)state;
	add(spec_of(1));
	assert_false(dispatcher_cancel(dispatcher, other, 1));
	claim_one(1);
}

/* Queues and bounds */

static void queues_are_known_by_name_and_bounded(void **state)
{
	(void)state;
	assert_int_equal(dispatcher_find_queue(dispatcher, TEXT("mail")), 0);
	assert_int_equal(dispatcher_find_queue(dispatcher, TEXT("other")), -1);
	assert_int_equal(dispatcher_add_queue(dispatcher, TEXT("other")), 1);
	assert_int_equal(dispatcher_add_queue(dispatcher, TEXT("third")), 2);
	assert_int_equal(dispatcher_add_queue(dispatcher, TEXT("fourth")), -1);
	assert_int_equal(dispatcher_find_queue(dispatcher, TEXT("other")), 1);
	assert_int_equal(dispatcher_find_queue(dispatcher, TEXT("third")), 2);
	assert_int_equal(dispatcher_queue_count(dispatcher), 3);
	assert_true(text_equal(dispatcher_queue_name(dispatcher, 1), TEXT("other")));
}

static void queues_share_nothing(void **state)
{
	unsigned other = (unsigned)dispatcher_add_queue(dispatcher, TEXT("other"));
	struct job_spec spec = spec_of(1);

	(void)state;
	spec.queue = other;
	add(spec);
	claim_one(0);
	assert_int_equal(figures().depth, 0);
	assert_int_equal(dispatcher_claim(dispatcher, other, 1, LEASE_NS, now_ns, given), 1);
	assert_int_equal(given[0].queue, other);
}

static void a_full_queue_says_so_before_the_insert(void **state)
{
	const struct queue_settings settings = {.length_max = 3};

	(void)state;
	dispatcher_set_queue(dispatcher, queue, &settings);
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 4), RESERVED_NOT_QUEUE_FULL);
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 2), RESERVED);
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 2), RESERVED_NOT_QUEUE_FULL);
	dispatcher_unreserve(dispatcher, queue, 2);
	add(spec_of(1));
	add(spec_of(2));
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 2), RESERVED_NOT_QUEUE_FULL);
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 1), RESERVED);
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 1), RESERVED_NOT_QUEUE_FULL);
	assert_int_equal(figures().reserved, 1);
	/* a lower bound than there are jobs */
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.length_max = 1});
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 1), RESERVED_NOT_QUEUE_FULL);
	assert_true(dispatcher_reserve_answered(dispatcher, queue, 1));
	assert_int_equal(figures().reserved, 2);
	assert_false(dispatcher_reserve_answered(dispatcher, queue, dispatcher_room(dispatcher) + 1));
	assert_int_equal(figures().reserved, 2);
}

static void a_full_dispatcher_says_so_too(void **state)
{
	(void)state;
	assert_int_equal(dispatcher_room(dispatcher), 100);
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 101), RESERVED_NOT_ALL_FULL);
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 99), RESERVED);
	assert_int_equal(dispatcher_room(dispatcher), 1);
	dispatcher_unreserve(dispatcher, queue, 99);
	add(spec_of(1));
	assert_int_equal(dispatcher_room(dispatcher), 99);
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 99), RESERVED);
	assert_int_equal(dispatcher_room(dispatcher), 0);
	assert_int_equal(dispatcher_reserve(dispatcher, queue, 1), RESERVED_NOT_ALL_FULL);
	/* what is committed is taken */
	add(spec_of(2));
	assert_int_equal(dispatcher_room(dispatcher), 0);
}

static void a_paused_queue_gives_nothing(void **state)
{
	(void)state;
	add(spec_of(1));
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.is_paused = true});
	claim_one(0);
	assert_true(dispatcher_queue_settings(dispatcher, queue)->is_paused);
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.is_paused = false});
	claim_one(1);
}

static void a_rate_bounds_what_is_given(void **state)
{
	(void)state;
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.rate_count = 2, .rate_period_s = 1});
	for (int64_t id = 1; id <= 5; id++)
		add(spec_of(id));
	assert_int_equal(claim(5), 2);
	assert_int_equal(claim(5), 0);
	pass(NS_PER_S / 2);
	assert_int_equal(claim(5), 1);
	pass(10 * NS_PER_S);
	assert_int_equal(claim(5), 2);
}

static void the_oldest_is_what_could_be_given_for_the_longest(void **state)
{
	struct job_spec delayed = spec_of(1);
	uint64_t start_ns = now_ns;
	struct lease_token token;

	(void)state;
	delayed.due_ns = now_ns + 10 * NS_PER_S;
	add(delayed);
	assert_int_equal(figures().oldest_ns, 0);
	pass(NS_PER_S);
	add(spec_of(2));
	pass(9 * NS_PER_S);
	/* a lease and a retry do not make it younger */
	token = claim_one(1);
	nack(1, token, NS_PER_S);
	token = claim_one(2);
	assert_int_equal(figures().oldest_ns, start_ns + NS_PER_S);
	assert_int_equal(ack(2, token), LEASE_HELD);
	/* without the delay that its producer wanted */
	assert_int_equal(figures().oldest_ns, start_ns + 10 * NS_PER_S);
}

static void a_job_that_was_loaded_keeps_its_retry(void **state)
{
	struct job_spec spec = spec_of(1);

	(void)state;
	spec.attempt = 1;
	spec.max_attempts = 2;
	spec.due_ns = now_ns + NS_PER_S;
	spec.came_back = CAME_NACKED;
	add(spec);
	assert_int_equal(figures().oldest_ns, now_ns);
	claim_one(0);
	pass(NS_PER_S);
	nack(1, claim_one(1), 0);
	assert_true(change.is_dead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(a_cancelled_job_ends_in_any_state),
	    FIXTURE_TEST(a_job_is_cancelled_in_its_own_queue_only),
	    FIXTURE_TEST(queues_are_known_by_name_and_bounded),
	    FIXTURE_TEST(queues_share_nothing),
	    FIXTURE_TEST(a_full_queue_says_so_before_the_insert),
	    FIXTURE_TEST(a_full_dispatcher_says_so_too),
	    FIXTURE_TEST(a_paused_queue_gives_nothing),
	    FIXTURE_TEST(a_rate_bounds_what_is_given),
	    FIXTURE_TEST(the_oldest_is_what_could_be_given_for_the_longest),
	    FIXTURE_TEST(a_job_that_was_loaded_keeps_its_retry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
