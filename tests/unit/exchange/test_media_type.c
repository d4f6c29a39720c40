#include "exchange/media_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static unsigned quality(const char *header)
{
	return accept_quality(text_of(header), TEXT("application/json")).quality;
}

static bool is_named(const char *header)
{
	return accept_quality(text_of(header), TEXT("application/json")).is_named;
}

static void nothing_said_is_everything(void **state)
{
	(void)state;
	assert_int_equal(quality(""), 1000);
	assert_int_equal(quality("  "), 1000);
	assert_int_equal(quality("*/*"), 1000);
	assert_false(is_named("*/*"));
}

static void a_name_is_compared_whole_and_in_any_case(void **state)
{
	(void)state;
	assert_int_equal(quality("application/json"), 1000);
	assert_int_equal(quality("text/html, Application/JSON"), 1000);
	assert_true(is_named("text/html ,application/json;charset=utf-8"));
	assert_int_equal(quality("application/json5"), 0);
	assert_int_equal(quality("x-application/json"), 0);
	assert_int_equal(quality("text/html"), 0);
	assert_int_equal(quality("text/*"), 0);
	assert_int_equal(quality("application/*+json"), 0);
	assert_int_equal(quality("appl1cation/*"), 0);
	assert_int_equal(quality("application/x"), 0);
	assert_int_equal(quality("application/"), 0);
	assert_int_equal(quality("APPLICATION/*"), 1000);
	assert_int_equal(quality("application/*"), 1000);
	assert_false(is_named("application/*"));
}

static void qualities_are_read(void **state)
{
	(void)state;
	assert_int_equal(quality("application/json;q=0"), 0);
	assert_int_equal(quality("application/json; q=0.25"), 250);
	assert_int_equal(quality("application/json;Q=0.125"), 125);
	assert_int_equal(quality("application/json;charset=x;q=0.5"), 500);
	assert_int_equal(quality("application/json;q=0.909"), 909);
	assert_int_equal(quality("application/json;q=0.090"), 90);
	assert_int_equal(quality("application/json;q=0.1239"), 123);
	assert_int_equal(quality("application/json;q=0,5"), 0);
	assert_int_equal(quality("application/json;q=1.000"), 1000);
	assert_int_equal(quality("application/json;q=1.9"), 1000);
	assert_int_equal(quality("application/json;q="), 1000);
	assert_int_equal(quality("application/json;q=abc"), 1000);
	assert_int_equal(quality("application/json;q=0.x"), 1000);
	assert_int_equal(quality("application/json;q=0./"), 1000);
	assert_int_equal(quality("application/json;q=0.:"), 1000);
	assert_int_equal(quality("application/json;q=0.12x"), 1000);
	assert_int_equal(quality("application/json;q=0.123x"), 123);
	assert_int_equal(quality("application/json;q=0x5"), 0);
	assert_int_equal(quality("application/json;q=0."), 0);
	assert_int_equal(quality("application/json;q=.5"), 1000);
	assert_int_equal(quality("application/json;a=0.5"), 1000);
	assert_int_equal(quality("application/json;q:0.5"), 1000);
	/* the first counts */
	assert_int_equal(quality("application/json;q=;q=0.5"), 1000);
	assert_int_equal(quality("application/json;q=0.2;q=0.5"), 200);
	assert_int_equal(quality("application/json;q;q=0.5"), 500);
}

static void the_closest_range_decides(void **state)
{
	(void)state;
	assert_int_equal(quality("*/*, application/json;q=0"), 0);
	assert_int_equal(quality("application/json;q=0.3, */*"), 300);
	assert_int_equal(quality("application/*;q=0.2, */*;q=0.9"), 200);
	assert_int_equal(quality("*/*;q=0.9, application/*;q=0.2"), 200);
	assert_int_equal(quality("application/json;q=0.4, application/*;q=0.2"), 400);
	assert_int_equal(quality("text/html;q=0.9, */*;q=0.1"), 100);
	/* of equals the first */
	assert_int_equal(quality("application/json;q=0.3, application/json;q=0.9"), 300);
	assert_int_equal(quality(", ,;,application/json;q=0.7,"), 700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_said_is_everything),
	    cmocka_unit_test(a_name_is_compared_whole_and_in_any_case),
	    cmocka_unit_test(qualities_are_read),
	    cmocka_unit_test(the_closest_range_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
