#include "dispatcher_fixture.h"

/* Leases */

static void an_ack_ends_the_job_when_its_row_is_gone(void **state)
{
	struct lease_token token;

	(void)state;
	add(spec_of(1));
	token = claim_one(1);
	assert_int_equal(figures().in_flight, 1);
	assert_int_equal(ack(1, token), LEASE_HELD);
	assert_int_equal(figures().in_flight, 0);
	assert_int_equal(figures().ending, 1);
	assert_int_equal(ack(1, token), LEASE_STALE);
	dispatcher_ended(dispatcher, 1);
	assert_int_equal(ack(1, token), LEASE_NO_JOB);
	assert_int_equal(figures().depth, 0);
}

static void an_acked_job_does_not_expire(void **state)
{
	(void)state;
	add(spec_of(1));
	assert_int_equal(ack(1, claim_one(1)), LEASE_HELD);
	pass(2 * LEASE_NS);
	assert_false(dispatcher_next_change(dispatcher, now_ns, &change));
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), UINT64_MAX);
}

static void a_stale_token_changes_nothing(void **state)
{
	struct lease_token old, token, of_other_epoch;

	(void)state;
	add(spec_of(1));
	old = claim_one(1);
	assert_int_equal(nack(1, old, 0), LEASE_HELD);
	token = claim_one(1);
	of_other_epoch = (struct lease_token){token.epoch - 1, token.number};
	assert_int_equal(ack(1, old), LEASE_STALE);
	assert_int_equal(ack(1, of_other_epoch), LEASE_STALE);
	assert_int_equal(nack(1, old, 0), LEASE_STALE);
	assert_int_equal(dispatcher_extend(dispatcher, queue, 1, old, 1, now_ns), LEASE_STALE);
	assert_int_equal(dispatcher_give_back(dispatcher, queue, 1, old), LEASE_STALE);
	assert_int_equal(ack(2, token), LEASE_NO_JOB);
	assert_int_equal(dispatcher_ack(dispatcher, queue + 1, 1, token), LEASE_NO_JOB);
	assert_int_equal(figures().in_flight, 1);
	finish(1, token);
}

static void no_token_acts_on_a_job_without_a_lease(void **state)
{
	(void)state;
	add(spec_of(1));
	assert_int_equal(ack(1, (struct lease_token){5, 0}), LEASE_STALE);
	assert_int_equal(figures().ready, 1);
}

static void a_lease_that_ends_gives_the_job_to_the_next(void **state)
{
	struct lease_token token;

	(void)state;
	add(spec_of(1));
	token = claim_one(1);
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), now_ns + LEASE_NS);
	pass(LEASE_NS - 1);
	assert_false(dispatcher_next_change(dispatcher, now_ns, &change));
	pass(1);
	assert_true(dispatcher_next_change(dispatcher, now_ns, &change));
	assert_int_equal(change.id, 1);
	assert_int_equal(change.queue, queue);
	assert_int_equal(change.attempt, 1);
	assert_int_equal(change.due_ns, 0);
	assert_int_equal(change.came_back, CAME_EXPIRED);
	assert_false(change.is_dead);
	assert_false(dispatcher_next_change(dispatcher, now_ns, &change));
	assert_int_equal(ack(1, token), LEASE_STALE);
	claim_one(1);
	assert_int_equal(given[0].attempt, 2);
	assert_int_equal(given[0].came_back, CAME_EXPIRED);
}

static void a_lease_can_be_extended_and_shortened(void **state)
{
	struct lease_token token;

	(void)state;
	add(spec_of(1));
	token = claim_one(1);
	pass(LEASE_NS - 1);
	assert_int_equal(dispatcher_extend(dispatcher, queue, 1, token, LEASE_NS, now_ns), LEASE_HELD);
	pass(LEASE_NS - 1);
	assert_false(dispatcher_next_change(dispatcher, now_ns, &change));
	assert_int_equal(dispatcher_extend(dispatcher, queue, 1, token, 0, now_ns), LEASE_HELD);
	assert_true(dispatcher_next_change(dispatcher, now_ns, &change));
}

static void a_nack_waits_as_it_says(void **state)
{
	(void)state;
	add(spec_of(1));
	assert_int_equal(nack(1, claim_one(1), 5 * NS_PER_S), LEASE_HELD);
	assert_int_equal(change.attempt, 1);
	assert_int_equal(change.due_ns, now_ns + 5 * NS_PER_S);
	assert_int_equal(change.came_back, CAME_NACKED);
	pass(5 * NS_PER_S - 1);
	claim_one(0);
	pass(1);
	claim_one(1);
	assert_int_equal(given[0].came_back, CAME_NACKED);
}

static void a_nack_that_says_nothing_backs_off(void **state)
{
	uint64_t first;

	(void)state;
	add(spec_of(1));
	add(spec_of(2));
	nack(1, claim_one(1), NACK_BACK_OFF);
	first = change.due_ns;
	assert_in_range(first - now_ns, NS_PER_S / 2, NS_PER_S);
	nack(2, claim_one(2), NACK_BACK_OFF);
	/* the jitter */
	assert_int_not_equal(change.due_ns, first);
	pass(NS_PER_S);
	nack(1, claim_one(1), NACK_BACK_OFF);
	assert_in_range(change.due_ns - now_ns, NS_PER_S, 2 * NS_PER_S);
}

static void another_seed_is_another_jitter(void **state)
{
	struct dispatcher_settings settings = fixture_settings;
	uint64_t due_ns[3];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(due_ns); i++) {
		settings.seed[0] = 10 + i / 2;
		settings.seed[1] = 20 + i % 2;
		dispatcher_destroy(dispatcher);
		dispatcher = dispatcher_create(&settings);
		dispatcher_add_queue(dispatcher, TEXT("mail"));
		add(spec_of(1));
		nack(1, claim_one(1), NACK_BACK_OFF);
		due_ns[i] = change.due_ns;
	}
	assert_int_not_equal(due_ns[0], due_ns[1]);
	assert_int_not_equal(due_ns[0], due_ns[2]);
}

static void a_job_is_dead_after_its_last_attempt(void **state)
{
	(void)state;
	add(spec_of(1));
	for (unsigned attempt = 1; attempt < 3; attempt++) {
		nack(1, claim_one(1), 0);
		assert_false(change.is_dead);
	}
	nack(1, claim_one(1), 0);
	assert_true(change.is_dead);
	assert_int_equal(change.due_ns, 0);
	assert_int_equal(change.attempt, 3);
	claim_one(0);
	assert_int_equal(figures().dead, 1);
	assert_int_equal(figures().ending, 1);
	dispatcher_ended(dispatcher, 1);
	assert_int_equal(figures().depth, 0);
	assert_int_equal(figures().dead, 1);
	dispatcher_count_dead(dispatcher, queue, -1);
	assert_int_equal(figures().dead, 0);
}

static void an_expired_lease_of_the_last_attempt_kills_too(void **state)
{
	struct job_spec spec = spec_of(1);

	(void)state;
	spec.max_attempts = 1;
	add(spec);
	claim_one(1);
	pass(LEASE_NS);
	assert_true(dispatcher_next_change(dispatcher, now_ns, &change));
	assert_true(change.is_dead);
	assert_int_equal(change.came_back, CAME_EXPIRED);
}

static void what_is_given_back_is_ready_at_once_and_not_counted(void **state)
{
	struct job_spec spec = spec_of(1);
	struct lease_token token;

	(void)state;
	spec.max_attempts = 1;
	add(spec);
	for (unsigned i = 0; i < 5; i++) {
		token = claim_one(1);
		assert_int_equal(given[0].attempt, 1);
		assert_int_equal(given[0].came_back, i == 0 ? CAME_NEW : CAME_DISCONNECTED);
		assert_int_equal(dispatcher_give_back(dispatcher, queue, 1, token), LEASE_HELD);
		assert_int_equal(ack(1, token), LEASE_STALE);
	}
	assert_int_equal(figures().ready, 1);
	assert_int_equal(figures().dead, 0);
}

static void no_two_leases_have_one_token(void **state)
{
	uint64_t last = 0;

	(void)state;
	add(spec_of(1));
	add(spec_of(2));
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(claim(2), 2);
		for (unsigned k = 0; k < 2; k++) {
			assert_true(given[k].token.number > last);
			last = given[k].token.number;
			dispatcher_give_back(dispatcher, queue, given[k].id, given[k].token);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(an_ack_ends_the_job_when_its_row_is_gone),
	    FIXTURE_TEST(an_acked_job_does_not_expire),
	    FIXTURE_TEST(a_stale_token_changes_nothing),
	    FIXTURE_TEST(no_token_acts_on_a_job_without_a_lease),
	    FIXTURE_TEST(a_lease_that_ends_gives_the_job_to_the_next),
	    FIXTURE_TEST(a_lease_can_be_extended_and_shortened),
	    FIXTURE_TEST(a_nack_waits_as_it_says),
	    FIXTURE_TEST(a_nack_that_says_nothing_backs_off),
	    FIXTURE_TEST(another_seed_is_another_jitter),
	    FIXTURE_TEST(a_job_is_dead_after_its_last_attempt),
	    FIXTURE_TEST(an_expired_lease_of_the_last_attempt_kills_too),
	    FIXTURE_TEST(what_is_given_back_is_ready_at_once_and_not_counted),
	    FIXTURE_TEST(no_two_leases_have_one_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
