#include "files/values/file_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"

static struct arena arena;

static int tear_down(void **state)
{
	(void)state;
	arena_cleanup(&arena);
	return 0;
}

static const char *name_of(const char *path)
{
	return file_name_read(text_of(path), &arena);
}

static void names_are_decoded_segments(void **state)
{
	static const char *const cases[][2] = {
	    {"/a.txt", "a.txt"},
	    {"/a/b/c.js", "a/b/c.js"},
	    {"/a%20b.txt", "a b.txt"},
	    {"/%61.txt", "a.txt"},
	    {"/a+b", "a+b"},
	    {"/gr%C3%BC%C3%9Fe.html", "gr\xc3\xbc\xc3\x9f"
				      "e.html"},
	    {"/a%5Cb", "a\\b"},
	    {"/a..b/c...", "a..b/c..."},
	    {"/a%252Fb", "a%2Fb"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_string_equal(name_of(cases[i][0]), cases[i][1]);
}

static void a_final_slash_stands_for_the_index(void **state)
{
	(void)state;
	assert_string_equal(name_of("/"), "index.html");
	assert_string_equal(name_of("/a/"), "a/index.html");
	assert_string_equal(name_of("/a/b/"), "a/b/index.html");
}

static void what_leads_elsewhere_is_no_name(void **state)
{
	static const char *const cases[] = {
	    "",
	    "a.txt",
	    "*",
	    "//",
	    "//host",
	    "//host/",
	    "/a//b",
	    "/a//",
	    "/.",
	    "/..",
	    "/../a",
	    "/a/../b",
	    "/a/..",
	    "/%2e%2e/a",
	    "/.%2E/a",
	    "/a/%2e",
	    "/a%2Fb",
	    "/a%2fb",
	    "/..%2Fb",
	    "/%2Fetc",
	    "/a%00",
	    "/a%00.txt",
	    "/a%",
	    "/a%4",
	    "/a%zz",
	    "/%FF",
	    "/%C0%AE",
	    "/.git/config",
	    "/.htpasswd",
	    "/a/.env",
	    "/a/.b/c",
	    "/%2egit",
	    "/a/.well-known/b",
	    "/.well-known.txt",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		if (name_of(cases[i]) != NULL)
			fail_msg("%s is %s", cases[i], name_of(cases[i]));
}

static void well_known_is_served_at_the_top(void **state)
{
	(void)state;
	assert_string_equal(name_of("/.well-known/security.txt"), ".well-known/security.txt");
	assert_null(name_of("/.well-known/.secret"));
}

static void names_are_bounded(void **state)
{
	char path[2048];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[1 + FILE_SEGMENT_BYTES_MAX] = '\0';
	assert_non_null(name_of(path));
	path[1 + FILE_SEGMENT_BYTES_MAX] = 'a';
	path[2 + FILE_SEGMENT_BYTES_MAX] = '\0';
	assert_null(name_of(path));
	path[2 + FILE_SEGMENT_BYTES_MAX] = 'a';
	for (unsigned i = 0; i < sizeof(path); i += 128)
		path[i] = '/';
	path[1 + FILE_NAME_BYTES_MAX] = '\0';
	path[FILE_NAME_BYTES_MAX] = 'a';
	assert_int_equal(strlen(name_of(path)), FILE_NAME_BYTES_MAX);
	path[1 + FILE_NAME_BYTES_MAX] = 'a';
	path[2 + FILE_NAME_BYTES_MAX] = '\0';
	assert_null(name_of(path));
}

static void a_folder_is_named_with_its_slash(void **state)
{
	(void)state;
	assert_string_equal(file_name_with_slash("a", &arena), "./a/");
	assert_string_equal(file_name_with_slash("a/b c", &arena), "./b%20c/");
	assert_string_equal(file_name_with_slash("a:b", &arena), "./a%3ab/");
	assert_string_equal(file_name_with_slash("\\host", &arena), "./%5chost/");
	assert_string_equal(file_name_with_slash("a\r\nb?c#d", &arena), "./a%0d%0ab%3fc%23d/");
	assert_string_equal(file_name_with_slash("gr\xc3\xbc", &arena), "./gr%c3%bc/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(names_are_decoded_segments, tear_down),
	    cmocka_unit_test_teardown(a_final_slash_stands_for_the_index, tear_down),
	    cmocka_unit_test_teardown(what_leads_elsewhere_is_no_name, tear_down),
	    cmocka_unit_test_teardown(well_known_is_served_at_the_top, tear_down),
	    cmocka_unit_test_teardown(names_are_bounded, tear_down),
	    cmocka_unit_test_teardown(a_folder_is_named_with_its_slash, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
