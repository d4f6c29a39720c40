#include "fetch/values/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_urls_that_are_taken(void **state)
{
	static const char *const good[] = {
	    "http://example.org",
	    "https://example.org/a?b#c",
	    "HTTP://EXAMPLE.org:8080/",
	    "http://[::1]:80/x",
	    "http://127.0.0.1/%20%zz",
	    "http://2130706433/",
	    "https://b\303\274cher.example/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (url_check(good[i]) != NULL)
			fail_msg("%s: %s", good[i], url_check(good[i]));
}

static void test_urls_that_are_not(void **state)
{
	static const struct {
		const char *url, *word;
	} bad[] = {
	    {"", "absolute"},
	    {"example.org/a", "absolute"},
	    {"/a", "absolute"},
	    {"//example.org/", "absolute"},
	    {"http://", "absolute"},
	    {"ftp://example.org/", "http://"},
	    {"file:///etc/passwd", "http://"},
	    {"gopher://example.org/", "http://"},
	    {"javascript:alert(1)", "absolute"},
	    {"http://me@example.org/", "user"},
	    {"http://me:you@example.org/", "user"},
	    {"http://:you@example.org/", "user"},
	    {"http://example.org/a b", "space"},
	    {"http://example.org/a\tb", "space"},
	    {"http://example.org\\@other/", "backslash"},
	    {"http://example.org/\r\nX: y", "control"},
	    {"http://example.org:99999/", "absolute"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *said = url_check(bad[i].url);

		if (said == NULL || strstr(said, bad[i].word) == NULL)
			fail_msg("%s: %s", bad[i].url, said != NULL ? said : "taken");
	}
}

static void test_a_url_that_is_too_long(void **state)
{
	char *url = calloc(1, URL_BYTES_MAX + 2);

	(void)state;
	memset(url, 'x', URL_BYTES_MAX + 1);
	memcpy(url, "http://x/", 9);
	assert_non_null(strstr(url_check(url), "8192"));
	url[URL_BYTES_MAX] = '\0';
	assert_null(url_check(url));
	free(url);
}

static void test_what_rules_are_about(void **state)
{
	static const struct {
		const char *url, *origin, *target;
	} cases[] = {
	    {"http://example.org", "http://example.org", "/"},
	    {"HTTP://Example.ORG:80/A?b=C#d", "http://example.org", "/A?b=C"},
	    {"https://example.org:443/", "https://example.org", "/"},
	    {"https://example.org:80/", "https://example.org:80", "/"},
	    {"http://[::1]:8080?x", "http://[::1]:8080", "/?x"},
	    {"http://0x7f.1/a", "http://127.0.0.1", "/a"},
	};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct url_parts parts;

		url_split(cases[i].url, &arena, &parts);
		assert_string_equal(parts.origin, cases[i].origin);
		assert_string_equal(parts.target, cases[i].target);
	}
	arena_cleanup(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_urls_that_are_taken),
	    cmocka_unit_test(test_urls_that_are_not),
	    cmocka_unit_test(test_a_url_that_is_too_long),
	    cmocka_unit_test(test_what_rules_are_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
