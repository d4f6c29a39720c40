#include "fetch/host.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct host_table table;

static int set_up(void **state)
{
	(void)state;
	host_table_init(&table);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	host_table_cleanup(&table);
	return 0;
}

static struct host *find(unsigned number)
{
	char origin[40];

	snprintf(origin, sizeof(origin), "http://host-%u", number);
	return host_find(&table, origin);
}

static void test_a_host_is_found_again(void **state)
{
	struct host *host = find(1);

	(void)state;
	assert_string_equal(host->origin, "http://host-1");
	assert_ptr_equal(find(1), host);
	assert_ptr_not_equal(find(2), host);
	assert_int_equal(table.count, 2);
}

static void test_those_that_are_used_are_kept_and_the_oldest_others_go(void **state)
{
	struct host *used = find(0), *oldest;

	(void)state;
	used->queues = 1;
	find(1)->next_start_ns = 77;
	for (unsigned i = 2; i < 2 * HOSTS_KEPT; i++)
		find(i);
	assert_int_equal(table.count, HOSTS_KEPT);
	assert_ptr_equal(find(0), used);
	oldest = find(1);
	assert_int_equal(oldest->next_start_ns, 0); /* a new one */
	used->queues = 0;
}

/* As many starts as the rate allows, however unevenly they are asked for. */
static void test_the_bucket_keeps_the_rate(void **state)
{
	const uint64_t begin_ns = 1000 * NS_PER_S, interval_ns = 3 * NS_PER_MS;
	struct host *host = find(1);
	unsigned starts = 0;

	(void)state;
	/* looked at every 7 ms for 3 s: more seldom than a token comes */
	for (uint64_t now_ns = begin_ns; now_ns < begin_ns + 3 * NS_PER_S; now_ns += 7 * NS_PER_MS)
		while (host_may_start(host, now_ns)) {
			host_take_start(host, now_ns, interval_ns);
			starts++;
		}
	assert_in_range(starts, 999, 1000 + BUCKET_SLACK_MS / 3 + 1);
}

static void test_the_bucket_does_not_save_up(void **state)
{
	struct host *host = find(1);
	uint64_t now_ns = 1000 * NS_PER_S;

	(void)state;
	host_take_start(host, now_ns, NS_PER_S);
	assert_false(host_may_start(host, now_ns + NS_PER_S - 2 * BUCKET_SLACK_MS * NS_PER_MS));
	now_ns += 3600 * NS_PER_S;
	assert_true(host_may_start(host, now_ns));
	host_take_start(host, now_ns, NS_PER_S);
	assert_false(host_may_start(host, now_ns));
	/* a visit without a rate takes nothing from it */
	host_take_start(host, now_ns, 0);
	assert_true(host_may_start(host, now_ns + NS_PER_S));
}

static void test_how_long_it_is_left_alone(void **state)
{
	struct host *host = find(1);

	(void)state;
	host_leave_alone(host, 0, 10);
	assert_int_equal(host->left_alone_until_ns, 10 * NS_PER_S);
	host_leave_alone(host, 0, 5);
	assert_int_equal(host->left_alone_until_ns, 10 * NS_PER_S);
	host_leave_alone(host, 0, UINT64_MAX / 2);
	assert_int_equal(host->left_alone_until_ns, 24 * 3600 * NS_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_host_is_found_again, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_those_that_are_used_are_kept_and_the_oldest_others_go, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_the_bucket_keeps_the_rate, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_bucket_does_not_save_up, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_how_long_it_is_left_alone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
