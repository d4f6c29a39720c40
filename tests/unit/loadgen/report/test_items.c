/* Items as they were timed -> the report's row, what is said of it, and how it is shown. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/engine/items.h"
#include "loadgen/report/findings.h"
#include "loadgen/report/report_formats.h"

#define MS UINT64_C(1000000)

enum { EACH = 2, COUNT = 4 };

struct fixture {
	struct report *report;
	struct item items[2][COUNT];
	struct items_run runs[2];
};

static const struct items_plan plans[2] = {
    {.producers = 2, .each = EACH, .make_ns = 50 * MS, .process_ns = 20 * MS, .is_synchronous = true},
    {.producers = 2, .each = EACH, .make_ns = 50 * MS, .process_ns = 20 * MS},
};

/* The items are made in the order 0, 2, 1, 3, as by two producers. */
static void fill(struct fixture *it)
{
	static const unsigned order[COUNT] = {0, 2, 1, 3};

	for (unsigned i = 0; i < COUNT; i++) {
		it->items[0][i] = (struct item){(i + 1) * 50 * MS, (200 + i * 20) * MS, (220 + i * 20) * MS};
		it->items[1][order[i]] = (struct item){(50 + i * 25) * MS, (52 + i * 25) * MS, (72 + i * 25) * MS};
	}
	for (unsigned i = 0; i < 2; i++)
		it->runs[i] = (struct items_run){
		    .items = it->items[i],
		    .count = COUNT,
		    .done = COUNT,
		    .total_ns = (i == 0 ? 280 : 146) * MS,
		    .slept_ns = 105 * MS,
		    .asked_ns = 100 * MS,
		    .can_wait = true,
		};
}

static int set_up(void **state)
{
	static char *words[] = {"meantime-load", "queue"};
	struct fixture *it = calloc(1, sizeof(*it));

	it->report = calloc(1, sizeof(*it->report));
	report_init(it->report, "queue", 2, words);
	fill(it);
	*state = it;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *it = *state;

	report_cleanup(it->report);
	free(it->report);
	free(it);
	return 0;
}

static void find(struct fixture *it)
{
	report_add_items(it->report, "synchronous", &plans[0], &it->runs[0]);
	report_add_items(it->report, "queue", &plans[1], &it->runs[1]);
	find_items(it->report);
}

static void assert_says(const struct report *report, const char *words)
{
	for (unsigned i = 0; i < report->sentence_count; i++)
		if (strstr(report->sentences[i], words) != NULL)
			return;
	fail_msg("it does not say '%s'", words);
}

static void test_waits_are_in_the_order_of_making(void **state)
{
	struct fixture *it = *state;
	const struct report_items *alone = &it->report->items[0], *joined = &it->report->items[1];

	it->items[1][3].got_ns += 9 * MS;
	find(it);
	assert_int_equal(alone->producers, 0);
	assert_int_equal(joined->producers, 2);
	assert_true(fabs(alone->first_ms - 150) < 1e-6 && fabs(alone->last_ms - 60) < 1e-6);
	assert_true(fabs(alone->p50_ms - 105) < 1e-6 && fabs(alone->max_ms - 150) < 1e-6);
	assert_true(fabs(joined->first_ms - 2) < 1e-6 && fabs(joined->last_ms - 11) < 1e-6);
	assert_true(joined->items[1].made_s < joined->items[2].made_s);
	assert_true(it->report->is_sound && !it->report->has_failed);
}

static void test_both_are_compared(void **state)
{
	struct fixture *it = *state;

	find(it);
	assert_int_equal(it->report->sentence_count, 2);
	assert_says(it->report, "The first item waits 150 ms in the synchronous program, which makes all 4 before");
	assert_says(it->report, "Joined by a queue it waits 2.00 ms.");
	assert_says(it->report, "All items are processed after 0.15 s instead of 0.28 s.");
}

static void test_an_item_that_is_missing_is_a_failure(void **state)
{
	struct fixture *it = *state;

	it->items[1][3].done_ns = 0;
	find(it);
	assert_int_equal(it->report->items[1].done, 3);
	assert_int_equal(it->report->sentence_count, 1);
	assert_says(it->report, "queue: 1 of 4 items were not processed.");
	assert_true(it->report->has_failed);
}

static void test_an_interrupt_is_none(void **state)
{
	struct fixture *it = *state;

	it->items[1][3].done_ns = 0;
	it->report->is_interrupted = true;
	find(it);
	assert_int_equal(it->report->sentence_count, 0);
	assert_false(it->report->has_failed);
}

static void test_an_item_that_is_given_again_is_a_failure(void **state)
{
	struct fixture *it = *state;

	it->runs[0].again = 2;
	find(it);
	assert_says(it->report, "synchronous: items were given again, 2 times.");
	assert_true(it->report->has_failed && it->report->sentence_count == 1);
}

static void test_sleeps_that_are_late_make_it_unsound(void **state)
{
	struct fixture *it = *state;

	it->runs[1].slept_ns = 125 * MS;
	find(it);
	assert_says(it->report, "not sound: queue slept 25 % longer than it was to.");
	assert_false(it->report->is_sound);
	assert_int_equal(it->report->sentence_count, 1);
}

static void test_a_service_that_cannot_wait_is_named(void **state)
{
	struct fixture *it = *state;

	strcpy(it->runs[1].said, "no <b>wait</b>");
	it->runs[1].can_wait = false;
	find(it);
	assert_says(it->report,
		    "A claim cannot wait here, so the consumer asks every 20 ms. The service says: no <b>wait");
}

static void test_a_run_without_an_item_is_shown(void **state)
{
	struct fixture *it = *state;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	memset(it->items[0], 0, sizeof(it->items[0]));
	it->report->is_interrupted = true;
	report_add_items(it->report, "synchronous", &plans[0], &it->runs[0]);
	find_items(it->report);
	report_write_text(it->report, out, 100);
	assert_int_equal(report_write_html(it->report, out), 0);
	fclose(out);
	assert_non_null(strstr(text, "a program makes 4 items, then processes them"));
	free(text);
}

static void test_the_page_has_a_line_an_item(void **state)
{
	struct fixture *it = *state;
	char *text = NULL, *json;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	strcpy(it->runs[1].said, "no <b>wait</b>");
	find(it);
	report_write_text(it->report, out, 100);
	fputs("\f", out);
	assert_int_equal(report_write_html(it->report, out), 0);
	fclose(out);
	assert_non_null(strstr(text, "   150 ms    105 ms    150 ms   60.0 ms    280 ms\n"));
	assert_non_null(strstr(text, "20.49 s"));
	assert_non_null(
	    strstr(strchr(text, '\f'), "<rect class=\"q\" x=\"114.29\" y=\"4\" width=\"342.86\" height=\"4\"/>"));
	assert_null(strstr(strchr(text, '\f'), "<b>"));
	free(text);
	json = report_json(it->report);
	assert_non_null(strstr(json, "\"waits_ms\""));
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_waits_are_in_the_order_of_making, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_both_are_compared, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_an_item_that_is_missing_is_a_failure, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_an_interrupt_is_none, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_an_item_that_is_given_again_is_a_failure, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_sleeps_that_are_late_make_it_unsound, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_service_that_cannot_wait_is_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_run_without_an_item_is_shown, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_page_has_a_line_an_item, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
