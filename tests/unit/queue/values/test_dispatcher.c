#include "dispatcher_fixture.h"

/* Giving */

static void jobs_are_given_by_priority_then_id(void **state)
{
	static const int64_t order[] = {4, 3, 5, 1, 2};
	struct job_spec specs[] = {spec_of(2), spec_of(1), spec_of(5), spec_of(4), spec_of(3)};

	(void)state;
	specs[2].priority = specs[4].priority = 7;
	specs[3].priority = PRIORITY_MAX;
	for (unsigned i = 0; i < ARRAY_LENGTH(specs); i++)
		add(specs[i]);
	assert_int_equal(claim(3), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(given[i].id, order[i]);
	assert_int_equal(claim(9), 2);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(given[i].id, order[3 + i]);
	assert_int_equal(claim(1), 0);
}

static void what_is_given_is_what_was_added(void **state)
{
	struct job_spec spec = spec_of(8);
	char text[] = "{\"a\":1.00}", group[] = "g";

	(void)state;
	spec.priority = -3;
	spec.attempt = 1;
	spec.came_back = CAME_RESTARTED;
	spec.payload = text_of(text);
	spec.group = text_of(group);
	add(spec);
	text[1] = group[0] = '#';
	claim_one(8);
	assert_int_equal(given[0].token.epoch, 5);
	assert_int_equal(given[0].queue, queue);
	assert_int_equal(given[0].enqueued_ns, now_ns);
	assert_int_equal(given[0].lease_until_ns, now_ns + LEASE_NS);
	assert_int_equal(given[0].attempt, 2);
	assert_int_equal(given[0].max_attempts, 3);
	assert_int_equal(given[0].priority, -3);
	assert_int_equal(given[0].came_back, CAME_RESTARTED);
	assert_true(text_equal(given[0].group, TEXT("g")));
	assert_true(text_equal(given[0].payload, TEXT("{\"a\":1.00}")));
}

static void an_id_is_added_once(void **state)
{
	struct job_spec spec = spec_of(1);

	(void)state;
	add(spec);
	assert_false(dispatcher_add(dispatcher, &spec, now_ns));
	claim_one(1);
	assert_false(dispatcher_add(dispatcher, &spec, now_ns));
	assert_int_equal(figures().depth, 1);
}

static void payloads_fill_their_room_exactly(void **state)
{
	static const char half[500] = "x";
	struct job_spec spec = spec_of(1);

	(void)state;
	spec.payload = (struct text){half, sizeof(half)};
	add(spec);
	spec.id = 2;
	add(spec);
	add(spec_of(3));
	assert_int_equal(claim(3), 3);
	assert_int_equal(given[0].payload.length, sizeof(half));
	assert_int_equal(given[1].payload.length, sizeof(half));
	assert_null(given[2].payload.at);
}

static void payloads_beyond_the_bound_are_not_kept(void **state)
{
	static const char many[600] = "x";
	struct job_spec spec = spec_of(1);
	struct lease_token token;

	(void)state;
	spec.payload = (struct text){many, sizeof(many)};
	add(spec);
	spec.id = 2;
	add(spec);
	token = claim_one(1);
	assert_int_equal(given[0].payload.length, sizeof(many));
	claim_one(2);
	assert_null(given[0].payload.at);
	/* room again, before the row is gone */
	assert_int_equal(ack(1, token), LEASE_HELD);
	spec.id = 3;
	add(spec);
	claim_one(3);
	assert_int_equal(given[0].payload.length, sizeof(many));
}

static void a_delayed_job_waits_for_its_time(void **state)
{
	struct job_spec spec = spec_of(1);

	(void)state;
	spec.due_ns = now_ns + NS_PER_S;
	add(spec);
	claim_one(0);
	assert_int_equal(figures().delayed, 1);
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), spec.due_ns);
	pass(NS_PER_S - 1);
	claim_one(0);
	pass(1);
	claim_one(1);
	assert_int_equal(figures().delayed, 0);
}

static void many_are_due_at_once_and_none_is_forgotten(void **state)
{
	(void)state;
	for (int64_t id = 1; id <= 5000; id++) {
		struct job_spec spec = spec_of(id);

		spec.due_ns = now_ns + 1;
		add(spec);
	}
	pass(1);
	/* a part of it at a time, and the timer is due at once */
	assert_true(figures().delayed > 0);
	assert_true(dispatcher_next_wake_ns(dispatcher) <= now_ns);
	while (dispatcher_next_wake_ns(dispatcher) <= now_ns)
		pass(0);
	assert_int_equal(figures().ready, 5000);
}

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
	    FIXTURE_TEST(jobs_are_given_by_priority_then_id),
	    FIXTURE_TEST(what_is_given_is_what_was_added),
	    FIXTURE_TEST(an_id_is_added_once),
	    FIXTURE_TEST(payloads_fill_their_room_exactly),
	    FIXTURE_TEST(payloads_beyond_the_bound_are_not_kept),
	    FIXTURE_TEST(a_delayed_job_waits_for_its_time),
	    FIXTURE_TEST(many_are_due_at_once_and_none_is_forgotten),
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
