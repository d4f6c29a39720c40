/* curve_fixture.h - a curve whose loads are what the test says.
 *
 * Levels of a curve, what is kept of them, and their bounds. What measures is the test's: it answers at once as a service
 * would whose workers each wait for 20 ms.
 */
#pragma once

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

static inline double rate_of(unsigned arm, unsigned clients)
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

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
{
	(void)state;
	report_cleanup(report);
	free(report);
	return 0;
}

static inline void start(unsigned first_arm, unsigned count)
{
	static const char *const urls[] = {"http://a/", "http://b/"};

	assert_int_equal(curves_init(&curves, &command, &plan, first_arm, urls, count), 0);
	assert_int_equal(curves.count, count);
}

static inline void want(const char *text)
{
	assert_true(goal_read(text, &command.goals[command.goal_count++]));
	plan.seeks_goal = true;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
