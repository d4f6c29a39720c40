#include "files/values/file_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"

static void types_are_those_of_the_suffix(void **state)
{
	static const char *const cases[][2] = {
	    {"index.html", "text/html; charset=utf-8"},
	    {"a/b.CSS", "text/css; charset=utf-8"},
	    {"a.b.js", "text/javascript; charset=utf-8"},
	    {"logo.svg", "image/svg+xml"},
	    {"data.json", "application/json"},
	    {"photo.jpeg", "image/jpeg"},
	    {"archive.tar.gz", "application/gzip"},
	    {"README", "application/octet-stream"},
	    {"js", "application/octet-stream"},
	    {"a.js/b", "application/octet-stream"},
	    {"a.", "application/octet-stream"},
	    {"a.exe", "application/octet-stream"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_string_equal(file_type_of(cases[i][0]), cases[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(types_are_those_of_the_suffix)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
