/* How often a key may come, on a clock of the test's. */
#include "identity/rate_table.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct rate_table *table;
static uint64_t now_ns;

static int set_up(void **state)
{
	(void)state;
	table = rate_table_create();
	now_ns = 1000 * NS_PER_S;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rate_table_destroy(table);
	return 0;
}

static struct rate_verdict take(const char *key, unsigned count, unsigned period_s)
{
	return rate_table_take(table, text_of(key), &(struct rate_quota){count, period_s}, now_ns);
}

static void a_quota_may_come_at_once_and_no_more(void **state)
{
	struct rate_verdict verdict;

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		verdict = take("a", 10, 60);
		assert_true(verdict.is_allowed);
		assert_int_equal(verdict.left, 9 - i);
		assert_int_equal(verdict.reset_s, 6 * (i + 1));
	}
	verdict = take("a", 10, 60);
	assert_false(verdict.is_allowed);
	assert_int_equal(verdict.left, 0);
	assert_int_equal(verdict.reset_s, 60);
	assert_int_equal(verdict.retry_s, 6);
	assert_true(take("b", 10, 60).is_allowed);
}

static void what_is_refused_costs_nothing(void **state)
{
	(void)state;
	assert_true(take("a", 1, 10).is_allowed);
	for (unsigned i = 0; i < 9; i++) {
		struct rate_verdict verdict = take("a", 1, 10);

		assert_false(verdict.is_allowed);
		assert_int_equal(verdict.retry_s, 10 - i);
		now_ns += NS_PER_S;
	}
	now_ns += NS_PER_S - 1;
	assert_int_equal(take("a", 1, 10).retry_s, 1);
	now_ns++;
	assert_true(take("a", 1, 10).is_allowed);
}

static void in_the_long_run_it_is_the_rate(void **state)
{
	unsigned allowed = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		allowed += take("a", 50, 1).is_allowed;
		now_ns += NS_PER_S / 100;
	}
	assert_in_range(allowed, 5000, 5000 + 50);
}

/* A reload may have made the quota's time shorter. */
static void a_shorter_quota_counts_at_once(void **state)
{
	(void)state;
	assert_true(take("a", 1, 3600).is_allowed);
	assert_int_equal(take("a", 1, 3600).retry_s, 3600);
	assert_int_equal(take("a", 2, 2).retry_s, 1);
	now_ns += NS_PER_S;
	assert_true(take("a", 2, 2).is_allowed);
	assert_false(take("a", 2, 2).is_allowed);
}

/* A key is told apart by its first bytes, and no other bytes are read. */
static void a_long_key_counts_by_its_beginning(void **state)
{
	enum { TOLD_APART = 4096 };
	char *key = malloc(TOLD_APART + 2);

	(void)state;
	memset(key, 'a', TOLD_APART + 1);
	key[TOLD_APART + 1] = '\0';
	assert_true(take(key, 1, 3600).is_allowed);
	key[TOLD_APART] = 'b';
	assert_false(take(key, 1, 3600).is_allowed);
	key[TOLD_APART - 1] = 'b';
	assert_true(take(key, 1, 3600).is_allowed);
	free(key);
}

/* An attacker with many addresses is never a reason to refuse another. */
static void many_keys_refuse_no_other(void **state)
{
	char key[32];

	(void)state;
	for (unsigned i = 0; i < 3 * RATE_TABLE_KEYS; i++) {
		snprintf(key, sizeof(key), "key %u", i);
		assert_true(take(key, 1, 3600).is_allowed);
	}
}

static void the_idle_make_room(void **state)
{
	char key[32];

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_true(take("busy", 8, 3600).is_allowed);
	for (unsigned i = 0; i < RATE_TABLE_KEYS / 4; i++) {
		snprintf(key, sizeof(key), "key %u", i);
		assert_true(take(key, 1000, 1).is_allowed);
	}
	assert_false(take("busy", 8, 3600).is_allowed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_quota_may_come_at_once_and_no_more),
	    TEST(what_is_refused_costs_nothing),
	    TEST(in_the_long_run_it_is_the_rate),
	    TEST(many_keys_refuse_no_other),
	    TEST(the_idle_make_room),
	    TEST(a_shorter_quota_counts_at_once),
	    TEST(a_long_key_counts_by_its_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
