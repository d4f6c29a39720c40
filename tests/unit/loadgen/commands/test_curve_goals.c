#include "curve_fixture.h"

/* Goals */

static void a_level_meets_or_misses_a_goal(void **state)
{
	static const enum level_goal expected[] = {LEVEL_MEETS, LEVEL_MEETS, LEVEL_MISSES};

	(void)state;
	want("p50<30ms");
	start(0, 1);
	assert_int_equal(curves_measure(&curves, (const uint64_t[]){4, 8, 16}, 3, 0), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(report->curves[0].levels[i].goal, expected[i]);
	assert_int_equal(call_count, 3);
	curves_cleanup(&curves);
}

static void without_a_goal_none_is_judged(void **state)
{
	(void)state;
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), 0);
	assert_int_equal(report->curves[0].levels[0].goal, LEVEL_NOT_ASKED);
	curves_cleanup(&curves);
}

static void failures_miss_every_goal(void **state)
{
	(void)state;
	want("max<1s");
	fails_from = 0;
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 8, 1), 0);
	assert_int_equal(report->curves[0].levels[0].goal, LEVEL_MISSES);
	assert_int_equal(call_count, 1);
	curves_cleanup(&curves);
}

/* 100 requests in 2 s, 299 are needed: 1.1 times 3.98 s more. */
static void an_unknown_level_is_measured_for_longer(void **state)
{
	const struct report_level *level;

	(void)state;
	want("p99<30ms");
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), 0);
	assert_int_equal(call_count, 2);
	assert_near(calls[1].duration_s, 1.1 * 199 * 2 / 100, 1e-6);
	level = &report->curves[0].levels[0];
	assert_int_equal(level->goal, LEVEL_MEETS);
	assert_int_equal(level->repeat_count, 1); /* its rate is that of the rounds */
	assert_near(level->p99_ms, 20, 1e-6);
	curves_cleanup(&curves);
}

/* p99.9 needs 2,995: a minute. */
static void a_level_that_would_take_too_long_stays_unknown(void **state)
{
	(void)state;
	want("p50<1ms");
	want("p99.9<30ms");
	command.goals[0] = command.goals[1];
	command.goal_count = 1;
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), 0);
	assert_int_equal(call_count, 1);
	assert_int_equal(report->curves[0].levels[0].goal, LEVEL_UNKNOWN);
	curves_cleanup(&curves);
}

/* What is missed is missed, whatever the others are: nothing has to be known better. */
static void one_goal_missed_is_enough(void **state)
{
	(void)state;
	want("p50<1ms");
	want("p99<30ms");
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), 0);
	assert_int_equal(call_count, 1);
	assert_int_equal(report->curves[0].levels[0].goal, LEVEL_MISSES);
	curves_cleanup(&curves);
}

static void a_curve_that_seeks_no_goal_is_not_lengthened(void **state)
{
	(void)state;
	want("p99<30ms");
	plan.seeks_goal = false;
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), 0);
	assert_int_equal(call_count, 1);
	assert_int_equal(report->curves[0].levels[0].goal, LEVEL_UNKNOWN);
	curves_cleanup(&curves);
}

/* The second goal is known, the first is not. */
static void every_goal_has_to_be_known(void **state)
{
	(void)state;
	want("p99<30ms");
	want("p50<30ms");
	plan.seeks_goal = false;
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), 0);
	assert_int_equal(report->curves[0].levels[0].goal, LEVEL_UNKNOWN);
	curves_cleanup(&curves);
}

static void the_goal_that_needs_most_decides_how_long(void **state)
{
	(void)state;
	want("p99<30ms");
	want("p90<30ms");
	want("max<1s");
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), 0);
	assert_int_equal(call_count, 2);
	assert_near(calls[1].duration_s, 1.1 * 199 * 2 / 100, 1e-6);
	assert_int_equal(report->curves[0].levels[0].goal, LEVEL_MEETS);
	assert_int_equal(report->loads[1]->round, 2);
	curves_cleanup(&curves);
}

static void failures_are_not_measured_for_longer(void **state)
{
	(void)state;
	want("p99<30ms");
	fails_from = 0;
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), 0);
	assert_int_equal(call_count, 1);
	curves_cleanup(&curves);
}

static void a_longer_one_that_measures_nothing_is_an_error(void **state)
{
	(void)state;
	want("p99<30ms");
	nothing_from = 1;
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), -1);
	assert_int_equal(call_count, 2);
	curves_cleanup(&curves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_level_meets_or_misses_a_goal),
	    TEST(without_a_goal_none_is_judged),
	    TEST(failures_miss_every_goal),
	    TEST(an_unknown_level_is_measured_for_longer),
	    TEST(a_level_that_would_take_too_long_stays_unknown),
	    TEST(one_goal_missed_is_enough),
	    TEST(a_curve_that_seeks_no_goal_is_not_lengthened),
	    TEST(every_goal_has_to_be_known),
	    TEST(the_goal_that_needs_most_decides_how_long),
	    TEST(failures_are_not_measured_for_longer),
	    TEST(a_longer_one_that_measures_nothing_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
