#include "congestion_fixture.h"

/* A refusal each half of a second keeps it overloaded. */
static void refuse_until(struct congestion *queue, uint64_t now_ms, uint64_t until_ms)
{
	for (; now_ms < until_ms; now_ms += 500)
		assert_int_equal(ask(queue, now_ms, 250), REFUSAL_WAIT);
	assert_int_equal(ask(queue, until_ms, 250), REFUSAL_WAIT);
}

/* Overloaded at 1200 ms, and short again at 1300 ms: three wait, then four. */
static void overload_until_the_trial(struct congestion *queue)
{
	overload(queue);
	leave(queue, 87, 250);
	assert_int_equal(ask(queue, 1300, 250), REFUSAL_NONE);
	enter(queue, 1, 250, 1300);
	refuse_until(queue, 1400, 3299);
}

/* So many are let in at `now_ms`, of `count`. */
static unsigned let_in(struct congestion *queue, unsigned count, uint64_t now_ms)
{
	unsigned entered = 0;

	while (count-- > 0)
		if (ask(queue, now_ms, 250) == REFUSAL_NONE) {
			enter(queue, 1, 250, now_ms);
			entered++;
		}
	return entered;
}

static void two_seconds_after_it_is_short_again_all_are_let_in_for_25_ms(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload_until_the_trial(&queue);
	assert_int_equal(let_in(&queue, 3, 3300), 3);
	assert_int_equal(let_in(&queue, 3, 3324), 3);
	assert_true(queue.is_overloaded);
}

static void then_it_may_be_four_times_as_long(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload_until_the_trial(&queue);
	assert_int_equal(let_in(&queue, 2, 3300), 2); /* six wait */
	assert_int_equal(let_in(&queue, 100, 3325), 18);
	assert_int_equal(queue.count, 24);
}

static void the_first_refusal_ends_the_trial(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload_until_the_trial(&queue);
	let_in(&queue, 100, 3300); /* for 2.5 s, and no longer */
	assert_int_equal(queue.count, 81);
	leave(&queue, 70, 250);
	assert_int_equal(ask(&queue, 3310, 250), REFUSAL_WAIT);
	leave(&queue, 8, 250); /* short again, for 2 s */
	assert_int_equal(let_in(&queue, 100, 4000), 1);
	refuse_until(&queue, 4100, 5999);
	assert_int_equal(let_in(&queue, 2, 6000), 2);
}

static void a_trial_without_a_refusal_ends_the_overload(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload_until_the_trial(&queue);
	let_in(&queue, 6, 3300);
	/* a second, 250 ms for eight places, and 312.5 ms for the ten that wait, since the last refusal at 3299 ms */
	assert_int_equal(ask(&queue, 4861, 250), REFUSAL_NONE);
	assert_true(queue.is_overloaded);
	assert_int_equal(ask(&queue, 4862, 250), REFUSAL_NONE);
	assert_false(queue.is_overloaded);
}

static void another_overload_begins_anew(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload_until_the_trial(&queue);
	let_in(&queue, 6, 3300);
	assert_int_equal(ask(&queue, 4862, 250), REFUSAL_NONE);
	enter(&queue, 80, 250, 4900);
	assert_int_equal(ask(&queue, 5000, 250), REFUSAL_WAIT);
	leave(&queue, 80, 250); /* ten wait: fewer than the trial allowed */
	assert_int_equal(ask(&queue, 5100, 250), REFUSAL_WAIT);
}

/* It has 300 ms, and may wait for 150. */
static void ask_in_a_hurry(struct congestion *queue, uint64_t now_ms)
{
	struct congestion_guest hurried = guest(now_ms * NS_PER_MS);

	hurried.deadline_ns = (now_ms + 300) * NS_PER_MS;
	hurried.expected_ns = 250 * NS_PER_MS;
	assert_int_equal(congestion_judge(queue, &hurried, now_ms * NS_PER_MS), REFUSAL_WAIT);
}

static void who_is_in_a_hurry_neither_ends_a_trial_nor_prolongs_an_overload(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload_until_the_trial(&queue);
	let_in(&queue, 6, 3300);
	ask_in_a_hurry(&queue, 3330);
	ask_in_a_hurry(&queue, 4860);
	assert_int_equal(ask(&queue, 4861, 250), REFUSAL_NONE);
	assert_int_equal(ask(&queue, 4862, 250), REFUSAL_NONE);
	assert_false(queue.is_overloaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(two_seconds_after_it_is_short_again_all_are_let_in_for_25_ms),
	    TEST(then_it_may_be_four_times_as_long),
	    TEST(the_first_refusal_ends_the_trial),
	    TEST(a_trial_without_a_refusal_ends_the_overload),
	    TEST(another_overload_begins_anew),
	    TEST(who_is_in_a_hurry_neither_ends_a_trial_nor_prolongs_an_overload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
