#include "base/deadlines.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 2000, START_S = 1000 };

static struct deadlines deadlines;
static struct deadline items[COUNT];
static uint64_t now_ns;

static int set_up(void **state)
{
	(void)state;
	now_ns = START_S * NS_PER_S;
	memset(items, 0, sizeof(items));
	deadlines_init(&deadlines, now_ns);
	return 0;
}

/* Lets the time come, and takes out what is due. Each is due, and only once. */
static unsigned take_due(uint64_t at_ns)
{
	struct list due;
	unsigned count = 0;

	now_ns = at_ns;
	deadlines_take_due(&deadlines, &due, now_ns);
	LIST_EACH (item, &due) {
		struct deadline *deadline = CONTAINER_OF(item, struct deadline, link);

		assert_true(deadline_is_in(deadline));
		assert_true(deadline->at_ns <= now_ns);
		deadline_take_out(deadline);
		assert_false(deadline_is_in(deadline));
		count++;
	}
	return count;
}

static void nothing_is_due_before_its_time(void **state)
{
	static const uint64_t after_ns[] = {1,
					    NS_PER_MS,
					    DEADLINES_SLOT_NS - 1,
					    DEADLINES_SLOT_NS,
					    5 * NS_PER_S,
					    60 * NS_PER_S,
					    DEADLINES_SLOTS * DEADLINES_SLOT_NS};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(after_ns); i++) {
		uint64_t at_ns = now_ns + after_ns[i];

		deadlines_put(&deadlines, &items[0], at_ns);
		for (uint64_t ns = now_ns; ns < at_ns; ns += 5 * NS_PER_MS)
			assert_int_equal(take_due(ns), 0);
		assert_int_equal(take_due(at_ns - 1), 0);
		assert_int_equal(take_due(at_ns), 1);
		assert_int_equal(take_due(at_ns), 0);
	}
}

static void what_is_past_already_is_due_at_once(void **state)
{
	(void)state;
	take_due(now_ns + NS_PER_S);
	deadlines_put(&deadlines, &items[0], 0);
	deadlines_put(&deadlines, &items[1], now_ns - NS_PER_S);
	deadlines_put(&deadlines, &items[2], now_ns);
	assert_int_equal(take_due(now_ns), 3);
}

static void what_is_taken_out_is_not_due(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		deadlines_put(&deadlines, &items[i], now_ns + NS_PER_MS);
	deadline_take_out(&items[1]);
	assert_false(deadline_is_in(&items[1]));
	assert_int_equal(take_due(now_ns + NS_PER_S), 2);
}

/* Not looked at for longer than a revolution, and put in for times that are apart by whole revolutions. */
static void a_revolution_is_no_limit(void **state)
{
	uint64_t revolution_ns = DEADLINES_SLOTS * DEADLINES_SLOT_NS, start_ns = now_ns;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		deadlines_put(&deadlines, &items[i], start_ns + NS_PER_S + i * revolution_ns);
	assert_int_equal(take_due(start_ns + NS_PER_S), 1);
	assert_int_equal(take_due(start_ns + NS_PER_S + revolution_ns - 1), 0);
	assert_int_equal(take_due(start_ns + 100 * revolution_ns), 3);
}

static void each_is_due_once_in_any_order(void **state)
{
	unsigned due = 0;
	uint64_t start_ns = now_ns;

	(void)state;
	srandom(1);
	for (unsigned i = 0; i < COUNT; i++)
		deadlines_put(&deadlines, &items[i], start_ns + (uint64_t)random() % (30 * NS_PER_S));
	for (unsigned ms = 0; ms <= 30000; ms += 1 + (unsigned)random() % 40)
		due += take_due(start_ns + ms * NS_PER_MS);
	due += take_due(start_ns + 30 * NS_PER_S);
	assert_int_equal(due, COUNT);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_is_due_before_its_time), TEST(what_is_past_already_is_due_at_once),
	    TEST(what_is_taken_out_is_not_due),   TEST(a_revolution_is_no_limit),
	    TEST(each_is_due_once_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
