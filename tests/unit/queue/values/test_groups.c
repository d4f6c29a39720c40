/* before the fixture, whose names are short */
#include "queue/values/dispatcher_parts.h"

#include "dispatcher_fixture.h"

static void jobs_of_a_group_go_one_after_the_other(void **state)
{
	struct lease_token token;

	(void)state;
	add_in_group(1, "a");
	add_in_group(2, "a");
	add_in_group(3, "b");
	add(spec_of(4));
	assert_int_equal(claim(9), 3);
	assert_int_equal(given[0].id, 1);
	assert_int_equal(given[1].id, 3);
	assert_int_equal(given[2].id, 4);
	token = given[0].token;
	assert_int_equal(figures().ready, 1);
	claim_one(0);
	assert_int_equal(ack(1, token), LEASE_HELD);
	/* its row is still there: after a crash it would come again, behind 2 */
	claim_one(0);
	dispatcher_ended(dispatcher, 1);
	claim_one(2);
}

static void a_retry_holds_its_group(void **state)
{
	(void)state;
	add_in_group(1, "a");
	add_in_group(2, "a");
	nack(1, claim_one(1), NS_PER_S);
	claim_one(0);
	pass(NS_PER_S);
	finish(1, claim_one(1));
	claim_one(2);
}

static void an_expired_job_comes_before_those_behind_it(void **state)
{
	(void)state;
	add_in_group(1, "a");
	add_in_group(2, "a");
	claim_one(1);
	pass(LEASE_NS);
	assert_true(dispatcher_next_change(dispatcher, now_ns, &change));
	claim_one(1);
	dispatcher_give_back(dispatcher, queue, 1, given[0].token);
	claim_one(1);
}

static void a_dead_job_lets_the_next_go_when_its_row_was_moved(void **state)
{
	struct job_spec spec = spec_of(1);

	(void)state;
	spec.max_attempts = 1;
	spec.group = TEXT("a");
	add(spec);
	add_in_group(2, "a");
	nack(1, claim_one(1), 0);
	assert_true(change.is_dead);
	claim_one(0);
	dispatcher_ended(dispatcher, 1);
	claim_one(2);
}

static void a_cancelled_job_lets_the_next_go(void **state)
{
	(void)state;
	add_in_group(1, "a");
	add_in_group(2, "a");
	add_in_group(3, "a");
	assert_true(dispatcher_cancel(dispatcher, queue, 1));
	claim_one(0);
	assert_true(dispatcher_cancel(dispatcher, queue, 2));
	dispatcher_ended(dispatcher, 1);
	dispatcher_ended(dispatcher, 2);
	claim_one(3);
}

static void within_a_group_the_id_decides_not_the_priority(void **state)
{
	struct job_spec urgent = spec_of(2);

	(void)state;
	urgent.priority = 50;
	urgent.group = TEXT("a");
	add_in_group(1, "a");
	add(urgent);
	add_in_group(3, "b");
	finish(1, claim_one(1));
	claim_one(2);
}

static void a_delayed_job_has_its_place_when_it_is_due(void **state)
{
	struct job_spec spec = spec_of(1);

	(void)state;
	spec.group = TEXT("a");
	spec.due_ns = now_ns + NS_PER_S;
	add(spec);
	add_in_group(2, "a");
	add_in_group(3, "a");
	/* it holds nothing while it is delayed */
	claim_one(2);
	pass(NS_PER_S);
	claim_one(0);
	finish(2, given[0].token);
	claim_one(1);
}

static void so_many_of_a_group_as_its_concurrency(void **state)
{
	(void)state;
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.group_concurrency = 2});
	for (int64_t id = 1; id <= 4; id++)
		add_in_group(id, "a");
	assert_int_equal(claim(9), 2);
	assert_int_equal(given[1].id, 2);
	finish(2, given[1].token);
	claim_one(3);
	claim_one(0);
}

static void another_concurrency_holds_at_once(void **state)
{
	struct given first;

	(void)state;
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.group_concurrency = 3});
	for (int64_t id = 1; id <= 6; id++)
		add_in_group(id, "a");
	claim_one(1);
	first = given[0];
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.group_concurrency = 1});
	claim_one(0);
	assert_int_equal(figures().ready, 5);
	finish(1, first.token);
	claim_one(2);
	first = given[0];
	claim_one(0);
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.group_concurrency = 3});
	assert_int_equal(claim(9), 2);
	assert_int_equal(given[0].id, 3);
	assert_int_equal(given[1].id, 4);
	finish(2, first.token);
	claim_one(5);
}

static void another_concurrency_is_noticed_by_all_groups(void **state)
{
	char group[] = "a";

	(void)state;
	for (int64_t id = 1; id <= 90; id++) {
		group[0] = (char)('A' + id % 45);
		add_in_group(id, group);
	}
	assert_int_equal(claim(100), 45);
	dispatcher_set_queue(dispatcher, queue, &(struct queue_settings){.group_concurrency = 2});
	assert_int_equal(claim(100), 45);
}

static void groups_of_two_queues_share_nothing(void **state)
{
	unsigned other = (unsigned)dispatcher_add_queue(dispatcher, TEXT("other"));
	struct job_spec spec = spec_of(2);

	(void)state;
	add_in_group(1, "a");
	spec.queue = other;
	spec.group = TEXT("a");
	add(spec);
	claim_one(1);
	assert_int_equal(dispatcher_claim(dispatcher, other, 1, LEASE_NS, now_ns, given), 1);
}

/* Kept as long as it has jobs. */

static void a_group_goes_with_its_last_job(void **state)
{
	static const uint64_t seed[2] = {1, 2};
	struct groups groups;
	struct group *group;
	uint32_t number;

	(void)state;
	groups_init(&groups, seed);
	group = groups_find_or_make(&groups, 0, TEXT("a"));
	number = group->number;
	assert_ptr_equal(groups_find_or_make(&groups, 0, TEXT("a")), group);
	assert_ptr_not_equal(groups_find_or_make(&groups, 1, TEXT("a")), group);
	assert_ptr_not_equal(groups_find_or_make(&groups, 0, TEXT("b")), group);
	groups_drop(&groups, group);
	assert_int_equal(groups.pool.used_count, 2);
	assert_int_equal(groups_find_or_make(&groups, 0, TEXT("a"))->number, number);
	groups_cleanup(&groups);
}

static void jobs_come_and_go_and_the_group_with_them(void **state)
{
	(void)state;
	for (int64_t id = 1; id <= 200; id++) {
		char group[] = {'g', (char)('a' + id % 26), '\0'};

		add_in_group(id, group);
		finish(id, claim_one(id));
	}
	assert_int_equal(figures().depth, 0);
	/* but for the one without a name */
	assert_int_equal(dispatcher->groups.pool.used_count, 1);
	assert_int_equal(dispatcher->jobs.pool.used_count, 0);
	assert_int_equal(dispatcher->jobs.kept_bytes, 0);
}

static void a_group_stays_with_its_other_jobs(void **state)
{
	struct lease_token token;

	(void)state;
	add_in_group(1, "a");
	add_in_group(2, "a");
	finish(1, claim_one(1));
	assert_int_equal(dispatcher->groups.pool.used_count, 2);
	token = claim_one(2);
	add_in_group(3, "a");
	claim_one(0);
	finish(2, token);
	claim_one(3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FIXTURE_TEST(jobs_of_a_group_go_one_after_the_other),
	    FIXTURE_TEST(a_retry_holds_its_group),
	    FIXTURE_TEST(an_expired_job_comes_before_those_behind_it),
	    FIXTURE_TEST(a_dead_job_lets_the_next_go_when_its_row_was_moved),
	    FIXTURE_TEST(a_cancelled_job_lets_the_next_go),
	    FIXTURE_TEST(within_a_group_the_id_decides_not_the_priority),
	    FIXTURE_TEST(a_delayed_job_has_its_place_when_it_is_due),
	    FIXTURE_TEST(so_many_of_a_group_as_its_concurrency),
	    FIXTURE_TEST(another_concurrency_holds_at_once),
	    FIXTURE_TEST(another_concurrency_is_noticed_by_all_groups),
	    FIXTURE_TEST(groups_of_two_queues_share_nothing),
	    cmocka_unit_test(a_group_goes_with_its_last_job),
	    FIXTURE_TEST(jobs_come_and_go_and_the_group_with_them),
	    FIXTURE_TEST(a_group_stays_with_its_other_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
