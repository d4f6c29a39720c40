#include "files/values/byte_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"

enum { WHOLE = BYTE_RANGE_WHOLE, PART = BYTE_RANGE_PART, NONE = BYTE_RANGE_NONE };

struct a_range {
	const char *line;
	int verdict;
	uint64_t first, end;
};

static void expect(const struct a_range *cases, unsigned count, uint64_t bytes)
{
	for (unsigned i = 0; i < count; i++) {
		struct byte_range range = {0};
		int verdict = (int)byte_range_read(text_of(cases[i].line), bytes, &range);

		if (verdict != cases[i].verdict)
			fail_msg("%s: %d, not %d", cases[i].line, verdict, cases[i].verdict);
		if (verdict != PART)
			continue;
		assert_int_equal(range.first, cases[i].first);
		assert_int_equal(range.end, cases[i].end);
	}
}

static void one_range(void **state)
{
	static const struct a_range cases[] = {
	    {"bytes=0-0", PART, 0, 1},
	    {"bytes=0-9", PART, 0, 10},
	    {"bytes=3-5", PART, 3, 6},
	    {"bytes=3-", PART, 3, 10},
	    {"bytes=9-9", PART, 9, 10},
	    {"bytes=0-10", PART, 0, 10},
	    {"bytes=-1", PART, 9, 10},
	    {"bytes=-10", PART, 0, 10},
	    {"bytes=-11", PART, 0, 10},
	    {"Bytes=3-5", PART, 3, 6},
	    {" bytes= 3-5 ", PART, 3, 6},
	    {"bytes=003-5", PART, 3, 6},
	    {"bytes=0-18446744073709551615", PART, 0, 10},
	    {"bytes=0-99999999999999999999999", PART, 0, 10},
	    {"bytes=-99999999999999999999999", PART, 0, 10},
	    {"bytes=0-99999999999999999999", PART, 0, 10},
	    {"bytes=-99999999999999999999", PART, 0, 10},
	};

	(void)state;
	expect(cases, ARRAY_LENGTH(cases), 10);
}

static void a_range_behind_the_end_is_none(void **state)
{
	static const struct a_range cases[] = {
	    {"bytes=10-", NONE, 0, 0},
	    {"bytes=10-11", NONE, 0, 0},
	    {"bytes=-0", NONE, 0, 0},
	    {"bytes=99999999999999999999999-", NONE, 0, 0},
	    {"bytes=99999999999999999999-", NONE, 0, 0},
	};
	static const struct a_range of_nothing[] = {{"bytes=0-", NONE, 0, 0}, {"bytes=-5", NONE, 0, 0}};

	(void)state;
	expect(cases, ARRAY_LENGTH(cases), 10);
	expect(of_nothing, ARRAY_LENGTH(of_nothing), 0);
}

static void all_else_asks_for_the_whole(void **state)
{
	static const struct a_range cases[] = {
	    {"", WHOLE, 0, 0},
	    {"bytes", WHOLE, 0, 0},
	    {"bytes=", WHOLE, 0, 0},
	    {"bytes=-", WHOLE, 0, 0},
	    {"bytes=5", WHOLE, 0, 0},
	    {"bytes=a-b", WHOLE, 0, 0},
	    {"bytes=5-3", WHOLE, 0, 0},
	    {"bytes=--5", WHOLE, 0, 0},
	    {"bytes=1-2,4-5", WHOLE, 0, 0},
	    {"bytes=1-2-3", WHOLE, 0, 0},
	    {"items=1-2", WHOLE, 0, 0},
	    {"bytes=+1-2", WHOLE, 0, 0},
	    {"bytes=1 - 2", WHOLE, 0, 0},
	    {"bytes=0x1-2", WHOLE, 0, 0},
	    {"3-5", WHOLE, 0, 0},
	};

	(void)state;
	expect(cases, ARRAY_LENGTH(cases), 10);
}

static void no_number_is_too_large(void **state)
{
	static const struct a_range cases[] = {
	    {"bytes=9999999999-", PART, 9999999999, 10000000000},
	    {"bytes=-1", PART, 9999999999, 10000000000},
	};

	(void)state;
	expect(cases, ARRAY_LENGTH(cases), 10000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_range),
	    cmocka_unit_test(a_range_behind_the_end_is_none),
	    cmocka_unit_test(all_else_asks_for_the_whole),
	    cmocka_unit_test(no_number_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
