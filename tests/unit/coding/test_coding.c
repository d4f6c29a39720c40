#include "coding/coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void names(void **state)
{
	(void)state;
	assert_string_equal(coding_name(CODING_GZIP), "gzip");
	assert_string_equal(coding_name(CODING_BROTLI), "br");
}

static void text_suits(void **state)
{
	(void)state;
	assert_true(coding_suits("application/json"));
	assert_true(coding_suits("application/json; charset=utf-8"));
	assert_true(coding_suits("Application/JSON ;x=y"));
	assert_true(coding_suits("application/problem+json"));
	assert_true(coding_suits("application/geo+json"));
	assert_true(coding_suits("application/x-ndjson"));
	assert_true(coding_suits("application/atom+xml"));
	assert_true(coding_suits("application/xml"));
	assert_true(coding_suits("image/svg+xml"));
	assert_true(coding_suits("text/csv; header=present"));
	assert_true(coding_suits("TEXT/html"));
}

static void what_is_compressed_by_itself_does_not(void **state)
{
	(void)state;
	assert_false(coding_suits(NULL));
	assert_false(coding_suits(""));
	assert_false(coding_suits("image/png"));
	assert_false(coding_suits("video/mp4"));
	assert_false(coding_suits("application/zip"));
	assert_false(coding_suits("application/gzip"));
	assert_false(coding_suits("application/pdf"));
	assert_false(coding_suits("application/octet-stream"));
	assert_false(coding_suits("application/jsonish"));
	assert_false(coding_suits("text"));
	assert_false(coding_suits("text/"));
	assert_false(coding_suits("+json"));
	assert_false(coding_suits("image/png; name=a.json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(text_suits),
	    cmocka_unit_test(what_is_compressed_by_itself_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
