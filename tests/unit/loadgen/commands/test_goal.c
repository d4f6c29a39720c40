#include "loadgen/commands/goal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/compiler.h"
#include "lib/near.h"

static void goals_are_read(void **state)
{
	static const struct {
		const char *text;
		struct goal goal;
	} good[] = {
	    {"p99<50ms", {GOAL_PERCENTILE, 99, 50, NULL}},  {"p99.9<1s", {GOAL_PERCENTILE, 99.9, 1000, NULL}},
	    {"p0.5<1ms", {GOAL_PERCENTILE, 0.5, 1, NULL}},  {"p5<=7us", {GOAL_PERCENTILE, 5, 0.007, NULL}},
	    {"p90<=50ms", {GOAL_PERCENTILE, 90, 50, NULL}}, {"mean<5ms", {GOAL_MEAN, 0, 5, NULL}},
	    {"max<=2s", {GOAL_MAX, 0, 2000, NULL}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		struct goal goal;

		memset(&goal, 0xff, sizeof(goal));
		assert_true(goal_read(good[i].text, &goal));
		assert_int_equal(goal.kind, good[i].goal.kind);
		assert_near(goal.percent, good[i].goal.percent, 1e-12);
		assert_near(goal.limit_ms, good[i].goal.limit_ms, 1e-9);
		assert_ptr_equal(goal.text, good[i].text);
	}
}

static void what_is_no_goal_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",          "p99",      "<50ms",  "p<50ms",  "p99<",      "p99<0ms",   "p99<50",     "p99<50xs",
	    "p0<1ms",    "p100<1ms", "q99<1s", "mea<1ms", "meanx<1ms", "mean1<1ms", "maximum<1s", "maxx<1ms",
	    "p99x<50ms", "p-1<50ms", "p:<1ms", "p/<1ms",  "99<1ms",    "x9<1ms",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct goal goal;

		if (goal_read(bad[i], &goal))
			fail_msg("%s was taken", bad[i]);
	}
}

static struct report_times times_of(uint64_t count)
{
	struct report_times times = {.count = count, .mean = 30, .max = 90, .percentile_count = 2};

	times.percentiles[0] = (struct percentile){.percent = 50, .value = 20, .interval = {18, 22}};
	times.percentiles[1] = (struct percentile){.percent = 99, .value = 40, .interval = {35, 60}};
	return times;
}

static void assert_goal(const char *text, uint64_t count, bool is_met, bool is_known, double value)
{
	struct report_times times = times_of(count);
	struct goal goal;
	double said = -1;
	bool known = !is_known;

	assert_true(goal_read(text, &goal));
	assert_int_equal(goal_is_met(&goal, &times, &said, &known), is_met);
	assert_int_equal(known, is_known);
	if (isnan(value))
		assert_true(isnan(said));
	else
		assert_near(said, value, 1e-12);
}

static void a_goal_is_met_below_its_limit(void **state)
{
	(void)state;
	assert_goal("p99<41ms", 1000, true, true, 40);
	assert_goal("p99<40ms", 1000, false, true, 40); /* below, not at */
	assert_goal("p50<21ms", 1000, true, true, 20);
	assert_goal("mean<31ms", 1000, true, true, 30);
	assert_goal("mean<30ms", 1, false, true, 30);
	assert_goal("max<91ms", 1, true, true, 90);
	/* one that is not in the report is read off the next above it */
	assert_goal("p75<41ms", 1000, true, true, 40);
	assert_goal("p50.0000000001<21ms", 1000, true, true, 20);
	assert_goal("p99.9<91ms", 10000, true, true, 90);
}

/* 299 requests tell a p99; fewer tell only that it is missed. */
static void unknown_is_unknown(void **state)
{
	(void)state;
	assert_goal("p99<41ms", 299, true, true, 40);
	assert_goal("p99<41ms", 298, true, false, 40);
	assert_goal("p99<36ms", 298, false, false, 40);
	assert_goal("p99<35ms", 298, false, true, 40); /* the least that it may be */
	assert_goal("p99<34ms", 298, false, true, 40);
	assert_goal("p99.9<80ms", 298, false, false, 90);
	assert_goal("p99<41ms", 0, false, false, NAN);
	assert_goal("mean<41ms", 0, false, false, NAN);
	assert_goal("mean<41ms", 1, true, true, 30);
}

static void limits_of_errors(void **state)
{
	static const char *const bad[] = {"", "x", "-1", "%", "101%", "1 %", "1x", "1%%", "/", ":"};
	struct error_limit limit;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		if (error_limit_read(bad[i], &limit))
			fail_msg("%s was taken", bad[i]);
	assert_true(error_limit_read("100%", &limit) && limit.is_share);
	assert_near(limit.most, 100, 0);
	assert_true(error_limit_read("9", &limit) && !limit.is_share);
	assert_near(limit.most, 9, 0);
	assert_true(error_limit_is_met(&limit, 9, 10) && !error_limit_is_met(&limit, 10, 10));
	assert_true(error_limit_read("0", &limit));
	assert_true(error_limit_is_met(&limit, 0, 10) && !error_limit_is_met(&limit, 1, 10));
	assert_true(error_limit_read("2.5%", &limit) && limit.is_share);
	assert_true(error_limit_is_met(&limit, 25, 1000) && !error_limit_is_met(&limit, 26, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(goals_are_read),
	    cmocka_unit_test(what_is_no_goal_is_refused),
	    cmocka_unit_test(a_goal_is_met_below_its_limit),
	    cmocka_unit_test(unknown_is_unknown),
	    cmocka_unit_test(limits_of_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
