/* Levels of a curve, what is kept of them, and their bounds. What measures is the test's: it answers at once as a service
 * would whose workers each wait for 20 ms. */
#include "loadgen/commands/curve.h"
#include "curve_fixture.h"

static void assert_levels(const struct report_curve *curve, const unsigned *expected, unsigned count)
{
	assert_int_equal(curve->level_count, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(curve->levels[i].concurrency, expected[i]);
}

static void it_doubles_until_three_levels_bring_no_gain(void **state)
{
	static const unsigned expected[] = {1, 2, 4, 8, 16, 32, 64};

	(void)state;
	start(0, 1);
	live.expected_s = 100;
	assert_int_equal(curves_measure(&curves, NULL, 0, 256), 0);
	assert_levels(&report->curves[0], expected, ARRAY_LENGTH(expected));
	assert_int_equal(call_count, 7);
	/* of nine levels two are not measured: 1.5 s each */
	assert_near(live.expected_s, 97, 1e-9);
	assert_near(report->curves[0].levels[2].throughput, 200, 1e-9);
	assert_near(report->curves[0].levels[4].throughput, 400, 1e-9);
	assert_near(report->curves[0].levels[4].in_flight, 16, 0.5);
	assert_near(report->curves[0].levels[4].p50_ms, 40, 1e-6);
	assert_near(report->curves[0].levels[4].max_ms, 40, 1e-6);
	assert_true(report->curves[0].levels[4].is_sound);
	assert_near(report->curves[0].levels[4].error_share, 0, 0);
	assert_string_equal(report->curves[0].what, "GET /wait/20");
	assert_string_equal(live.what, "GET /wait/20");
	curves_cleanup(&curves);
}

/* What is not waited for any more is no more expected, for each arm when it is over. */
static void the_live_line_expects_less_as_arms_end(void **state)
{
	(void)state;
	workers[1] = 1;
	live.expected_s = 100;
	start(0, 2);
	assert_int_equal(curves_measure(&curves, NULL, 0, 128), 0);
	assert_near(live.expected_s, 100 - 2 * 1.5 - 1.5, 1e-9);
	curves_cleanup(&curves);
	for (unsigned left = 0; left < 2; left++) {
		report->curve_count = call_count = 0;
		workers[0] = 1;
		live.expected_s = 100;
		start(0, 1);
		assert_int_equal(curves_measure(&curves, NULL, 0, 32U << left), 0);
		assert_int_equal(call_count, 6);
		assert_near(live.expected_s, 100 - 1.5 * left, 1e-9);
		curves_cleanup(&curves);
	}
}

static void a_level_without_an_answer_has_no_figures(void **state)
{
	const struct report_level *level;

	(void)state;
	answers_nothing = true;
	want("p99<30ms");
	start(0, 1);
	assert_int_equal(curves_measure(&curves, (const uint64_t[]){1, 2}, 2, 0), 0);
	assert_int_equal(call_count, 2);
	level = &report->curves[0].levels[0];
	assert_near(level->throughput, 0, 0);
	assert_near(level->error_share, 0, 0);
	assert_true(isnan(level->max_ms) && isnan(level->p50_ms) && !level->p99_is_supported);
	assert_int_equal(level->goal, LEVEL_UNKNOWN);
	curves_finish(&curves);
	assert_int_equal(report->curves[0].knee_state, KNEE_UNKNOWN);
	assert_true(isnan(report->curves[0].knee) && isnan(report->curves[0].little));
	curves_cleanup(&curves);
}

/* 300 requests in 2 s, 321 are needed. */
static void a_moment_longer_may_be_enough(void **state)
{
	(void)state;
	want("p99.07<30ms");
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 3, 1), 0);
	assert_int_equal(call_count, 2);
	assert_near(calls[1].duration_s, 1.1 * (double)(percentile_needs(99.07) - 300) * 2 / 300, 1e-6);
	assert_int_equal(report->curves[0].levels[0].goal, LEVEL_MEETS);
	curves_cleanup(&curves);
}

static void the_last_level_is_the_one_that_was_asked_for(void **state)
{
	static const unsigned expected[] = {1, 2, 4, 5};

	(void)state;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 5), 0);
	assert_levels(&report->curves[0], expected, ARRAY_LENGTH(expected));
	curves_cleanup(&curves);
}

/* Six levels are needed for the law, whatever they bring. */
static void fewer_than_the_law_needs_are_not_the_end(void **state)
{
	static const unsigned expected[] = {1, 2, 4, 8, 16, 32};

	(void)state;
	workers[0] = 1;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 256), 0);
	assert_levels(&report->curves[0], expected, ARRAY_LENGTH(expected));
	curves_cleanup(&curves);
}

static void given_levels_are_measured_as_given_and_kept_in_order(void **state)
{
	static const uint64_t given[] = {8, 2, 4};
	static const unsigned expected[] = {2, 4, 8}, asked[] = {8, 2, 4};

	(void)state;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, given, 3, 64), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(calls[i].connections, asked[i]);
	assert_int_equal(call_count, 3);
	assert_levels(&report->curves[0], expected, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_near(report->curves[0].levels[i].throughput, 50.0 * expected[i], 1e-9);
	curves_finish(&curves);
	assert_true(isnan(report->curves[0].knee)); /* without one alone it is not known */
	assert_int_equal(report->curves[0].knee_state, KNEE_UNKNOWN);
	assert_near(report->curves[0].little, 400, 1e-9);
	curves_cleanup(&curves);
}

static void arms_are_measured_in_turns(void **state)
{
	static const unsigned arms[] = {0, 1, 1, 0, 0, 1};

	(void)state;
	plan.rounds = 3;
	plan.delay_ms = 5;
	start(0, 2);
	assert_int_equal(curves_measure_level(&curves, 4, 1), 0);
	assert_int_equal(call_count, 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(calls[i].arm, arms[i]);
		assert_int_equal(report->loads[i]->round, i / 2 + 1);
		assert_string_equal(report->loads[i]->group, "curve");
		assert_near(report->loads[i]->delay_ms, 5, 0);
		assert_near(calls[i].duration_s, 2, 0);
	}
	assert_near(report->curves[1].delay_ms, 5, 0);
	assert_int_equal(report->curves[1].arm, 1);
	curves_cleanup(&curves);
}

static void one_that_is_over_is_not_measured_any_more(void **state)
{
	unsigned slow = 0;

	(void)state;
	workers[1] = 1;
	start(0, 2);
	assert_int_equal(curves_measure(&curves, NULL, 0, 128), 0);
	for (unsigned i = 0; i < call_count; i++)
		slow += calls[i].arm == 1;
	assert_int_equal(slow, 6);
	assert_int_equal(call_count, 6 + 7);
	curves_cleanup(&curves);
}

static void rounds_have_a_median_a_range_and_a_noise(void **state)
{
	const struct report_level *level;

	(void)state;
	plan.rounds = 3;
	spread[0] = 0.3;
	spread[2] = 0.1;
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 2, 1), 0);
	level = &report->curves[0].levels[0];
	assert_int_equal(level->repeat_count, 3);
	assert_near(level->repeats[0], 130, 1e-5);
	assert_near(level->repeats[1], 100, 1e-5);
	assert_near(level->throughput, 110, 1e-5);
	assert_near(level->throughput_interval.low, 100, 1e-5);
	assert_near(level->throughput_interval.high, 130, 1e-5);
	assert_near(level->noise, 15.0 / 110, 1e-5);
	curves_cleanup(&curves);
}

/* Of few requests the rate is known to 1.96 / sqrt(n) at best. */
static void few_requests_are_noise(void **state)
{
	(void)state;
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), 0);
	assert_near(report->curves[0].levels[0].noise, 1.96 / sqrt(101), 1e-9);
	assert_true(isnan(report->curves[0].levels[0].p99_ms) && !report->curves[0].levels[0].p99_is_supported);
	assert_near(report->curves[0].levels[0].p90_ms, 20, 1e-6);
	curves_cleanup(&curves);
}

static void what_is_interrupted_is_no_level(void **state)
{
	(void)state;
	plan.rounds = 2;
	interrupt_after = 3;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	assert_int_equal(call_count, 3);
	assert_int_equal(report->curves[0].level_count, 1);
	curves_finish(&curves);
	curves_cleanup(&curves);
}

static void nothing_measured_is_an_error_and_no_level(void **state)
{
	(void)state;
	nothing_from = 0;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), -1);
	assert_int_equal(call_count, 1);
	assert_int_equal(report->curves[0].level_count, 0);
	curves_finish(&curves);
	assert_string_equal(report->curves[0].what, "");
	assert_null(report->curves[0].bound_sentence);
	curves_cleanup(&curves);
}

static void a_level_that_mostly_fails_is_the_last(void **state)
{
	(void)state;
	fails_from = 1;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	assert_int_equal(report->curves[0].level_count, 2);
	assert_near(report->curves[0].levels[1].error_share,
		    (double)failures_of(report->loads[1]) / (double)report->loads[1]->requests, 1e-12);
	assert_near(report->curves[0].levels[1].error_share, 0.75, 0.01);
	curves_cleanup(&curves);
}

static void a_level_that_is_not_sound_says_so(void **state)
{
	(void)state;
	is_unsound = true; /* the first of its rounds */
	plan.rounds = 2;
	start(0, 1);
	assert_int_equal(curves_measure_level(&curves, 1, 1), 0);
	assert_false(report->curves[0].levels[0].is_sound);
	curves_cleanup(&curves);
}

static void one_level_may_be_given(void **state)
{
	(void)state;
	start(0, 1);
	live.expected_s = 10;
	assert_int_equal(curves_measure(&curves, (const uint64_t[]){8}, 1, 64), 0);
	assert_int_equal(call_count, 1);
	assert_int_equal(report->curves[0].levels[0].concurrency, 8);
	assert_near(live.expected_s, 10, 0);
	assert_near(curves_seconds(&command, &plan, 1, 64), 1.5, 1e-9);
	curves_cleanup(&curves);
}

/* Limits */

static void a_report_has_room_for_so_many_curves(void **state)
{
	static const char *const urls[] = {"http://a/"};

	(void)state;
	report->curve_count = ARRAY_LENGTH(report->curves) - 1;
	assert_int_equal(curves_init(&curves, &command, &plan, 0, urls, 1), 0);
	curves_cleanup(&curves);
	assert_int_equal(curves_init(&curves, &command, &plan, 0, urls, 1), -1);
	assert_string_equal(command.why, "more than 64 curves in one report");
}

static void a_url_that_is_refused_is_an_error(void **state)
{
	static const char *const urls[] = {"http://a/"};

	(void)state;
	refuses_url = true;
	assert_int_equal(curves_init(&curves, &command, &plan, 0, urls, 1), -1);
	assert_string_equal(command.why, "no URL");
}

static void a_curve_has_room_for_so_many_levels(void **state)
{
	uint64_t many[LEVELS_MAX + 2];

	(void)state;
	workers[0] = 100000;
	for (unsigned i = 0; i < ARRAY_LENGTH(many); i++)
		many[i] = i + 1;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, many, ARRAY_LENGTH(many), 0), 0);
	assert_true(report->curves[0].level_count <= LEVELS_MAX);
	curves_cleanup(&curves);
}

static void the_time_that_it_takes_is_told_before(void **state)
{
	(void)state;
	plan.rounds = 2;
	assert_near(curves_seconds(&command, &plan, 0, 64), 7 * 2 * 1.5, 1e-9);
	assert_near(curves_seconds(&command, &plan, 0, 65), 8 * 2 * 1.5, 1e-9);
	assert_near(curves_seconds(&command, &plan, 3, 65), 3 * 2 * 1.5, 1e-9);
	assert_near(curves_seconds(&command, &plan, 0, 1), 2 * 1.5, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_doubles_until_three_levels_bring_no_gain),
	    TEST(the_live_line_expects_less_as_arms_end),
	    TEST(a_level_without_an_answer_has_no_figures),
	    TEST(a_moment_longer_may_be_enough),
	    TEST(the_last_level_is_the_one_that_was_asked_for),
	    TEST(fewer_than_the_law_needs_are_not_the_end),
	    TEST(given_levels_are_measured_as_given_and_kept_in_order),
	    TEST(arms_are_measured_in_turns),
	    TEST(one_that_is_over_is_not_measured_any_more),
	    TEST(rounds_have_a_median_a_range_and_a_noise),
	    TEST(few_requests_are_noise),
	    TEST(what_is_interrupted_is_no_level),
	    TEST(nothing_measured_is_an_error_and_no_level),
	    TEST(a_level_that_mostly_fails_is_the_last),
	    TEST(a_level_that_is_not_sound_says_so),
	    TEST(one_level_may_be_given),
	    TEST(a_report_has_room_for_so_many_curves),
	    TEST(a_url_that_is_refused_is_an_error),
	    TEST(a_curve_has_room_for_so_many_levels),
	    TEST(the_time_that_it_takes_is_told_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
