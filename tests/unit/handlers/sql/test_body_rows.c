#include "handlers/sql/body_rows.h"

#include "lib/arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* The JSON, or what is wrong. */
static const char *from_csv(const char *csv)
{
	struct buffer out = buffer_in(&arena);
	bool is_too_large;
	const char *problem = body_rows_from_csv(text_of(csv), &out, &is_too_large);

	assert_false(is_too_large);
	buffer_add_char(&out, '\0');
	return problem != NULL ? problem : out.bytes;
}

static const char *from_lines(const char *lines)
{
	struct buffer out = buffer_in(&arena);
	const char *problem = body_rows_from_lines(text_of(lines), 3, &out);

	buffer_add_char(&out, '\0');
	return problem != NULL ? problem : out.bytes;
}

static void csv_becomes_objects_of_strings(void **state)
{
	(void)state;
	assert_string_equal(from_csv("a"), "[]");
	assert_string_equal(from_csv("a,b\r\n"), "[]");
	assert_string_equal(from_csv("a,b\r\n1,x\r\n"), "[{\"a\":\"1\",\"b\":\"x\"}]");
	assert_string_equal(from_csv("a,b\n,\n\"\",\n,\"\"\n"), "[{},{\"a\":\"\"},{\"b\":\"\"}]");
	assert_string_equal(from_csv("a\n\nx"), "[{},{\"a\":\"x\"}]");
	assert_string_equal(from_csv("\"a \"\"b\"\"\"\n\"x\n\\\"\n"), "[{\"a \\\"b\\\"\":\"x\\n\\\\\"}]");
	assert_string_equal(from_csv("\xEF\xBB\xBF"
				     "a\n1\n"),
			    "[{\"a\":\"1\"}]");
}

static void a_wrong_record_is_named(void **state)
{
	(void)state;
	assert_string_equal(from_csv("a,b\n\"x\ny\",2\n3\n"), "line 4 has 1 field, and the header has 2");
	assert_string_equal(from_csv("a\n1,2\n"), "line 2 has 2 fields, and the header has 1");
	assert_string_equal(from_csv("a,a\n"), "line 1: two columns have the name \"a\"");
	assert_string_equal(from_csv("a,\n"), "line 1: column 2 has no name");
	assert_string_equal(from_csv("\"a\n"), "line 1: a field begins with a quote and none closes it");
	assert_string_equal(from_csv("a,b\n1,\"\n"), "line 2: a field begins with a quote and none closes it");
	assert_string_equal(from_csv(""), "line 1: the names of the columns were expected");
}

static void rows_are_bounded(void **state)
{
	struct buffer csv = buffer_in(&arena), out = buffer_in(&arena);
	bool is_too_large;

	(void)state;
	buffer_printf(&csv, "%060d\n", 0);
	while (csv.length < 20000)
		buffer_add(&csv, TEXT("1\n"));
	assert_non_null(body_rows_from_csv(buffer_text(&csv), &out, &is_too_large));
	assert_true(is_too_large);
	assert_true(out.length <= body_rows_most(csv.length) + 100);
}

static void lines_are_kept_as_they_are(void **state)
{
	(void)state;
	assert_string_equal(from_lines(""), "[]");
	assert_string_equal(from_lines(" \n\r\n"), "[]");
	assert_string_equal(from_lines("{\"a\":1.50}\n\n {\"b\" : []} \r\n"), "[{\"a\":1.50},{\"b\" : []} \r]");
	assert_string_equal(from_lines("{}\n[]"), "line 2, column 1: a JSON object was expected");
	assert_string_equal(from_lines("{}\n{\"a\":}\n{}"), "line 2, column 6: a value was expected");
	assert_string_equal(from_lines("{}\n{\"a\":[[[1]]]}"), "line 2, column 8: nested deeper than 3 levels");
	assert_string_equal(from_lines("{\"a\":1,\"a\":2}"), "line 1, column 8: duplicate name \"a\"");
	assert_string_equal(from_lines("{} {}"), "line 1, column 4: nothing was expected behind the value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(csv_becomes_objects_of_strings, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_wrong_record_is_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(rows_are_bounded, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(lines_are_kept_as_they_are, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
