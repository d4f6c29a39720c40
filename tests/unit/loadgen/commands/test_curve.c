/* Levels of a curve, what is kept of them, and their bounds. What measures is the test's: it answers at once as a service
 * would whose workers each wait for 20 ms. */
#include "loadgen/commands/curve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "lib/near.h"

enum { CALLS_MAX = 512 };

static struct report *report;
static struct live live;
static struct load_options options;
static struct command command;
static struct curves curves;
static struct curve_plan plan;
static struct request request = {.label = "GET /wait/20", .method = "GET", .weight = 1};

/* What was asked for, and how the service behaves. */
static struct call {
	unsigned arm, connections, round;
	double duration_s;
} calls[CALLS_MAX];
static unsigned call_count, interrupt_after, fails_from;
static unsigned workers[ARMS_MAX];
static double spread[ROUNDS_MAX]; /* of the rate, by round; 0: none */
static bool is_unsound, says_no_database, refuses_url, answers_nothing;
static unsigned nothing_from; /* calls from this one on measure nothing */
static double wait_ms;

/* In the place of command.c */

int command_requests(struct command *of, struct request_set *set, const char *url)
{
	(void)url;
	if (refuses_url) {
		snprintf(of->why, sizeof(of->why), "no URL");
		return -1;
	}
	set->requests[0] = &request;
	arena_alloc(&set->arena, 8); /* is freed with it */
	set->count = 1;
	set->weight_sum = 1;
	return 0;
}

struct load_plan command_plan(struct command *of, struct request_set *requests, double duration_s, double warmup_s)
{
	(void)of;
	(void)duration_s;
	return (struct load_plan){.model = LOAD_CLOSED,
				  .requests = requests,
				  .pipeline = 1,
				  .duration_ns = 2 * NS_PER_S, /* was given: the plan's own does not count */
				  .warmup_ns = (uint64_t)(warmup_s * 1e9)};
}

double command_load_seconds(struct command *of, double duration_s, double warmup_s)
{
	(void)of;
	return duration_s + warmup_s;
}

bool command_is_interrupted(const struct command *of)
{
	(void)of;
	return call_count >= interrupt_after;
}

static double rate_of(unsigned arm, unsigned clients)
{
	double at_once = clients < workers[arm] ? clients : workers[arm];

	return at_once / wait_ms * 1e3;
}

struct report_load *command_measure(struct command *of, unsigned arm, struct load_plan *of_load)
{
	struct measurement measurement = {
	    .window_from_ns = NS_PER_S, .window_to_ns = NS_PER_S + of_load->duration_ns, .others_share = 0.25};
	struct call *call = &calls[call_count++];
	double rate = rate_of(arm, of_load->connections), seconds = (double)of_load->duration_ns / 1e9;
	double takes_s;
	unsigned round = 0;

	(void)of;
	*call = (struct call){.arm = arm, .connections = of_load->connections, .duration_s = seconds};
	for (unsigned i = 0; i + 1 < call_count; i++)
		round += calls[i].arm == arm && calls[i].connections == call->connections;
	call->round = round;
	if (call_count > nothing_from)
		return NULL;
	rate *= 1 + spread[round];
	takes_s = of_load->connections / rate;
	record_log_init(&measurement.records);
	/* those under way when the window begins were due before it */
	for (unsigned i = 0; !answers_nothing && i < (unsigned)(rate * (seconds + takes_s) + 0.5); i++) {
		struct record *record = record_log_add(&measurement.records);

		record->done_ns = record->first_ns = NS_PER_S + (uint64_t)((i + 1) / rate * 1e9);
		record->intended_ns = record->sent_ns = record->done_ns - (uint64_t)(takes_s * 1e9);
		record->is_warmup = record->intended_ns < NS_PER_S;
		record->outcome = OUTCOME_ANSWERED;
		record->status = call_count > fails_from && i % 4 != 0 ? 503 : 200;
		record->queue_us = 0;
		record->database_us = says_no_database ? TIMING_UNKNOWN : (uint32_t)(wait_ms * 1000);
		record->total_us = (uint32_t)(wait_ms * 1000);
	}
	measurement.self_check.in_flight_mean = of_load->connections;
	measurement.self_check.connections_wanted = 100;
	measurement.self_check.connections_up = is_unsound && call_count == 1 ? 50 : 100;
	return report_add_load(report, arm, of_load, &measurement);
}

static int set_up(void **state)
{
	char *none[] = {NULL};

	(void)state;
	report = calloc(1, sizeof(*report));
	report_init(report, "sweep", 0, none);
	report->arms[report->arm_count++] = (struct report_arm){.name = "threads", .threads = 8};
	report->arms[report->arm_count++] = (struct report_arm){.name = "async", .threads = 8, .pipelined = 64};
	live = (struct live){0};
	options = (struct load_options){0};
	command = (struct command){.options = &options, .report = report, .live = &live};
	plan = (struct curve_plan){.rounds = 1, .duration_s = 1, .warmup_s = 0.5, .group = "curve"};
	call_count = 0;
	interrupt_after = fails_from = CALLS_MAX;
	workers[0] = 8;
	workers[1] = 32;
	nothing_from = CALLS_MAX;
	wait_ms = 20;
	memset(spread, 0, sizeof(spread));
	answers_nothing = is_unsound = says_no_database = refuses_url = false;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	report_cleanup(report);
	free(report);
	return 0;
}

static void start(unsigned first_arm, unsigned count)
{
	static const char *const urls[] = {"http://a/", "http://b/"};

	assert_int_equal(curves_init(&curves, &command, &plan, first_arm, urls, count), 0);
	assert_int_equal(curves.count, count);
}

static void assert_levels(const struct report_curve *curve, const unsigned *expected, unsigned count)
{
	assert_int_equal(curve->level_count, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(curve->levels[i].concurrency, expected[i]);
}

static void want(const char *text)
{
	assert_true(goal_read(text, &command.goals[command.goal_count++]));
	plan.seeks_goal = true;
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

/* Bounds */

static void the_bounds_are_those_of_the_service(void **state)
{
	const struct report_curve *curve = &report->curves[0];

	(void)state;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	curves_finish(&curves);
	curve = &report->curves[0];
	assert_near(curve->little, 400, 1e-9);
	assert_near(curve->little_threads, 8, 0);
	assert_near(curve->little_wait_ms, 20, 1e-9);
	assert_int_equal(curve->knee_state, KNEE_REACHED);
	assert_near(curve->knee, 8, 1e-6);
	assert_true(curve->usl.is_fitted);
	assert_near(curve->usl.lambda, 60, 15);
	assert_near(curve->others_share, 0.25, 1e-9);
	assert_non_null(curve->bound_sentence);
	curves_cleanup(&curves);
}

static void a_knee_that_was_not_reached_has_no_place(void **state)
{
	(void)state;
	workers[0] = 64;
	report->arms[0].threads = 64;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 32), 0);
	curves_finish(&curves);
	assert_int_equal(report->curves[0].knee_state, KNEE_NOT_REACHED);
	assert_true(isnan(report->curves[0].knee));
	curves_cleanup(&curves);
}

/* Quick statements share connections: more than one a connection is under way. */
static void a_rate_above_littles_bound_takes_the_wider_one(void **state)
{
	(void)state;
	start(1, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	curves_finish(&curves);
	assert_near(report->curves[0].little, 3200, 1e-9);
	assert_near(report->curves[0].little_threads, 64, 0);
	curves_cleanup(&curves);
}

static void without_the_time_in_the_database_there_is_no_bound_of_littles(void **state)
{
	(void)state;
	says_no_database = true;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	curves_finish(&curves);
	assert_true(isnan(report->curves[0].little));
	curves_cleanup(&curves);
}

static void without_known_threads_there_is_no_bound_of_littles(void **state)
{
	(void)state;
	report->arms[0].threads = 0;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	curves_finish(&curves);
	assert_true(isnan(report->curves[0].little));
	curves_cleanup(&curves);
}

/* The rows of the fit are in the order of the levels, too. */
static void the_order_of_measuring_does_not_change_the_fit(void **state)
{
	static const uint64_t given[] = {16, 1, 8, 2, 32, 4};
	struct usl usl;

	(void)state;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 32), 0);
	curves_finish(&curves);
	usl = report->curves[0].usl;
	curves_cleanup(&curves);
	call_count = 0;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, given, ARRAY_LENGTH(given), 0), 0);
	curves_finish(&curves);
	assert_near(report->curves[1].usl.lambda, usl.lambda, 1e-6);
	assert_near(report->curves[1].usl.sigma, usl.sigma, 1e-9);
	assert_near(report->curves[1].knee, report->curves[0].knee, 1e-9);
	assert_true(report->curves[1].levels[5].p99_is_supported);
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

/* The round in the middle says how long one alone takes. */
static void the_knee_is_of_the_middle_round(void **state)
{
	(void)state;
	plan.rounds = 5;
	spread[0] = 0.5;
	spread[1] = 0.4;
	spread[3] = -0.4;
	spread[4] = -0.5;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, (const uint64_t[]){1, 8, 12}, 3, 0), 0);
	curves_finish(&curves);
	assert_int_equal(report->curves[0].knee_state, KNEE_REACHED); /* 12 are 1.5 times 8 */
	assert_near(report->curves[0].knee, 8, 1e-4);
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

/* Above Little's bound, and nothing is said of more than one a connection; or at the bound, and it is. */
static void the_wider_bound_needs_both(void **state)
{
	(void)state;
	workers[0] = 16;
	workers[1] = 8;
	start(0, 2);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	curves_finish(&curves);
	for (unsigned i = 0; i < 2; i++) {
		assert_near(report->curves[i].little, 400, 1e-9);
		assert_near(report->curves[i].little_threads, 8, 0);
	}
	curves_cleanup(&curves);
}

static void one_thread_and_less_than_a_millisecond_have_bounds_too(void **state)
{
	(void)state;
	wait_ms = 0.5;
	workers[0] = report->arms[0].threads = 1;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, (const uint64_t[]){1, 2}, 2, 0), 0);
	curves_finish(&curves);
	assert_near(report->curves[0].little, 2000, 1e-6);
	assert_near(report->curves[0].knee, 1, 1e-6);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
	    TEST(a_level_meets_or_misses_a_goal),
	    TEST(without_a_goal_none_is_judged),
	    TEST(failures_miss_every_goal),
	    TEST(an_unknown_level_is_measured_for_longer),
	    TEST(a_level_that_would_take_too_long_stays_unknown),
	    TEST(one_goal_missed_is_enough),
	    TEST(a_curve_that_seeks_no_goal_is_not_lengthened),
	    TEST(the_bounds_are_those_of_the_service),
	    TEST(a_knee_that_was_not_reached_has_no_place),
	    TEST(a_rate_above_littles_bound_takes_the_wider_one),
	    TEST(without_the_time_in_the_database_there_is_no_bound_of_littles),
	    TEST(without_known_threads_there_is_no_bound_of_littles),
	    TEST(the_order_of_measuring_does_not_change_the_fit),
	    TEST(one_level_may_be_given),
	    TEST(the_knee_is_of_the_middle_round),
	    TEST(every_goal_has_to_be_known),
	    TEST(the_goal_that_needs_most_decides_how_long),
	    TEST(failures_are_not_measured_for_longer),
	    TEST(a_longer_one_that_measures_nothing_is_an_error),
	    TEST(the_wider_bound_needs_both),
	    TEST(one_thread_and_less_than_a_millisecond_have_bounds_too),
	    TEST(a_report_has_room_for_so_many_curves),
	    TEST(a_url_that_is_refused_is_an_error),
	    TEST(a_curve_has_room_for_so_many_levels),
	    TEST(the_time_that_it_takes_is_told_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
