/* The rule on a clock that the test sets. test_congestion_crowd.c has it in use. */
#include "base/congestion.h"
#include "congestion_fixture.h"

static void as_many_as_the_limit_may_wait(void **state)
{
	struct congestion queue = {0};
	struct congestion_guest asks = guest(NS_PER_S);

	(void)state;
	asks.limit = 2;
	enter(&queue, 1, 0, 1000);
	assert_int_equal(congestion_judge(&queue, &asks, NS_PER_S), REFUSAL_NONE);
	enter(&queue, 1, 0, 1000);
	assert_int_equal(congestion_judge(&queue, &asks, NS_PER_S), REFUSAL_FULL);
	assert_int_equal(queue.refused[REFUSAL_FULL], 1);
	leave(&queue, 1, 0);
	assert_int_equal(congestion_judge(&queue, &asks, NS_PER_S), REFUSAL_NONE);
}

static void a_long_queue_is_refused_once_it_has_stood_for_100_ms(void **state)
{
	struct congestion queue = {0};

	(void)state;
	enter(&queue, 81, 250, 1000); /* 2.53 s on eight servers: more than half of the 5 s */
	assert_int_equal(ask(&queue, 1000, 250), REFUSAL_NONE);
	assert_int_equal(ask(&queue, 1099, 250), REFUSAL_NONE);
	assert_false(queue.is_overloaded);
	assert_int_equal(ask(&queue, 1100, 250), REFUSAL_WAIT);
	assert_true(queue.is_overloaded);
	assert_int_equal(queue.refused[REFUSAL_WAIT], 1);
}

static void a_queue_that_stands_full_is_overloaded(void **state)
{
	struct congestion queue = {0};
	struct congestion_guest asks = guest(1099 * NS_PER_MS);

	(void)state;
	asks.limit = 20;
	enter(&queue, 20, 1, 1000);
	assert_int_equal(congestion_judge(&queue, &asks, 1099 * NS_PER_MS), REFUSAL_FULL);
	assert_false(queue.is_overloaded);
	assert_int_equal(congestion_judge(&queue, &asks, 1100 * NS_PER_MS), REFUSAL_FULL);
	assert_true(queue.is_overloaded);
}

static void a_queue_that_was_empty_has_not_stood(void **state)
{
	struct congestion queue = {0};

	(void)state;
	enter(&queue, 1, 250, 1000);
	leave(&queue, 1, 250);
	enter(&queue, 81, 250, 1500);
	assert_int_equal(ask(&queue, 1550, 250), REFUSAL_NONE);
}

static void half_of_the_time_may_be_waited(void **state)
{
	struct congestion queue = {0};

	(void)state;
	enter(&queue, 80, 250, 1000); /* 2.5 s */
	assert_int_equal(ask(&queue, 3000, 250), REFUSAL_NONE);
}

static void what_was_never_seen_counts_nothing(void **state)
{
	struct congestion queue = {0};

	(void)state;
	enter(&queue, 999, 0, 1000);
	assert_int_equal(ask(&queue, 9000, 0), REFUSAL_NONE);
	assert_int_equal(congestion_wait_ns(&queue, 1), 0);
}

static void who_is_in_a_hurry_overloads_the_queue_for_nobody_else(void **state)
{
	struct congestion queue = {0};
	struct congestion_guest hurried = guest(1200 * NS_PER_MS);

	(void)state;
	enter(&queue, 8, 250, 1000); /* 250 ms */
	hurried.deadline_ns = 1600 * NS_PER_MS;
	assert_int_equal(congestion_judge(&queue, &hurried, 1200 * NS_PER_MS), REFUSAL_WAIT);
	assert_false(queue.is_overloaded);
	assert_int_equal(ask(&queue, 1200, 250), REFUSAL_NONE);
}

static void what_takes_long_itself_may_wait_as_long(void **state)
{
	struct congestion queue = {0};
	struct congestion_guest asks = guest(1200 * NS_PER_MS);

	(void)state;
	enter(&queue, 8, 20000, 1000); /* 20 s */
	asks.deadline_ns += 60 * NS_PER_S;
	asks.expected_ns = 20 * NS_PER_S;
	assert_int_equal(congestion_judge(&queue, &asks, 1200 * NS_PER_MS), REFUSAL_NONE);
	asks.expected_ns = NS_PER_S;
	assert_int_equal(congestion_judge(&queue, &asks, 1200 * NS_PER_MS), REFUSAL_WAIT);
}

static void an_overloaded_queue_is_four_places_long(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload(&queue);
	leave(&queue, 86, 250);
	assert_int_equal(ask(&queue, 1300, 250), REFUSAL_WAIT);
	leave(&queue, 1, 250);
	assert_int_equal(ask(&queue, 1300, 250), REFUSAL_NONE);
}

static void or_five_ms(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload(&queue);
	leave(&queue, 90, 250);
	enter(&queue, 40, 1, 1300); /* 5 ms on eight servers */
	assert_int_equal(ask(&queue, 1300, 1), REFUSAL_NONE);
	enter(&queue, 1, 1, 1300);
	assert_int_equal(ask(&queue, 1300, 1), REFUSAL_WAIT);
}

static void a_second_without_a_refusal_ends_the_overload(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload(&queue);
	leave(&queue, 80, 250);
	assert_int_equal(ask(&queue, 2199, 250), REFUSAL_WAIT);
	/* ten wait for 312.5 ms, and eight places take 250 ms */
	assert_int_equal(ask(&queue, 3761, 250), REFUSAL_WAIT);
	assert_int_equal(ask(&queue, 5324, 250), REFUSAL_NONE);
	assert_false(queue.is_overloaded);
}

static void what_takes_very_long_is_calm_after_four_seconds(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload(&queue);
	assert_int_equal(ask(&queue, 5199, 250), REFUSAL_WAIT);
	leave(&queue, 80, 250);
	assert_int_equal(ask(&queue, 9198, 4000), REFUSAL_WAIT);
	assert_int_equal(ask(&queue, 13198, 4000), REFUSAL_NONE);
	assert_false(queue.is_overloaded);
}

/* Every quarter of a second some more wait than before. */
static enum refusal grow(struct congestion *queue, unsigned more)
{
	enum refusal refusal = REFUSAL_NONE;

	for (uint64_t now_ms = 1000; now_ms <= 3000 && refusal == REFUSAL_NONE; now_ms += 250) {
		enter(queue, more, 250, now_ms);
		refusal = ask(queue, now_ms, 250);
	}
	return refusal;
}

static void a_queue_that_grows_and_grows_is_overloaded_before_it_is_too_long(void **state)
{
	struct congestion queue = {0};

	(void)state;
	assert_int_equal(grow(&queue, 6), REFUSAL_WAIT);
	assert_true(queue.is_overloaded);
	assert_true(congestion_wait_ns(&queue, 8) > NS_PER_S / 2);
	assert_true(congestion_wait_ns(&queue, 8) < 2 * NS_PER_S);
}

static void a_short_one_may_grow(void **state)
{
	struct congestion queue = {0};

	(void)state;
	assert_int_equal(grow(&queue, 1), REFUSAL_NONE);
}

static void what_goes_up_and_down_does_not_grow(void **state)
{
	struct congestion queue = {0};

	(void)state;
	enter(&queue, 40, 250, 1000);
	for (uint64_t now_ms = 1000; now_ms < 60000; now_ms += 250) {
		unsigned some = (unsigned)(now_ms / 250 % 8);

		assert_int_equal(ask(&queue, now_ms, 250), REFUSAL_NONE);
		leave(&queue, some, 250);
		enter(&queue, some, 250, now_ms);
	}
}

static void no_time_is_when_less_than_half_of_it_is_left(void **state)
{
	struct congestion queue = {0};

	(void)state;
	assert_false(congestion_is_hopeless(&queue, 1500, 1000, 1000));
	assert_true(congestion_is_hopeless(&queue, 1499, 1000, 1000));
	assert_int_equal(queue.refused[REFUSAL_TIME], 1);
	assert_false(congestion_is_hopeless(&queue, 1001, 0, 1000)); /* never seen: tried */
}

static void an_average_follows(void **state)
{
	uint64_t expected_ns = 0;

	(void)state;
	congestion_learn(&expected_ns, 8000);
	assert_int_equal(expected_ns, 8001);
	congestion_learn(&expected_ns, 0);
	assert_int_equal(expected_ns, 7002);
}

static void retry_after_is_what_the_queue_takes(void **state)
{
	(void)state;
	assert_int_equal(congestion_retry_s(0), 1);
	assert_int_equal(congestion_retry_s(NS_PER_S - 1), 1);
	assert_int_equal(congestion_retry_s(2 * NS_PER_S), 3);
}

static void every_refusal_has_a_name_and_words(void **state)
{
	(void)state;
	for (enum refusal i = REFUSAL_FULL; i < REFUSAL_COUNT; i++) {
		assert_true(strlen(refusal_name(i)) > 0);
		assert_true(strlen(refusal_words(i)) > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(as_many_as_the_limit_may_wait),
	    TEST(a_long_queue_is_refused_once_it_has_stood_for_100_ms),
	    TEST(a_queue_that_stands_full_is_overloaded),
	    TEST(a_queue_that_was_empty_has_not_stood),
	    TEST(half_of_the_time_may_be_waited),
	    TEST(what_was_never_seen_counts_nothing),
	    TEST(who_is_in_a_hurry_overloads_the_queue_for_nobody_else),
	    TEST(what_takes_long_itself_may_wait_as_long),
	    TEST(an_overloaded_queue_is_four_places_long),
	    TEST(or_five_ms),
	    TEST(a_second_without_a_refusal_ends_the_overload),
	    TEST(what_takes_very_long_is_calm_after_four_seconds),
	    TEST(a_queue_that_grows_and_grows_is_overloaded_before_it_is_too_long),
	    TEST(a_short_one_may_grow),
	    TEST(what_goes_up_and_down_does_not_grow),
	    TEST(no_time_is_when_less_than_half_of_it_is_left),
	    TEST(an_average_follows),
	    TEST(retry_after_is_what_the_queue_takes),
	    TEST(every_refusal_has_a_name_and_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
