#include "dispatcher_fixture.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_NS (20 * NS_PER_S)

static struct parked waiting[20];

static int set_up(void **state)
{
	memset(waiting, 0, sizeof(waiting));
	return fixture_set_up(state);
}

static void park(struct parked *parked, unsigned want)
{
	assert_true(dispatcher_park(dispatcher, queue, parked, want, LEASE_NS, now_ns + WAIT_NS));
}

/* Returns how many jobs `parked` is served; 0: nothing is to be served. */
static unsigned served(const struct parked *parked)
{
	unsigned count = 0;

	assert_ptr_equal(dispatcher_next_served(dispatcher, now_ns, given, &count), parked);
	return count;
}

static void the_first_that_waits_is_served_first(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		park(&waiting[i], 1);
	assert_int_equal(figures().parked, 3);
	assert_int_equal(served(NULL), 0);
	add(spec_of(1));
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), 0);
	add(spec_of(2));
	assert_int_equal(served(&waiting[0]), 1);
	assert_int_equal(given[0].id, 1);
	assert_int_equal(given[0].lease_until_ns, now_ns + LEASE_NS);
	assert_int_equal(served(&waiting[1]), 1);
	assert_int_equal(given[0].id, 2);
	assert_int_equal(served(NULL), 0);
	assert_int_equal(figures().parked, 1);
}

static void a_claim_is_served_what_there_is_up_to_what_it_wants(void **state)
{
	(void)state;
	park(&waiting[0], 3);
	park(&waiting[1], 3);
	for (int64_t id = 1; id <= 4; id++)
		add(spec_of(id));
	assert_int_equal(served(&waiting[0]), 3);
	assert_int_equal(served(&waiting[1]), 1);
	assert_int_equal(given[0].id, 4);
}

static void a_claim_that_has_left_is_not_served(void **state)
{
	(void)state;
	park(&waiting[0], 1);
	park(&waiting[1], 1);
	add(spec_of(1));
	dispatcher_unpark(dispatcher, &waiting[0]);
	assert_int_equal(served(&waiting[1]), 1);
	assert_int_equal(figures().parked, 0);
}

static void all_have_left_and_the_job_stays(void **state)
{
	(void)state;
	park(&waiting[0], 1);
	add(spec_of(1));
	dispatcher_unpark(dispatcher, &waiting[0]);
	assert_int_equal(served(NULL), 0);
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), UINT64_MAX);
	claim_one(1);
}

static void a_new_claim_does_not_overtake(void **state)
{
	(void)state;
	park(&waiting[0], 1);
	add(spec_of(1));
	claim_one(0);
	assert_int_equal(served(&waiting[0]), 1);
	add(spec_of(2));
	claim_one(2);
}

static void a_wait_is_over_at_its_time(void **state)
{
	(void)state;
	park(&waiting[0], 1);
	pass(NS_PER_S);
	park(&waiting[1], 1);
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), now_ns + WAIT_NS - NS_PER_S);
	pass(WAIT_NS - NS_PER_S - 1);
	assert_null(dispatcher_next_unserved(dispatcher, now_ns));
	pass(1);
	assert_ptr_equal(dispatcher_next_unserved(dispatcher, now_ns), &waiting[0]);
	assert_null(dispatcher_next_unserved(dispatcher, now_ns));
	add(spec_of(1));
	assert_int_equal(served(&waiting[1]), 1);
}

static void a_claim_can_wait_again(void **state)
{
	(void)state;
	for (int64_t id = 1; id <= 5; id++) {
		park(&waiting[0], 1);
		add(spec_of(id));
		assert_int_equal(served(&waiting[0]), 1);
	}
}

static void no_more_wait_than_may(void **state)
{
	struct parked one_more = {.place = 0};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(waiting); i++)
		park(&waiting[i], 1);
	assert_false(dispatcher_park(dispatcher, queue, &one_more, 1, LEASE_NS, now_ns));
	dispatcher_unpark(dispatcher, &waiting[7]);
	assert_true(dispatcher_park(dispatcher, queue, &one_more, 1, LEASE_NS, now_ns));
}

static void what_becomes_ready_in_time_is_served(void **state)
{
	struct job_spec spec = spec_of(1);

	(void)state;
	spec.due_ns = now_ns + NS_PER_S;
	add(spec);
	park(&waiting[0], 1);
	assert_int_equal(served(NULL), 0);
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), spec.due_ns);
	pass(NS_PER_S);
	assert_int_equal(served(&waiting[0]), 1);
}

static void what_expires_is_served(void **state)
{
	(void)state;
	add(spec_of(1));
	claim_one(1);
	pass(LEASE_NS - NS_PER_S);
	park(&waiting[0], 1);
	pass(NS_PER_S);
	assert_int_equal(served(NULL), 0);
	assert_true(dispatcher_next_change(dispatcher, now_ns, &change));
	assert_int_equal(served(&waiting[0]), 1);
	assert_int_equal(given[0].came_back, CAME_EXPIRED);
}

static void the_next_of_a_group_is_served_when_its_turn_comes(void **state)
{
	struct lease_token token;

	(void)state;
	add_in_group(1, "a");
	add_in_group(2, "a");
	token = claim_one(1);
	park(&waiting[0], 1);
	assert_int_equal(served(NULL), 0);
	finish(1, token);
	assert_int_equal(served(&waiting[0]), 1);
	assert_int_equal(given[0].id, 2);
}

static void a_resumed_queue_serves(void **state)
{
	(void)state;
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.is_paused = true});
	park(&waiting[0], 1);
	add(spec_of(1));
	assert_int_equal(served(NULL), 0);
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.is_paused = false});
	assert_int_equal(served(&waiting[0]), 1);
}

static void a_rate_serves_as_it_allows(void **state)
{
	(void)state;
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.rate_count = 2, .rate_period_s = 1});
	for (int64_t id = 1; id <= 4; id++)
		add(spec_of(id));
	assert_int_equal(claim(9), 2);
	park(&waiting[0], 9);
	assert_int_equal(served(NULL), 0);
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), now_ns + NS_PER_S / 2);
	pass(NS_PER_S / 2 - 1);
	assert_int_equal(served(NULL), 0);
	pass(1);
	assert_int_equal(served(&waiting[0]), 1);
	/* it is asked again only when there is more */
	park(&waiting[1], 9);
	assert_int_equal(served(NULL), 0);
	assert_int_equal(dispatcher_next_wake_ns(dispatcher), now_ns + NS_PER_S / 2);
	dispatcher_unpark(dispatcher, &waiting[1]);
	pass(NS_PER_S / 2);
	assert_int_equal(served(NULL), 0);
	assert_true(dispatcher_next_wake_ns(dispatcher) > now_ns);
}

static void queues_are_served_in_turn(void **state)
{
	unsigned other = (unsigned)dispatcher_add_queue(dispatcher, TEXT("other"));
	static const unsigned order[] = {0, 2, 1, 3};

	(void)state;
	park(&waiting[0], 1);
	park(&waiting[1], 1);
	for (unsigned i = 2; i < 4; i++)
		assert_true(dispatcher_park(dispatcher, other, &waiting[i], 1, LEASE_NS, now_ns + WAIT_NS));
	for (int64_t id = 1; id <= 4; id++) {
		struct job_spec spec = spec_of(id);

		spec.queue = id <= 2 ? queue : other;
		add(spec);
	}
	for (unsigned i = 0; i < ARRAY_LENGTH(order); i++)
		assert_int_equal(served(&waiting[order[i]]), 1);
}

/* Each of many is parked, served or over, and nothing is looked at that is not due. */
static void many_wait(void **state)
{
	enum { MANY = 10000 };
	struct dispatcher_settings settings = fixture_settings;
	struct parked *many = memory_alloc_zeroed(MANY, sizeof(*many));
	unsigned count;

	(void)state;
	dispatcher_destroy(dispatcher);
	settings.parked_max = settings.jobs_max = MANY;
	dispatcher = dispatcher_create(&settings);
	queue = (unsigned)dispatcher_add_queue(dispatcher, TEXT("mail"));
	for (unsigned i = 0; i < MANY; i++)
		assert_true(dispatcher_park(dispatcher, queue, &many[i], 1, LEASE_NS, now_ns + WAIT_NS + i));
	for (unsigned i = 0; i < MANY; i += 2)
		dispatcher_unpark(dispatcher, &many[i]);
	for (int64_t id = 1; id <= MANY / 4; id++)
		add(spec_of(id));
	for (unsigned i = 1; i <= MANY / 2; i += 2)
		assert_ptr_equal(dispatcher_next_served(dispatcher, now_ns, given, &count), &many[i]);
	assert_null(dispatcher_next_served(dispatcher, now_ns, given, &count));
	pass(WAIT_NS + MANY);
	for (unsigned i = MANY / 2 + 1; i < MANY; i += 2)
		assert_ptr_equal(dispatcher_next_unserved(dispatcher, now_ns), &many[i]);
	assert_null(dispatcher_next_unserved(dispatcher, now_ns));
	assert_int_equal(figures().parked, 0);
	free(many);
}

#define PARKED_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PARKED_TEST(the_first_that_waits_is_served_first),
	    PARKED_TEST(a_claim_is_served_what_there_is_up_to_what_it_wants),
	    PARKED_TEST(a_claim_that_has_left_is_not_served),
	    PARKED_TEST(all_have_left_and_the_job_stays),
	    PARKED_TEST(a_new_claim_does_not_overtake),
	    PARKED_TEST(a_wait_is_over_at_its_time),
	    PARKED_TEST(a_claim_can_wait_again),
	    PARKED_TEST(no_more_wait_than_may),
	    PARKED_TEST(what_becomes_ready_in_time_is_served),
	    PARKED_TEST(what_expires_is_served),
	    PARKED_TEST(the_next_of_a_group_is_served_when_its_turn_comes),
	    PARKED_TEST(a_resumed_queue_serves),
	    PARKED_TEST(a_rate_serves_as_it_allows),
	    PARKED_TEST(queues_are_served_in_turn),
	    PARKED_TEST(many_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
