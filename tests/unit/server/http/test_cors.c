/* Which origins a list of them takes. */
#include "server/http/cors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char why[400];

static struct cors *create(const char *list)
{
	struct cors *cors = cors_create(list, why, sizeof(why));

	if (cors == NULL)
		fail_msg("%s: %s", list, why);
	return cors;
}

static void an_origin_is_taken_as_it_is_written(void **state)
{
	struct cors *cors = create("https://a.example, http://b.example:8080,http://[::1]:3000 , https://c.example:80");

	(void)state;
	assert_int_equal(cors->count, 4);
	assert_false(cors->takes_any);
	assert_true(cors_takes(cors, TEXT("https://a.example")));
	assert_true(cors_takes(cors, TEXT("http://b.example:8080")));
	assert_true(cors_takes(cors, TEXT("http://[::1]:3000")));
	assert_true(cors_takes(cors, TEXT("https://c.example:80")));
	assert_false(cors_takes(cors, TEXT("http://a.example")));
	assert_false(cors_takes(cors, TEXT("https://a.example:8443")));
	assert_false(cors_takes(cors, TEXT("https://A.example")));
	assert_false(cors_takes(cors, TEXT("https://a.example.evil.example")));
	assert_false(cors_takes(cors, TEXT("https://a.exampl")));
	assert_false(cors_takes(cors, TEXT("null")));
	assert_false(cors_takes(cors, TEXT("")));
	cors_destroy(cors);
}

static void a_star_takes_all(void **state)
{
	struct cors *cors = create(" * ");

	(void)state;
	assert_true(cors->takes_any);
	assert_true(cors_takes(cors, TEXT("https://a.example")));
	assert_true(cors_takes(cors, TEXT("null")));
	cors_destroy(cors);
}

static void what_is_no_origin_is_refused(void **state)
{
	static const char *const cases[] = {"https://",
					    "http://",
					    "a.example",
					    "null",
					    "https://a.example/",
					    "https://a.example/path",
					    "https://A.example",
					    "https://a.exampleZ",
					    "HTTPS://a.example",
					    "ftp://a.example",
					    "https://:8443",
					    "https://a.example:443",
					    "http://a.example:80",
					    "https://a b",
					    "*,https://a.example",
					    "https://*",
					    "https://a.example,,https://b.example",
					    ",",
					    "https://a?b",
					    "https://a#b",
					    "https://u@a",
					    "https://*.example",
					    "https://a:",
					    "https://a:x",
					    "https://a:80x",
					    "https://[::1",
					    "https://[",
					    "https://[::1]x",
					    "https://[::g]",
					    "https://]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct cors *cors = cors_create(cases[i], why, sizeof(why));

		if (cors != NULL)
			fail_msg("\"%s\" was taken", cases[i]);
		assert_non_null(strstr(why, "is no origin; expected * or some such as https://app.example"));
	}
}

static void what_is_long_is_shown_in_part(void **state)
{
	char item[200], expected[200];

	(void)state;
	memset(item, 'a', sizeof(item));
	item[sizeof(item) - 1] = '\0';
	assert_null(cors_create(item, why, sizeof(why)));
	snprintf(expected, sizeof(expected), "\"%.100s\" is no origin; ", item);
	assert_memory_equal(why, expected, strlen(expected));
}

static void origins_are_few(void **state)
{
	char list[4096] = "https://a";
	struct cors *cors;

	(void)state;
	for (unsigned i = 1; i < CORS_ORIGINS_MAX; i++)
		strcat(list, ",https://a");
	cors = create(list);
	assert_int_equal(cors->count, CORS_ORIGINS_MAX);
	cors_destroy(cors);
	strcat(list, ",https://a");
	assert_null(cors_create(list, why, sizeof(why)));
	assert_string_equal(why, "there are more than 64 origins");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_origin_is_taken_as_it_is_written),
	    cmocka_unit_test(a_star_takes_all),
	    cmocka_unit_test(what_is_no_origin_is_refused),
	    cmocka_unit_test(what_is_long_is_shown_in_part),
	    cmocka_unit_test(origins_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
