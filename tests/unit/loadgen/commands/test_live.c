/* The live line: what it says, and what it leaves out where the terminal is narrow. */
#include "loadgen/commands/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"

static struct live compared(void)
{
	return (struct live){.name = "threads, round 2 of 5",
			     .what = "GET /countries/DE",
			     .expected_s = 120,
			     .done_s = 49.5,
			     .load_s = 2.5,
			     .elapsed_s = 1};
}

static const struct load_progress busy = {
    .rate = 12345, .in_flight = 64, .done = 9000, .failed = 3, .p99_ms = 5.63, .is_warmup = true};

static void test_whole(void **state)
{
	struct live live = compared();
	char line[LIVE_LINE_BYTES];

	(void)state;
	live_line(&live, &busy, 200, line);
	assert_string_equal(line, "[########............] 42 %, 1:10 left  threads, round 2 of 5, GET /countries/DE: "
				  "12.3k/s, p99 5.63 ms, 3 failed, 64 under way, warm-up");
}

static void test_narrower(void **state)
{
	static const struct {
		unsigned columns;
		const char *line;
	} lines[] = {
	    {100, "42 %, 1:10 left  threads, round 2 of 5: 12.3k/s, p99 5.63 ms, 3 failed, 64 under way"},
	    {79, "42 %, 1:10 left  threads, round 2 of 5: 12.3k/s, p99 5.63 ms, 3 failed"},
	    {59, "42 %, 1:10 left  threads, round 2 of 5: 12.3k/s, 3 failed"},
	    {45, "42 %  threads, round 2 of 5: 3 failed"},
	    {30, "42 %  threads, roun..."},
	    {10, "42 %"},
	    {3, ""},
	};
	struct live live = compared();
	char line[LIVE_LINE_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
		live_line(&live, &busy, lines[i].columns, line);
		assert_string_equal(line, lines[i].line);
	}
}

/* At every width the line fits, and each value in it is one of the whole line's. */
static void test_no_value_is_cut(void **state)
{
	struct live live = compared();
	char whole[LIVE_LINE_BYTES];

	(void)state;
	live_line(&live, &busy, 400, whole);
	for (unsigned columns = 42; columns < 160; columns++) {
		char line[LIVE_LINE_BYTES], *rest = line, *value;

		live_line(&live, &busy, columns, line);
		assert_true(strlen(line) <= columns);
		if (strstr(line, "  ") != NULL)
			*strstr(line, "  ") = ',';
		while ((value = strsep(&rest, ",:")) != NULL)
			assert_non_null(strstr(whole, value));
	}
}

/* Columns are counted, not bytes: each of these letters has two. */
static void test_a_name_too_long_is_shortened(void **state)
{
	struct live live = {0};
	char line[LIVE_LINE_BYTES];

	(void)state;
	for (unsigned i = 0; i < 60; i++)
		strcat(live.name, "é");
	live_line(&live, &busy, 60, line);
	assert_memory_equal(line + 54, "...: 12.3k/s, ", 14);
	assert_int_equal(strlen(line), 27 * 2 + 3 + strlen(": 12.3k/s, 3 failed"));
}

static void test_without_an_expectation_there_is_no_share(void **state)
{
	struct live live = {.name = "GET /wait/5", .elapsed_s = 3};
	struct load_progress progress = {.rate = 4.25, .in_flight = 2, .p99_ms = -1};
	char line[LIVE_LINE_BYTES];

	(void)state;
	live_line(&live, &progress, 79, line);
	assert_string_equal(line, "GET /wait/5: 4.25/s, 2 under way");
	live_line(&live, NULL, 79, line);
	assert_string_equal(line, "GET /wait/5");
}

/* A load that lasts longer than it should does not run ahead, and one that nothing was expected of is counted. */
static void test_share_over_loads(void **state)
{
	struct live live = {0};
	char line[LIVE_LINE_BYTES];

	(void)state;
	live_expect(&live, 8);
	live_begin(&live, 2, "a");
	live.elapsed_s = 99;
	live_line(&live, NULL, 20, line);
	assert_string_equal(line, "25 %, 0:06 left  a");
	live_begin(&live, 2, "b");
	live_line(&live, NULL, 20, line);
	assert_string_equal(line, "25 %, 0:06 left  b");
	live_expect(&live, -4);
	live.elapsed_s = 1;
	live_line(&live, NULL, 20, line);
	assert_string_equal(line, "75 %, 0:01 left  b");
	live_begin(&live, 4, "c");
	live_line(&live, NULL, 20, line);
	assert_string_equal(line, "50 %, 0:04 left  c");
	live_begin(&live, 0, "d");
	live_line(&live, NULL, 20, line);
	assert_string_equal(line, "100 %, 0:00 left  d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole),
	    cmocka_unit_test(test_narrower),
	    cmocka_unit_test(test_no_value_is_cut),
	    cmocka_unit_test(test_a_name_too_long_is_shortened),
	    cmocka_unit_test(test_without_an_expectation_there_is_no_share),
	    cmocka_unit_test(test_share_over_loads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
