/* The words of a rate. */
#include "exchange/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void rates_are_read(void **state)
{
	static const struct {
		const char *text;
		unsigned count, period_s;
		enum limit_key by;
		const char *claim;
	} cases[] = {
	    {"1/second", 1, 1, LIMIT_BY_ADDRESS, NULL},
	    {"90/minute", 90, 60, LIMIT_BY_ADDRESS, NULL},
	    {"1000000/hour", 1000000, 3600, LIMIT_BY_ADDRESS, NULL},
	    {" 0000019/second ", 19, 1, LIMIT_BY_ADDRESS, NULL},
	    {"5/second by address", 5, 1, LIMIT_BY_ADDRESS, NULL},
	    {"5/second  by  address ", 5, 1, LIMIT_BY_ADDRESS, NULL},
	    {"5/second by key", 5, 1, LIMIT_BY_IDENTITY, NULL},
	    {"5/hour by claim app.tenant", 5, 3600, LIMIT_BY_CLAIM, "app.tenant"},
	    {"5/hour by claim  sub ", 5, 3600, LIMIT_BY_CLAIM, "sub"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct rate_limit rate;

		memset(&rate, 0xff, sizeof(rate));
		if (!rate_limit_read(text_of(cases[i].text), &arena, &rate))
			fail_msg("\"%s\" was refused", cases[i].text);
		assert_int_equal(rate.count, cases[i].count);
		assert_int_equal(rate.period_s, cases[i].period_s);
		assert_int_equal(rate.by, cases[i].by);
		if (cases[i].claim != NULL)
			assert_string_equal(rate.claim, cases[i].claim);
		else
			assert_null(rate.claim);
	}
	arena_cleanup(&arena);
}

static void what_is_no_rate_is_refused(void **state)
{
	static const char *const cases[] = {"",
					    "5",
					    "/second",
					    "0/second",
					    "1000001/second",
					    "00000001/second",
					    "4294967297/second",
					    "-5/second",
					    "5:/second",
					    "5 /second",
					    "5/ second",
					    "5/seconds",
					    "5/day",
					    "5/second by",
					    "5/second by ip",
					    "5/second by key x",
					    "5/second by address x",
					    "5/second by claim",
					    "5/second by claim a..b",
					    "5/second in key",
					    "5/second key"};
	struct arena arena = {0};
	struct rate_limit rate;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		if (rate_limit_read(text_of(cases[i]), &arena, &rate))
			fail_msg("\"%s\" was read", cases[i]);
	arena_cleanup(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rates_are_read),
	    cmocka_unit_test(what_is_no_rate_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
