#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void an_address_is_cut_in_two(void **state)
{
	static const struct {
		const char *text, *host, *port;
		bool is_any;
	} cases[] = {
	    {"127.0.0.1:8080", "127.0.0.1", "8080", false},
	    {"localhost:0", "localhost", "0", false},
	    {"[::1]:65535", "::1", "65535", false},
	    {":8080", "", "8080", true},
	    {"*:8080", "*", "8080", true},
	    {"[]:1", "", "1", true},
	    {"0.0.0.0:1", "0.0.0.0", "1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct address address;

		assert_true(address_read(cases[i].text, &address));
		assert_string_equal(address.host, cases[i].host);
		assert_string_equal(address.port, cases[i].port);
		assert_int_equal(address_is_any(&address), cases[i].is_any);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const cases[] = {"",        ":",      "localhost", "localhost:", "localhost:http",
					    "a:65536", "a:-1",   "a:1 ",      "a: 1",       "a:18446744073709551617",
					    "a:1x",    "::1:80", "1:2:3",     "[::1]",      "[::1]:8080]",
					    "[::1]:+1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct address address;

		if (address_read(cases[i], &address))
			fail_msg("\"%s\" was read as %s and %s", cases[i], address.host, address.port);
	}
}

static void a_host_is_at_most_a_name_long(void **state)
{
	struct address address;
	char text[300];

	(void)state;
	memset(text, 'a', sizeof(text));
	snprintf(text + 255, sizeof(text) - 255, ":80");
	assert_true(address_read(text, &address));
	assert_int_equal(strlen(address.host), 255);
	memset(text, 'a', sizeof(text));
	snprintf(text + 256, sizeof(text) - 256, ":80");
	assert_false(address_read(text, &address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_is_cut_in_two),
	    cmocka_unit_test(what_is_no_address_is_refused),
	    cmocka_unit_test(a_host_is_at_most_a_name_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
