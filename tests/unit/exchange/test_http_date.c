#include "exchange/http_date.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/compiler.h"

static void what_is_written_is_read(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
	    {0, "Thu, 01 Jan 1970 00:00:00 GMT"},          {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
	    {951782399, "Mon, 28 Feb 2000 23:59:59 GMT"},  {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
	    {4102444800, "Fri, 01 Jan 2100 00:00:00 GMT"}, {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
	    {1767319445, "Fri, 02 Jan 2026 02:04:05 GMT"},
	};
	char written[HTTP_DATE_BYTES];
	int64_t seconds;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		http_date_write(written, cases[i].seconds);
		assert_string_equal(written, cases[i].text);
		assert_true(http_date_read(text_of(written), &seconds));
		assert_int_equal(seconds, cases[i].seconds);
	}
}

static void the_old_forms_are_read(void **state)
{
	int64_t seconds;

	(void)state;
	assert_true(http_date_read(TEXT("Sunday, 06-Nov-94 08:49:37 GMT"), &seconds));
	assert_int_equal(seconds, 784111777);
	assert_true(http_date_read(TEXT("Sun Nov  6 08:49:37 1994"), &seconds));
	assert_int_equal(seconds, 784111777);
}

static void what_is_no_date(void **state)
{
	static const char *const texts[] = {"",
					    "now",
					    "0",
					    "Sun, 06 Nov 1994",
					    "Sun, 06 Nov 1994 08:49:37",
					    "Sun, 06 Nov 1994 08:49:37 GMT+1",
					    "Sun, 06 Nov 1994 08:49:37 CET",
					    "1994-11-06T08:49:37Z",
					    "Sun, 06 Nov 1994 25:49:37 GMT",
					    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"};
	int64_t seconds;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(texts); i++)
		if (http_date_read(text_of(texts[i]), &seconds))
			fail_msg("%s is read", texts[i]);
	assert_false(http_date_read(TEXT("Sun, 06 Nov 1994 08:49:37 GMT\0"), &seconds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(the_old_forms_are_read),
	    cmocka_unit_test(what_is_no_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
