/* From rows made by hand to verdicts and their sentences. */
#include "loadgen/figures/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "lib/near.h"
#include "loadgen/figures/sentences.h"

enum { ROUNDS = 5, BLOCKS = BLOCKS_MIN };

static struct report *report;
static struct report_load loads[2][VERDICT_ROUNDS_MAX + 2];
static struct report_load *rows[2][VERDICT_ROUNDS_MAX + 2];
static struct verdict_side sides[2];

static int set_up(void **state)
{
	char *none[] = {NULL};

	(void)state;
	report = calloc(1, sizeof(*report));
	report_init(report, "compare", 0, none);
	report->arms[report->arm_count++] = (struct report_arm){.name = "old"};
	report->arms[report->arm_count++] = (struct report_arm){.name = "new"};
	memset(loads, 0, sizeof(loads));
	for (unsigned side = 0; side < 2; side++)
		sides[side] = (struct verdict_side){side, rows[side], 0};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	report_cleanup(report);
	free(report);
	return 0;
}

static struct report_load *add_round(unsigned side, double rate, double p50, double p99)
{
	struct report_load *load = &loads[side][sides[side].count];

	rows[side][sides[side].count++] = load;
	load->throughput = rate;
	load->requests = load->statuses[200] = 1000;
	load->response.count = 1000;
	load->response.percentile_count = 3;
	load->response.percentiles[0] = (struct percentile){.percent = 50, .value = p50, .is_supported = true};
	load->response.percentiles[1] = (struct percentile){.percent = 90, .value = -1, .is_supported = true};
	load->response.percentiles[2] = (struct percentile){.percent = 99, .value = p99, .is_supported = true};
	load->check.is_sound = true;
	return load;
}

/* Each round differs by `step`; the second side is `factor` as large. */
static void add_rounds_of(unsigned count, double factor, double step)
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned side = 0; side < 2; side++) {
			double scale = (1 + step * i) * (side == 0 ? 1 : factor);

			add_round(side, 1000 * scale, 10 * scale, 40 * scale);
		}
}

static void add_rounds(unsigned count, double factor)
{
	add_rounds_of(count, factor, 0.01);
}

/* A load of as many blocks of time, with times around `ms`. */
static void add_blocks(struct report_load *load, double ms, double rate)
{
	static double values[2][BLOCKS][8];
	static uint64_t counts[8] = {1, 1, 1, 1, 1, 1, 1, 1};
	unsigned side = load == &loads[1][0];

	load->blocks.blocks = arena_alloc_zeroed(&report->arena, BLOCKS * sizeof(*load->blocks.blocks));
	load->blocks.rates = arena_alloc_zeroed(&report->arena, BLOCKS * sizeof(*load->blocks.rates));
	load->blocks.count = BLOCKS;
	for (unsigned i = 0; i < BLOCKS; i++) {
		for (unsigned j = 0; j < 8; j++)
			values[side][i][j] = ms * (1 + 0.01 * ((i * 7 + j * 3) % 11));
		load->blocks.blocks[i].values = values[side][i];
		load->blocks.blocks[i].counts = counts;
		load->blocks.blocks[i].length = 8;
		load->blocks.rates[i] = rate * (1 + 0.01 * (i % 3));
	}
}

static const struct report_difference *judge(void)
{
	return verdict_add(report, "waiting", &sides[0], &sides[1], 1);
}

static void three_figures_are_compared(void **state)
{
	static const char *const what[] = {"requests/s", "p50", "p99"}, *const unit[] = {"/s", "ms", "ms"};
	static const double of_a[] = {1020, 10.2, 40.8};
	const struct report_difference *found;
	char expected[256];

	(void)state;
	add_rounds(ROUNDS, 2);
	found = judge();
	assert_int_equal(report->difference_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(found[i].what, what[i]);
		assert_string_equal(found[i].unit, unit[i]);
		assert_string_equal(found[i].group, "waiting");
		assert_int_equal(found[i].a, 0);
		assert_int_equal(found[i].b, 1);
		assert_int_equal(found[i].is_more_better, i == 0);
		assert_near(found[i].difference.a, of_a[i], 1e-9);
		assert_near(found[i].difference.b, 2 * of_a[i], 1e-9);
		assert_near(found[i].difference.ratio, 2, 1e-9);
		assert_string_equal(found[i].verdict, i == 0 ? "faster" : "slower");
	}
	assert_string_equal(
	    found[1].sentence,
	    "waiting: the p50 of new is slower than that of old, 2 times (95 % interval 1.94 to 2.06).");
	snprintf(expected, sizeof(expected), SAYS_rate_differs, "waiting", "new", "faster", "old",
		 found[0].difference.ratio, found[0].difference.interval.low, found[0].difference.interval.high);
	assert_string_equal(found[0].sentence, expected);
}

static void less_is_slower_and_quicker(void **state)
{
	const struct report_difference *found;

	(void)state;
	add_rounds(ROUNDS, 0.5);
	found = judge();
	assert_string_equal(found[0].verdict, "slower");
	assert_string_equal(found[1].verdict, "faster");
	assert_string_equal(found[2].verdict, "faster");
}

static void the_same_is_no_difference_and_says_how_much_it_may_be(void **state)
{
	const struct report_difference *found;
	char expected[200];

	(void)state;
	add_rounds_of(ROUNDS, 1, 0.2);
	found = judge();
	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(found[i].verdict, "no difference shown");
		snprintf(expected, sizeof(expected),
			 "waiting, %s: no difference shown between old and new (%+.1f %% to %+.1f %%).", found[i].what,
			 (found[i].difference.interval.low - 1) * 100, (found[i].difference.interval.high - 1) * 100);
		assert_string_equal(found[i].sentence, expected);
	}
	assert_true(found[0].difference.interval.low < 0.8 && found[0].difference.interval.high > 1.25);
}

/* Rounds whose requests do not support the percentile have none; with fewer than four the blocks tell. */
static void a_round_without_the_percentile_does_not_count(void **state)
{
	const struct report_difference *found;

	(void)state;
	add_rounds(ROUNDS, 2);
	loads[0][4].response.percentiles[2].is_supported = false;
	found = judge();
	assert_near(found[2].difference.a, 40.6, 1e-9); /* the median of the four that are left */
	assert_near(found[1].difference.a, 10.2, 1e-9);
}

static void four_rounds_are_enough(void **state)
{
	(void)state;
	add_rounds(4, 2);
	assert_string_equal(judge()[0].verdict, "faster");
	assert_near(report->differences[0].difference.a, 1015, 1e-9);
}

/* Three are not, on either side: and there are no blocks, so nothing can be told. */
static void three_rounds_are_too_few(void **state)
{
	const struct report_difference *found;

	(void)state;
	add_rounds(3, 2);
	add_round(0, 1000, 10, 40);
	found = judge();
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(found[i].verdict, "no difference shown");
	assert_string_equal(
	    found[2].sentence,
	    "waiting, p99: no difference shown between old and new: too few rounds or requests to tell.");
	report->difference_count = sides[0].count = sides[1].count = 0;
	add_rounds(3, 2);
	add_round(1, 1000, 10, 40);
	assert_string_equal(judge()[0].verdict, "no difference shown");
}

/* However many the other side has. */
static void three_rounds_on_one_side_are_too_few(void **state)
{
	(void)state;
	for (unsigned few = 0; few < 2; few++) {
		report->difference_count = sides[0].count = sides[1].count = 0;
		for (unsigned i = 0; i < VERDICT_ROUNDS_MAX; i++)
			add_round(1 - few, 1000, 10, 40);
		for (unsigned i = 0; i < 3; i++)
			add_round(few, 2000, 20, 80);
		assert_string_equal(judge()[0].verdict, "no difference shown");
	}
}

static void more_rounds_than_there_is_room_for_are_left_out(void **state)
{
	(void)state;
	add_rounds(VERDICT_ROUNDS_MAX + 2, 2);
	assert_string_equal(judge()[0].verdict, "faster");
	assert_near(report->differences[0].difference.a, 1000 * (1 + 0.01 * (VERDICT_ROUNDS_MAX - 1) / 2), 1e-6);
}

static void one_round_is_judged_by_its_blocks(void **state)
{
	const struct report_difference *found;

	(void)state;
	add_rounds(1, 2);
	add_blocks(&loads[0][0], 10, 500);
	add_blocks(&loads[1][0], 30, 1000);
	found = judge();
	assert_string_equal(found[0].verdict, "faster");
	assert_near(found[0].difference.ratio, 2, 0.02);
	assert_string_equal(found[1].verdict, "slower");
	assert_near(found[1].difference.ratio, 3, 0.05);
	assert_string_equal(found[2].verdict, "slower");
}

/* 299 requests on both sides, for a p99; the rate needs none. */
static void blocks_of_few_requests_tell_no_percentile(void **state)
{
	(void)state;
	for (unsigned few = 0; few < 2; few++) {
		const struct report_difference *found;

		report->difference_count = sides[0].count = sides[1].count = 0;
		add_rounds(1, 2);
		add_blocks(&loads[0][0], 10, 500);
		add_blocks(&loads[1][0], 30, 1000);
		loads[few][0].response.count = 298;
		found = judge();
		assert_string_equal(found[0].verdict, "faster");
		assert_string_equal(found[1].verdict, "slower");
		assert_string_equal(found[2].verdict, "no difference shown");
		assert_true(isnan(found[2].difference.a) && isnan(found[2].difference.b) &&
			    isnan(found[2].difference.ratio));
		assert_true(found[2].difference.interval.low == 0 && isinf(found[2].difference.interval.high));
		assert_near(found[2].difference.p, 1, 0);
		assert_string_equal(found[2].sentence,
				    "waiting, p99: no difference shown between old and new: too few rounds or "
				    "requests to tell.");
	}
}

static void blocks_of_enough_requests_tell_it(void **state)
{
	(void)state;
	add_rounds(1, 2);
	add_blocks(&loads[0][0], 10, 500);
	add_blocks(&loads[1][0], 30, 1000);
	loads[0][0].response.count = loads[1][0].response.count = 299;
	assert_string_equal(judge()[2].verdict, "slower");
}

static void one_that_is_not_sound_gets_no_verdict(void **state)
{
	(void)state;
	for (unsigned side = 0; side < 2; side++)
		for (unsigned round = 0; round < ROUNDS; round += ROUNDS - 1) {
			const struct report_difference *found;

			report->difference_count = sides[0].count = sides[1].count = 0;
			add_rounds(ROUNDS, 2);
			loads[side][round].check.is_sound = false;
			found = judge();
			for (unsigned i = 0; i < 3; i++) {
				assert_string_equal(found[i].verdict, "no verdict, the measurement is not sound");
				assert_string_equal(
				    found[i].sentence,
				    "waiting: no verdict on new against old: the measurement is not sound.");
				assert_near(found[i].difference.ratio, 2, 1e-9); /* the figures are shown */
			}
		}
}

/* A server that answers 404 is not fast. */
static void no_figure_is_made_of_failures(void **state)
{
	(void)state;
	for (unsigned side = 0; side < 2; side++) {
		const struct report_difference *found;

		report->difference_count = sides[0].count = sides[1].count = 0;
		memset(loads, 0, sizeof(loads));
		add_rounds(ROUNDS, 2);
		for (unsigned round = 0; round < ROUNDS; round++) {
			loads[side][round].statuses[200] = 890;
			loads[side][round].statuses[404] = 110;
		}
		found = judge();
		for (unsigned i = 0; i < 3; i++) {
			assert_string_equal(found[i].verdict, "no verdict, more than a tenth of the requests failed");
			assert_true(isnan(found[i].difference.a) && isnan(found[i].difference.b));
			assert_true(isnan(found[i].difference.ratio) && isinf(found[i].difference.interval.high));
			assert_true(found[i].difference.interval.low == 0 && found[i].difference.p == 1);
		}
	}
	report->difference_count = sides[0].count = sides[1].count = 0;
	memset(loads, 0, sizeof(loads));
	add_rounds(1, 2);
	loads[1][0].statuses[200] = 500;
	assert_string_equal(judge()[0].verdict, "no verdict, more than a tenth of the requests failed");
	report->difference_count = sides[0].count = sides[1].count = 0;
	memset(loads, 0, sizeof(loads));
	add_rounds(ROUNDS, 2);
	loads[1][0].statuses[200] = 500; /* a tenth of all rounds */
	loads[1][0].statuses[500] = 500;
	assert_string_equal(judge()[0].verdict, "faster");
}

static void a_report_has_room_for_so_many(void **state)
{
	(void)state;
	add_rounds(ROUNDS, 2);
	report->difference_count = DIFFERENCES_MAX - 3;
	assert_non_null(judge());
	assert_int_equal(report->difference_count, DIFFERENCES_MAX);
	report->difference_count = DIFFERENCES_MAX - 2;
	assert_null(judge());
	assert_int_equal(report->difference_count, DIFFERENCES_MAX - 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(three_figures_are_compared),
	    TEST(less_is_slower_and_quicker),
	    TEST(the_same_is_no_difference_and_says_how_much_it_may_be),
	    TEST(a_round_without_the_percentile_does_not_count),
	    TEST(four_rounds_are_enough),
	    TEST(three_rounds_are_too_few),
	    TEST(three_rounds_on_one_side_are_too_few),
	    TEST(more_rounds_than_there_is_room_for_are_left_out),
	    TEST(one_round_is_judged_by_its_blocks),
	    TEST(blocks_of_few_requests_tell_no_percentile),
	    TEST(blocks_of_enough_requests_tell_it),
	    TEST(one_that_is_not_sound_gets_no_verdict),
	    TEST(no_figure_is_made_of_failures),
	    TEST(a_report_has_room_for_so_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
