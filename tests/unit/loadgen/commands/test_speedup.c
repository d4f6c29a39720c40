/* More and more compute threads. What starts services and measures is the test's. */
#include "loadgen/commands/speedup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "lib/near.h"

static struct report *report;
static struct live live;
static struct load_options options;
static struct command command;
static struct arm_settings service;

static char asked[64][160];
static unsigned started, stopped, asked_count, watched, interrupt_after;
static char service_options[SPEEDUP_POINTS_MAX][64];
static unsigned fails_to_start, fails_to_measure, never_answered; /* number; 0 none */
static double by_round[16];

/* In the place of arm.c and command.c */

int arm_start(struct arm *arm, const struct arm_settings *settings, char *why, size_t why_size)
{
	if (++started == fails_to_start) {
		snprintf(why, why_size, "it does not start");
		return -1;
	}
	snprintf(service_options[started - 1], sizeof(service_options[0]), "%s|%s", settings->options[0],
		 settings->options[settings->option_count - 1]);
	arm->pid = (int)(1000 + started);
	snprintf(arm->url, sizeof(arm->url), "http://%u", started);
	return 0;
}

void arm_stop(struct arm *arm)
{
	stopped += arm->pid != 0;
}

bool command_is_interrupted(const struct command *of)
{
	(void)of;
	return asked_count >= interrupt_after;
}

/* A tenth of 1,200 ms is serial. */
int command_measure_solo(struct command *of, const char *url, unsigned repeats, double *solo_ms)
{
	unsigned number = (unsigned)atoi(url + strlen("http://")), threads = 0, times = 0;

	assert_int_equal(repeats, 3);
	snprintf(asked[asked_count++], sizeof(asked[0]), "%s", url);
	if (asked_count == fails_to_measure) {
		snprintf(of->why, sizeof(of->why), "it does not measure");
		return -1;
	}
	for (unsigned i = 0; i < asked_count; i++)
		times += strcmp(asked[i], url) == 0;
	assert_int_equal(sscanf(strchr(service_options[number - 1], '|') + 1, "--compute-threads=%u", &threads), 1);
	*solo_ms = asked_count == never_answered ? NAN : 1200 * (0.1 + 0.9 / threads) + by_round[times - 1];
	return 0;
}

void command_watch_others(struct command *of, const struct others_server *server)
{
	(void)of;
	assert_true(server->is_local);
	watched = server->count;
	for (unsigned i = 0; i < server->count; i++)
		assert_int_equal(server->processes[i], 1001 + i);
}

double command_others_share(struct command *of)
{
	(void)of;
	return 0.03;
}

static int set_up(void **state)
{
	static const char *const more[] = {"--loops=1"};
	char *none[] = {NULL};

	(void)state;
	report = calloc(1, sizeof(*report));
	report_init(report, "compare", 0, none);
	report->machine.cores = 6;
	live = (struct live){0};
	options = (struct load_options){0};
	command = (struct command){.options = &options, .report = report, .live = &live};
	service = (struct arm_settings){.options = more, .option_count = 1};
	started = stopped = asked_count = watched = fails_to_start = fails_to_measure = never_answered = 0;
	interrupt_after = 1000;
	memset(by_round, 0, sizeof(by_round));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	report_cleanup(report);
	free(report);
	return 0;
}

static void it_doubles_up_to_the_cores(void **state)
{
	static const unsigned threads[] = {1, 2, 4, 6};
	static const unsigned turns[] = {1, 2, 3, 4, 4, 3, 2, 1, 1, 2, 3, 4};
	const struct report_speedup *speedup = &report->speedup;

	(void)state;
	assert_int_equal(speedup_measure(&command, &service, "/primes"), 0);
	speedup = &report->speedup;
	assert_int_equal(speedup->point_count, 4);
	assert_int_equal(speedup->cores, 6);
	assert_string_equal(speedup->path, "/primes");
	assert_near(speedup->others_share, 0.03, 0);
	assert_near(speedup->serial_share, 0.1, 1e-9);
	for (unsigned i = 0; i < 4; i++) {
		double ms = 1200 * (0.1 + 0.9 / threads[i]);
		char expected[64];

		assert_int_equal(speedup->points[i].threads, threads[i]);
		assert_near(speedup->points[i].ms, ms, 1e-9);
		assert_near(speedup->points[i].speedup, 1200 / ms, 1e-9);
		assert_near(speedup->points[i].bound, 1200 / ms, 1e-6);
		snprintf(expected, sizeof(expected), "--loops=1|--compute-threads=%u", threads[i]);
		assert_string_equal(service_options[i], expected);
	}
	assert_int_equal(asked_count, 12); /* three rounds, in turns of opposite direction */
	for (unsigned i = 0; i < 12; i++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "http://%u/primes", turns[i]);
		assert_string_equal(asked[i], expected);
	}
	assert_int_equal(started, 4);
	assert_int_equal(stopped, 4);
	assert_int_equal(watched, 4);
	assert_int_equal(report->sentence_count > 0, true);
}

static void threads_and_rounds_may_be_given(void **state)
{
	(void)state;
	options.compute_threads[0] = 3;
	options.compute_threads[1] = 12;
	options.compute_count = 2;
	options.rounds = 2;
	assert_int_equal(speedup_measure(&command, &service, "primes"), 0);
	assert_int_equal(report->speedup.point_count, 2);
	assert_int_equal(report->speedup.points[1].threads, 12);
	assert_int_equal(asked_count, 4);
	assert_string_equal(asked[0], "http://1/primes");
	/* only one has a core each: the share is not known */
	assert_true(isnan(report->speedup.serial_share));
}

/* Twelve threads on six cores: the share is that of the others, and the bound that of six. */
static void more_threads_than_cores_do_not_count(void **state)
{
	(void)state;
	options.compute_threads[0] = 1;
	options.compute_threads[1] = 6;
	options.compute_threads[2] = 12;
	options.compute_count = 3;
	assert_int_equal(speedup_measure(&command, &service, "/primes"), 0);
	assert_near(report->speedup.serial_share, 0.1, 1e-9);
	assert_near(report->speedup.points[2].bound, 1 / (0.1 + 0.9 / 6), 1e-6);
	assert_near(report->speedup.points[1].bound, 1 / (0.1 + 0.9 / 6), 1e-6);
}

static void rounds_have_a_median_and_a_range(void **state)
{
	(void)state;
	by_round[0] = 90;
	by_round[2] = 30;
	assert_int_equal(speedup_measure(&command, &service, "/primes"), 0);
	assert_near(report->speedup.points[0].ms, 1230, 1e-9);
	assert_near(report->speedup.points[0].low_ms, 1200, 1e-9);
	assert_near(report->speedup.points[0].high_ms, 1290, 1e-9);
}

static void a_service_that_does_not_start_is_an_error(void **state)
{
	(void)state;
	fails_to_start = 3;
	assert_int_equal(speedup_measure(&command, &service, "/primes"), -1);
	assert_string_equal(command.why, "it does not start");
	assert_int_equal(stopped, 2);
	assert_int_equal(asked_count, 0);
	assert_int_equal(report->speedup.point_count, 0);
}

static void a_request_that_fails_is_an_error(void **state)
{
	(void)state;
	fails_to_measure = 2;
	assert_int_equal(speedup_measure(&command, &service, "/primes"), -1);
	assert_string_equal(command.why, "it does not measure");
	assert_int_equal(asked_count, 2);
	assert_int_equal(stopped, 4);
	never_answered = asked_count + 3;
	fails_to_measure = started = 0;
	assert_int_equal(speedup_measure(&command, &service, "/primes"), -1);
	assert_string_equal(command.why, "--compute-path: http://3/primes was not answered with 2xx");
	assert_int_equal(report->speedup.point_count, 0);
}

static void an_interrupt_ends_it_without_figures(void **state)
{
	(void)state;
	interrupt_after = 4;
	assert_int_equal(speedup_measure(&command, &service, "/primes"), 0);
	assert_int_equal(asked_count, 4);
	assert_int_equal(stopped, 4);
	assert_int_equal(report->speedup.point_count, 0);
	assert_int_equal(report->sentence_count, 0);
}

static void a_service_takes_so_many_options(void **state)
{
	static const char *many[ARM_OPTIONS_MAX];

	(void)state;
	for (unsigned i = 0; i < ARM_OPTIONS_MAX; i++)
		many[i] = "--x";
	service.options = many;
	service.option_count = ARM_OPTIONS_MAX;
	assert_int_equal(speedup_measure(&command, &service, "/primes"), -1);
	assert_string_equal(command.why, "--service-option: too many for --compute-path");
	service.option_count = ARM_OPTIONS_MAX - 1;
	assert_int_equal(speedup_measure(&command, &service, "/primes"), 0);
}

static void the_time_that_it_takes_is_told_before(void **state)
{
	(void)state;
	assert_near(speedup_seconds(&options, 6), 4 * 3 * 1.5, 1e-9);
	assert_near(speedup_seconds(&options, 1), 3 * 1.5, 1e-9);
	assert_near(speedup_seconds(&options, 1 << 30), SPEEDUP_POINTS_MAX * 3 * 1.5, 1e-9);
	options.rounds = 1;
	options.compute_count = 2;
	assert_near(speedup_seconds(&options, 6), 2 * 1.5, 1e-9);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_doubles_up_to_the_cores),
	    TEST(threads_and_rounds_may_be_given),
	    TEST(more_threads_than_cores_do_not_count),
	    TEST(rounds_have_a_median_and_a_range),
	    TEST(a_service_that_does_not_start_is_an_error),
	    TEST(a_request_that_fails_is_an_error),
	    TEST(an_interrupt_ends_it_without_figures),
	    TEST(a_service_takes_so_many_options),
	    TEST(the_time_that_it_takes_is_told_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
