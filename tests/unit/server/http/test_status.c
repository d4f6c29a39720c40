#include "server/http/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_registered_status_has_its_word(void **state)
{
	(void)state;
	assert_string_equal(http_status_reason(200), "OK");
	assert_string_equal(http_status_reason(204), "No Content");
	assert_string_equal(http_status_reason(404), "Not Found");
	assert_string_equal(http_status_reason(422), "Unprocessable Content");
	assert_string_equal(http_status_reason(511), "Network Authentication Required");
}

/* Endpoint files may name any status, and PostgreSQL functions may raise any. */
static void every_other_status_has_one_too(void **state)
{
	(void)state;
	for (unsigned status = 0; status < 1000; status++)
		assert_true(strlen(http_status_reason(status)) > 0);
	assert_string_equal(http_status_reason(299), "OK");
	assert_string_equal(http_status_reason(300), "Error");
	assert_string_equal(http_status_reason(418), "Error");
	assert_string_equal(http_status_reason(512), "Error");
	assert_string_equal(http_status_reason(599), "Error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_registered_status_has_its_word),
	    cmocka_unit_test(every_other_status_has_one_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
