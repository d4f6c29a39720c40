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

static void a_payload_that_is_too_large_is_not_kept(void **state)
{
	static const char large[601] = "x";
	struct job_spec spec = spec_of(1);

	(void)state;
	spec.payload = (struct text){large, sizeof(large)};
	add(spec);
	claim_one(1);
	assert_null(given[0].payload.at);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(jobs_are_given_by_priority_then_id),
	    FIXTURE_TEST(what_is_given_is_what_was_added),
	    FIXTURE_TEST(an_id_is_added_once),
	    FIXTURE_TEST(payloads_fill_their_room_exactly),
	    FIXTURE_TEST(payloads_beyond_the_bound_are_not_kept),
	    FIXTURE_TEST(a_payload_that_is_too_large_is_not_kept),
	    FIXTURE_TEST(a_delayed_job_waits_for_its_time),
	    FIXTURE_TEST(many_are_due_at_once_and_none_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
