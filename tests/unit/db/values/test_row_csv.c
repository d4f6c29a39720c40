#include "db/values/row_csv.h"

#include "db/values/value_text.h"
#include "lib/arena_fixture.h"
#include "lib/fake_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* A value is given without a NUL behind it, in memory of its own size, so that ASan sees a step beyond it. */
static const char *text_from(struct db_type type, struct text value)
{
	struct buffer out = buffer_in(&arena);
	char *exact = malloc(value.length + 1);

	memcpy(exact + 1, value.at, value.length);
	value_text_add(&out, &type, (struct text){exact + 1, value.length});
	free(exact);
	buffer_add_char(&out, '\0');
	return out.bytes;
}

static void a_text_is_what_json_holds(void **state)
{
	static const struct {
		enum db_type_kind kind;
		bool is_array;
		const char *value, *text;
	} cases[] = {
	    {DB_TYPE_OTHER, false, "", ""},
	    {DB_TYPE_OTHER, false, "a \"b\"\\\n", "a \"b\"\\\n"},
	    {DB_TYPE_BOOL, false, "t", "true"},
	    {DB_TYPE_BOOL, false, "f", "false"},
	    {DB_TYPE_NUMERIC, false, "1.500", "1.500"},
	    {DB_TYPE_FLOAT8, false, "NaN", "NaN"},
	    {DB_TYPE_JSON, false, "{\"b\" : 1.0}", "{\"b\" : 1.0}"},
	    {DB_TYPE_DATE, false, "2026-11-22", "2026-11-22"},
	    {DB_TYPE_TIMESTAMP, false, "2026-11-22 10:00:00", "2026-11-22T10:00:00"},
	    {DB_TYPE_TIMESTAMPTZ, false, "2026-11-22 10:00:00.5+02", "2026-11-22T10:00:00.5+02:00"},
	    {DB_TYPE_TIMESTAMPTZ, false, "infinity", "infinity"},
	    {DB_TYPE_BYTEA, false, "\\x", ""},
	    {DB_TYPE_BYTEA, false, "\\x00ff", "AP8="},
	    {DB_TYPE_BYTEA, false, "a\\\\b", "a\\\\b"},
	    {DB_TYPE_BYTEA, false, "", ""},
	    {DB_TYPE_VOID, false, "", ""},
	    {DB_TYPE_INT4, true, "{1,NULL}", "[1,null]"},
	    {DB_TYPE_OTHER, true, "{a,\"b\\\"\"}", "[\"a\",\"b\\\"\"]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct db_type type = {.kind = cases[i].kind, .is_array = cases[i].is_array, .delimiter = ','};

		assert_string_equal(text_from(type, text_of(cases[i].value)), cases[i].text);
	}
}

static struct db_column columns[] = {
    {.name = "a", .type = {.kind = DB_TYPE_OTHER}},
    {.name = "b, \"c\"", .type = {.kind = DB_TYPE_INT4}},
};
static const struct db_signature signature = {.columns = columns, .column_count = 2};

static const char *csv_of(const struct db_result *rows)
{
	struct buffer out = buffer_in(&arena);

	for (unsigned row = 0; row < db_row_count(rows); row++)
		row_csv_add(&out, &signature, rows, row, NULL);
	buffer_add_char(&out, '\0');
	return out.bytes;
}

static void names_are_the_header(void **state)
{
	struct buffer out = buffer_in(&arena);

	(void)state;
	row_csv_add_header(&out, &signature, NULL);
	buffer_add_char(&out, '\0');
	assert_string_equal(out.bytes, "a,\"b, \"\"c\"\"\"\r\n");
}

static void only_what_must_be_is_quoted(void **state)
{
	static const char *const fields[][2] = {
	    {"plain", "plain"},
	    {" a ", " a "},
	    {"=1+1", "=1+1"},
	    {"'", "'"},
	    {"a;b\tc", "a;b\tc"},
	    {"a,b", "\"a,b\""},
	    {"a\nb", "\"a\nb\""},
	    {"\r", "\"\r\""},
	    {"\"", "\"\"\"\""},
	    {",", "\",\""},
	    {"a\"b", "\"a\"\"b\""},
	    {"\"\"\"", "\"\"\"\"\"\"\"\""},
	    {"gr\xc3\xb6\xc3\x9f", "gr\xc3\xb6\xc3\x9f"},
	    {"", "\"\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "%s,7\r\n", fields[i][1]);
		assert_string_equal(csv_of(FAKE_RESULT(2, {fields[i][0], "7"})), expected);
	}
}

static void null_is_nothing_and_an_empty_text_is_quoted(void **state)
{
	(void)state;
	assert_string_equal(csv_of(FAKE_RESULT(2, {NULL, NULL}, {"", NULL}, {"x", "1"})), ",\r\n\"\",\r\nx,1\r\n");
}

static void bytes_are_those_of_the_hex(void **state)
{
	struct buffer out = buffer_in(&arena);

	(void)state;
	value_bytes_add(&out, TEXT("\\x00fF7a"));
	value_bytes_add(&out, TEXT("\\x"));
	value_bytes_add(&out, TEXT(""));
	value_bytes_add(&out, TEXT("a\\\\b"));
	assert_int_equal(out.length, 7);
	assert_memory_equal(out.bytes, "\0\377za\\\\b", 7);
}

static void columns_may_be_left_out(void **state)
{
	static const bool first[] = {true, false}, last[] = {false, true};
	struct buffer out = buffer_in(&arena);

	(void)state;
	row_csv_add_header(&out, &signature, first);
	row_csv_add(&out, &signature, FAKE_RESULT(2, {"x", "1"}), 0, first);
	row_csv_add_header(&out, &signature, last);
	row_csv_add(&out, &signature, FAKE_RESULT(2, {"x", "1"}), 0, last);
	buffer_add_char(&out, '\0');
	assert_string_equal(out.bytes, "\"b, \"\"c\"\"\"\r\n1\r\na\r\nx\r\n");
}

/* A field that grows by its quotes while the buffer has no room left. */
static void the_buffer_grows_under_any_field(void **state)
{
	(void)state;
	for (size_t length = 1; length < 3000; length += 7) {
		struct buffer out = buffer_in(&arena);
		char *value = arena_alloc(&arena, length + 1);

		memset(value, '"', length);
		value[length] = '\0';
		row_csv_add(&out, &signature, FAKE_RESULT(2, {value, NULL}), 0, NULL);
		assert_int_equal(out.length, 2 * length + 2 + 3);
		for (size_t i = 0; i < 2 * length + 2; i++)
			assert_int_equal(out.bytes[i], '"');
		assert_memory_equal(out.bytes + 2 * length + 2, ",\r\n", 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_text_is_what_json_holds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(bytes_are_those_of_the_hex, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(columns_may_be_left_out, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(names_are_the_header, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(only_what_must_be_is_quoted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(null_is_nothing_and_an_empty_text_is_quoted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_buffer_grows_under_any_field, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
