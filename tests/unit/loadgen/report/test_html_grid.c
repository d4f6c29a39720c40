/* The first screen of the page, from rows made by hand: what it claims, and what it does not. */
#include "loadgen/report/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/compiler.h"

static struct report *report;
static struct report_load loads[8];
static char *text;

static int set_up(void **state)
{
	char *none[] = {NULL};

	(void)state;
	report = calloc(1, sizeof(*report));
	report_init(report, "compare", 0, none);
	report->arms[report->arm_count++] = (struct report_arm){.name = "old"};
	report->arms[report->arm_count++] = (struct report_arm){.name = "new"};
	report->is_sound = true;
	memset(loads, 0, sizeof(loads));
	text = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	report_cleanup(report);
	free(report);
	free(text);
	return 0;
}

static struct report_load *add_load(unsigned arm, const char *group, const char *what, double rate)
{
	struct report_load *load = &loads[report->load_count];

	report->loads[report->load_count++] = load;
	*load = (struct report_load){.arm = arm,
				     .group = group,
				     .what = what,
				     .concurrency = 64,
				     .pipeline = 1,
				     .throughput = rate,
				     .requests = 1000};
	load->statuses[200] = 1000;
	load->check.is_sound = true;
	return load;
}

static void add_factor(const char *group, double ratio, double low, double high, enum verdict verdict)
{
	report->differences[report->difference_count++] = (struct report_difference){
	    .what = "requests/s",
	    .unit = "/s",
	    .group = group,
	    .b = 1,
	    .is_more_better = true,
	    .difference = {.ratio = ratio, .interval = {low, high}, .verdict = verdict},
	    .verdict = verdict == VERDICT_NO_DIFFERENCE ? "no difference shown" : "faster",
	};
}

static const char *grid(void)
{
	size_t length;
	FILE *out = open_memstream(&text, &length);

	report_html_grid(report, out);
	fclose(out);
	/* of loads on the stack of this file nothing is freed by the report */
	report->load_count = 0;
	return text;
}

static unsigned count(const char *what)
{
	unsigned found = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
		found++;
	return found;
}

static void a_factor_has_its_interval(void **state)
{
	(void)state;
	add_load(0, "the URL", "GET /a", 1000);
	add_load(1, "the URL", "GET /a", 31400);
	add_factor("the URL", 31.4, 30.2, 32.6, VERDICT_A_IS_LOWER);
	grid();
	assert_non_null(strstr(text, "31.4&nbsp;×</strong><small>30.2 to 32.6 times old</small>"));
	assert_non_null(strstr(text, "1,000/s</strong><small>good answers"));
	assert_non_null(strstr(text, "31,400 answers/s"));
	assert_non_null(strstr(text, "<code>GET /a</code><small>64 at once"));
	assert_int_equal(count("<tr>"), 2);
}

static void arms_at_different_urls_are_one_row(void **state)
{
	(void)state;
	add_load(0, "the URL", "GET /v1", 1000);
	add_load(1, "the URL", "GET /v2", 2000);
	add_factor("the URL", 2, 1.9, 2.1, VERDICT_A_IS_LOWER);
	grid();
	assert_int_equal(count("<tr>"), 2);
	assert_non_null(strstr(text, "each its own"));
	assert_non_null(strstr(text, "2.00&nbsp;×"));
	assert_null(strstr(text, "–"));
}

static void no_difference_is_said(void **state)
{
	(void)state;
	add_load(0, "the URL", "GET /a", 1000);
	add_load(1, "the URL", "GET /a", 1010);
	add_factor("the URL", 1.01, 0.97, 1.05, VERDICT_NO_DIFFERENCE);
	assert_non_null(strstr(grid(), "0.97 to 1.05 times, no difference shown to old"));
	assert_int_equal(count("big text1 faint"), 1);
}

static void what_is_not_sound_has_no_factor(void **state)
{
	(void)state;
	add_load(0, "the URL", "GET /a", 1000);
	add_load(1, "the URL", "GET /a", 9000);
	add_factor("the URL", 9, 8.9, 9.1, VERDICT_A_IS_LOWER);
	report->is_sound = false;
	assert_non_null(strstr(grid(), "no verdict"));
	assert_null(strstr(text, "×"));
}

/* A burst, a load and a curve that were answered with 404: no time and no rate of them is shown. */
static void no_figure_is_made_of_failures(void **state)
{
	struct report_load *bad;

	(void)state;
	add_load(0, "the URL", "GET /a", 1000);
	bad = add_load(1, "the URL", "GET /b", 0);
	bad->statuses[200] = 0;
	bad->statuses[404] = 1000;
	add_load(0, "curve", "GET /a", 900)->concurrency = 1;
	bad = add_load(1, "curve", "GET /b", 0);
	bad->concurrency = 1;
	bad->statuses[200] = 0;
	for (unsigned arm = 0; arm < 2; arm++) {
		struct report_burst *burst = &report->bursts[report->burst_count++];
		struct report_curve *curve = &report->curves[report->curve_count++];

		*burst = (struct report_burst){.arm = arm, .bar_count = 3, .makespan = arm == 0 ? 30 : 1};
		record_log_init(&burst->measurement.records);
		for (unsigned i = 0; i < 3; i++) {
			struct record *record = record_log_add(&burst->measurement.records);

			record->outcome = OUTCOME_ANSWERED;
			record->status = arm == 0 ? 200 : 404;
		}
		*curve = (struct report_curve){
		    .arm = arm, .what = arm == 0 ? "GET /a" : "GET /b", .knee = NAN, .slo_load = NAN};
		curve->levels[curve->level_count++] =
		    (struct report_level){.concurrency = 16, .throughput = arm == 0 ? 900 : 0, .error_share = arm};
	}
	grid();
	assert_int_equal(count("big bad\">fails"), 3);
	assert_non_null(strstr(text, "30.0 ms</strong><small>until the last answer</small>"));
	assert_null(strstr(text, "as soon as"));
	assert_non_null(strstr(text, "900/s</strong><small>the most, at 16 at once</small>"));
	assert_int_equal(count("<tr>"), 4);
}

static void a_burst_says_how_much_sooner(void **state)
{
	(void)state;
	for (unsigned arm = 0; arm < 2; arm++)
		report->bursts[report->burst_count++] =
		    (struct report_burst){.arm = arm, .bar_count = 3, .makespan = arm == 0 ? 1200 : 500};
	assert_non_null(
	    strstr(grid(), "500 ms</strong><small>until the last answer, 2.4 times as soon as old</small>"));
	assert_non_null(strstr(text, "1.20 s</strong><small>until the last answer</small>"));
	assert_non_null(strstr(text, "3 requests<small>released at the same instant"));
}

static void a_report_without_loads_has_none(void **state)
{
	(void)state;
	assert_string_equal(grid(), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_factor_has_its_interval),       TEST(arms_at_different_urls_are_one_row),
	    TEST(no_difference_is_said),           TEST(what_is_not_sound_has_no_factor),
	    TEST(no_figure_is_made_of_failures),   TEST(a_burst_says_how_much_sooner),
	    TEST(a_report_without_loads_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
