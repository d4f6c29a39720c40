#include "db/values/datetime.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/compiler.h"

static void seconds_since_1970(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
	    {"1970-01-01 00:00:00+00", 0},
	    {"1970-01-01 00:00:00.999999+00", 0},
	    {"1994-11-06 08:49:37+00", 784111777},
	    {"1994-11-06T08:49:37Z", 784111777},
	    {"1994-11-06 09:49:37+01", 784111777},
	    {"1994-11-06 09:49:37.5+01", 784111777},
	    {"1994-11-06 03:19:37-05:30", 784111777},
	    {"1994-11-06 14:19:37+0530", 784111777},
	    {"1994-11-06 09:09:09+00:19:32", 784111777},
	    {"2000-02-29 00:00:00+00", 951782400},
	    {"2000-03-01 00:00:00+00", 951868800},
	    {"2100-03-01 00:00:00+00", 4107542400},
	    {"9999-12-31 23:59:59+00", 253402300799},
	};
	int64_t seconds;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_true(datetime_seconds(text_of(cases[i].text), &seconds));
		if (seconds != cases[i].seconds)
			fail_msg("%s is %lld", cases[i].text, (long long)seconds);
	}
}

static void what_has_no_seconds(void **state)
{
	static const char *const texts[] = {"",
					    "infinity",
					    "-infinity",
					    "1969-12-31 23:59:59+00",
					    "0044-03-15 12:00:00+00 BC",
					    "12026-01-01 00:00:00+00",
					    "2026-01-01",
					    "2026-01-01 00:00:00",
					    "2026-01-01 00:00+00",
					    "2026-01-01 00:00+00:00:00",
					    "2026-13-01 00:00:00+00",
					    "2026-01-01 00:00:00+00x"};
	int64_t seconds;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(texts); i++)
		if (datetime_seconds(text_of(texts[i]), &seconds))
			fail_msg("%s is %lld", texts[i], (long long)seconds);
	assert_false(datetime_seconds((struct text){NULL, 0}, &seconds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(seconds_since_1970),
	    cmocka_unit_test(what_has_no_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
