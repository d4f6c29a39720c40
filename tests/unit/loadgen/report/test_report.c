/* From records made by hand to the rows, the checks, the verdicts, the text and the JSON of a report. */
#include "loadgen/report/report_formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <math.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "loadgen/figures/verdict.h"
#include "lib/near.h"

static struct report *report;
static struct request_set set;
static struct request request = {.label = "GET /x", .method = "GET", .weight = 1};
static struct load_plan plan;
static struct measurement measurement;

static int set_up(void **state)
{
	char *none[] = {NULL};

	(void)state;
	report = calloc(1, sizeof(*report));
	report_init(report, "run", 0, none);
	report->arms[report->arm_count++] = (struct report_arm){.name = "a", .url = "http://a/"};
	report->arms[report->arm_count++] = (struct report_arm){.name = "b", .url = "http://b/"};
	set = (struct request_set){.requests = {&request}, .count = 1, .weight_sum = 1};
	plan = (struct load_plan){.model = LOAD_CLOSED, .requests = &set, .connections = 2, .pipeline = 1};
	measurement = (struct measurement){.window_from_ns = NS_PER_S, .window_to_ns = 3 * NS_PER_S};
	measurement.self_check.connections_wanted = measurement.self_check.connections_up = 2;
	record_log_init(&measurement.records);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	measurement_cleanup(&measurement);
	report_cleanup(report);
	free(report);
	return 0;
}

static struct record *add_record(double at_ms, double takes_ms, enum outcome outcome, uint16_t status)
{
	struct record *record = record_log_add(&measurement.records);

	record->intended_ns = record->sent_ns = (uint64_t)(at_ms * 1e6);
	record->done_ns = record->intended_ns + (uint64_t)(takes_ms * 1e6);
	record->first_ns = outcome == OUTCOME_ANSWERED ? record->done_ns : 0;
	record->outcome = (uint8_t)outcome;
	record->status = status;
	record->queue_us = record->database_us = record->total_us = TIMING_UNKNOWN;
	record->is_warmup = record->intended_ns < measurement.window_from_ns;
	record->bytes = 100;
	return record;
}

/* 1,000 a second, of 1 to 10 ms. */
static void add_answers(double scale)
{
	for (unsigned i = 0; i < 2000; i++)
		add_record(1000 + i, scale * (1 + i % 10), OUTCOME_ANSWERED, 200);
	measurement.self_check.in_flight_mean = 5.5 * scale;
}

static void what_is_due_in_the_window_counts(void **state)
{
	const struct report_load *load;

	(void)state;
	add_record(500, 10, OUTCOME_ANSWERED, 200); /* warm-up */
	add_record(999, 600, OUTCOME_ANSWERED, 200);
	add_record(1000, 10, OUTCOME_ANSWERED, 200);
	add_record(1500, 20, OUTCOME_ANSWERED, 404);
	add_record(1600, 30, OUTCOME_ANSWERED, 302);
	add_record(2999, 40, OUTCOME_ANSWERED, 200); /* late */
	add_record(2000, 0, OUTCOME_REFUSED, 0);
	add_record(2100, 5000, OUTCOME_TIMED_OUT, 0);
	load = report_add_load(report, 0, &plan, &measurement);
	assert_int_equal(load->requests, 6);
	assert_int_equal(load->outcomes[OUTCOME_ANSWERED], 4);
	assert_int_equal(load->outcomes[OUTCOME_REFUSED], 1);
	assert_int_equal(load->outcomes[OUTCOME_TIMED_OUT], 1);
	assert_int_equal(load->statuses[404], 1);
	assert_int_equal(load->response.count,
			 4); /* what was refused has no time, and a 404 says nothing of the service */
	assert_int_equal(load->response.at_least_count, 1);
	assert_near(load->response.max, 5000, 1e-9);
	assert_near(load->response.min, 10, 1e-9);
	assert_near(load->throughput, 3 / 2.0,
		    1e-9); /* 2xx and 3xx that were done within: 200 of the warm-up, 200, 302 */
	/* under way: 600 + 10 + 20 + 30 + 1 ms, less what lies before, and the one that timed out to the end */
	assert_near(load->in_flight, (599 + 10 + 20 + 30 + 1 + 900) / 2000.0, 1e-3);
}

static void percentiles_and_the_table_know_their_limits(void **state)
{
	const struct report_load *load;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		add_record(1000 + i, 1 + i, OUTCOME_ANSWERED, 200);
	measurement.self_check.in_flight_mean = 2.5;
	load = report_add_load(report, 0, &plan, &measurement);
	assert_near(load->response.percentiles[0].value, 50, 1e-9);
	assert_true(load->response.percentiles[0].is_supported);
	assert_false(load->response.percentiles[4].is_supported); /* p99 of 100 */
	report_write_text(report, out, 100);
	fclose(out);
	assert_non_null(strstr(text, "50.0 ms"));
	assert_non_null(strstr(text, "90.0 ms"));
	assert_null(strstr(text, "99.0 ms"));
	assert_non_null(strstr(text, "too few requests to say"));
	free(text);
}

static const struct report_load *load_with_check(void)
{
	add_answers(1);
	return report_add_load(report, 0, &plan, &measurement);
}

static void a_good_measurement_is_sound(void **state)
{
	(void)state;
	assert_true(load_with_check()->check.is_sound);
	assert_true(report->is_sound);
}

/* What the text says of the self-check: the lines from there on. */
static char *check_lines(void)
{
	char *text = NULL, *lines;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	report_write_text(report, out, 100);
	fclose(out);
	lines = strstr(text, "Self-check");
	lines = lines != NULL ? strdup(lines) : NULL;
	free(text);
	return lines;
}

static void a_sound_check_is_one_line(void **state)
{
	char *lines;

	(void)state;
	measurement.self_check.lateness[lateness_bucket(1500000)] = 2000;
	measurement.self_check.lateness_count = 2000;
	measurement.self_check.cpu_share = 0.5;
	measurement.others_share = NAN;
	load_with_check();
	lines = check_lines();
	assert_non_null(lines);
	assert_int_equal(strncmp(lines, "Self-check: sound, sends late p99 1.", 36), 0);
	assert_non_null(strstr(lines, "own CPU 50 %, others' not known\n"));
	assert_string_equal(strchr(lines, '\n'), "\n");
	free(lines);
}

static void an_unsound_check_says_all(void **state)
{
	char *lines;

	(void)state;
	measurement.self_check.connections_wanted = 100;
	measurement.self_check.connections_up = 98;
	load_with_check();
	lines = check_lines();
	assert_non_null(lines);
	assert_non_null(strstr(lines, "Self-check (the worst of 1 load): NOT SOUND, no verdict\n  sends late: p50 "));
	assert_non_null(strstr(lines, "\n  connections missing 2, connects failed 0, "));
	assert_non_null(strstr(lines, "2 of 100 connections"));
	free(lines);
}

static void missing_connections_are_unsound(void **state)
{
	(void)state;
	measurement.self_check.connections_wanted = 100;
	measurement.self_check.connections_up = 98;
	assert_false(load_with_check()->check.is_sound);
	assert_false(report->is_sound);
	assert_non_null(strstr(report->loads[0]->check.reasons[0], "2 of 100 connections"));
}

static void littles_law_broken_is_unsound(void **state)
{
	const struct report_load *load;

	(void)state;
	add_answers(1);
	measurement.self_check.in_flight_mean = 6.5;
	load = report_add_load(report, 0, &plan, &measurement);
	assert_false(load->check.is_sound);
	assert_near(load->check.little_residual, 1 / 6.5, 0.01);
}

static void late_sends_are_unsound_in_an_open_loop_only(void **state)
{
	(void)state;
	plan.model = LOAD_OPEN;
	plan.rate = 1000;
	measurement.self_check.lateness[lateness_bucket(3000000)] = 2000;
	measurement.self_check.lateness_count = 2000;
	assert_false(load_with_check()->check.is_sound);
	plan.model = LOAD_CLOSED;
	record_log_init(&measurement.records);
	measurement = (struct measurement){.window_from_ns = NS_PER_S, .window_to_ns = 3 * NS_PER_S};
	measurement.self_check.lateness[lateness_bucket(3000000)] = 2000;
	measurement.self_check.lateness_count = 2000;
	assert_true(load_with_check()->check.is_sound);
}

static void a_busy_generator_is_unsound_in_an_open_loop_only(void **state)
{
	(void)state;
	plan.model = LOAD_OPEN;
	measurement.self_check.cpu_share = 0.95;
	assert_false(load_with_check()->check.is_sound);
}

/* Verdicts */

static struct report_load *make_round(unsigned arm, double scale)
{
	measurement = (struct measurement){.window_from_ns = NS_PER_S, .window_to_ns = 3 * NS_PER_S};
	record_log_init(&measurement.records);
	add_answers(scale);
	return report_add_load(report, arm, &plan, &measurement);
}

static const struct report_difference *compare(unsigned rounds, double scale_b)
{
	struct report_load *a[8], *b[8];
	struct verdict_side of_a = {0, a, rounds}, of_b = {1, b, rounds};

	for (unsigned i = 0; i < rounds; i++) {
		a[i] = make_round(0, 1 + 0.01 * i);
		b[i] = make_round(1, scale_b * (1 + 0.01 * i));
	}
	return verdict_add(report, "group", &of_a, &of_b, 1);
}

static void slower_and_faster_are_said(void **state)
{
	const struct report_difference *found = compare(4, 2);

	(void)state;
	assert_int_equal(report->difference_count, 3);
	assert_string_equal(found[1].what, "p50");
	assert_string_equal(found[1].verdict, "slower");
	assert_near(found[1].difference.ratio, 2, 0.05);
	assert_string_equal(found[2].verdict, "slower");
	assert_non_null(strstr(found[1].sentence, "the p50 of b is slower than that of a"));
}

static void the_same_is_no_difference(void **state)
{
	const struct report_difference *found = compare(5, 1.001);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(found[i].verdict, "no difference shown");
}

static void one_round_is_judged_by_its_blocks(void **state)
{
	(void)state;
	assert_string_equal(compare(1, 2)[1].verdict, "slower");
}

static void what_is_not_sound_gets_no_verdict(void **state)
{
	struct report_load *a[4], *b[4];
	struct verdict_side of_a = {0, a, 4}, of_b = {1, b, 4};
	const struct report_difference *found;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		a[i] = make_round(0, 1);
		b[i] = make_round(1, 3);
	}
	b[2]->check.is_sound = false;
	found = verdict_add(report, "group", &of_a, &of_b, 1);
	for (unsigned i = 0; i < 3; i++)
		assert_memory_equal(found[i].verdict, "no verdict", 10);
}

static void pooled_percentiles_are_of_all_requests(void **state)
{
	struct report_load *loads[2] = {make_round(0, 1), make_round(0, 100)};
	struct report_times times = report_pooled_times(report, (const struct report_load *const *)loads, 2);

	(void)state;
	assert_int_equal(times.count, 4000);
	assert_near(times.percentiles[0].value, 10, 1e-9); /* half of them are 1 to 10 ms, the others 100 to 1000 */
	assert_near(times.max, 1000, 1e-9);
}

/* JSON: what is written is read back, to the last digit. */
static void a_report_survives_its_file(void **state)
{
	static struct report back;
	char file[] = "/tmp/meantime-report-XXXXXX", why[256], *text, *none[] = {NULL};
	int fd = mkstemp(file);
	const struct report_load *a, *b;

	(void)state;
	make_round(1, 1.25)->round = 3;
	text = report_json(report);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	report_init(&back, "diff", 0, none);
	if (report_read_json(&back, file, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	unlink(file);
	free(text);
	assert_int_equal(back.arm_count, 2);
	assert_string_equal(back.arms[1].name, "b");
	assert_int_equal(back.load_count, 1);
	a = report->loads[0];
	b = back.loads[0];
	assert_int_equal(b->arm, 1);
	assert_int_equal(b->round, 3);
	assert_string_equal(b->what, "GET /x");
	assert_true(b->throughput == a->throughput && b->response.mean == a->response.mean);
	assert_int_equal(b->response.count, a->response.count);
	for (unsigned i = 0; i < a->response.percentile_count; i++)
		assert_true(b->response.percentiles[i].value == a->response.percentiles[i].value);
	assert_int_equal(b->blocks.count, a->blocks.count);
	assert_true(b->blocks.blocks[3].values[2] == a->blocks.blocks[3].values[2]);
	assert_int_equal(b->blocks.blocks[3].counts[2], a->blocks.blocks[3].counts[2]);
	assert_int_equal(b->statuses[200], 2000);
	assert_true(b->check.is_sound);
	report_cleanup(&back);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_due_in_the_window_counts),
	    TEST(percentiles_and_the_table_know_their_limits),
	    TEST(a_good_measurement_is_sound),
	    TEST(a_sound_check_is_one_line),
	    TEST(an_unsound_check_says_all),
	    TEST(missing_connections_are_unsound),
	    TEST(littles_law_broken_is_unsound),
	    TEST(late_sends_are_unsound_in_an_open_loop_only),
	    TEST(a_busy_generator_is_unsound_in_an_open_loop_only),
	    TEST(slower_and_faster_are_said),
	    TEST(the_same_is_no_difference),
	    TEST(one_round_is_judged_by_its_blocks),
	    TEST(what_is_not_sound_gets_no_verdict),
	    TEST(pooled_percentiles_are_of_all_requests),
	    TEST(a_report_survives_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
