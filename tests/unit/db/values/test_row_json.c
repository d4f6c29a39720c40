#include "db/values/row_json.h"

#include "base/base64.h"
#include "db/values/quoted.h"
#include "lib/arena_fixture.h"
#include "lib/fake_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* Values are given to the code without a NUL behind them, each in memory of its own size, so that ASan sees a step
 * beyond it. */
static const char *json_of(struct db_type type, struct text value)
{
	struct buffer out = buffer_in(&arena);
	char *exact = malloc(value.length + 1);

	memcpy(exact + 1, value.at, value.length);
	row_json_add_value(&out, &type, (struct text){exact + 1, value.length});
	free(exact);
	buffer_add_char(&out, '\0');
	return out.bytes;
}

struct expected {
	enum db_type_kind kind;
	const char *value, *json;
};

static void compare(const struct expected *cases, size_t count, bool is_array, char delimiter)
{
	for (size_t i = 0; i < count; i++) {
		struct db_type type = {.kind = cases[i].kind, .is_array = is_array, .delimiter = delimiter};
		const char *json = json_of(type, text_of(cases[i].value));

		if (strcmp(json, cases[i].json) != 0)
			fail_msg("kind %d, %s: expected %s, got %s", (int)cases[i].kind, cases[i].value, cases[i].json,
				 json);
	}
}

static void every_kind_has_its_json_form(void **state)
{
	static const struct expected cases[] = {
	    {DB_TYPE_OTHER, "", "\"\""},
	    {DB_TYPE_OTHER, "a \"b\"\\\n\x01\xc3\xa4", "\"a \\\"b\\\"\\\\\\n\\u0001\xc3\xa4\""},
	    {DB_TYPE_OTHER, "123", "\"123\""},
	    {DB_TYPE_BOOL, "t", "true"},
	    {DB_TYPE_BOOL, "f", "false"},
	    {DB_TYPE_INT2, "-32768", "-32768"},
	    {DB_TYPE_INT4, "2147483647", "2147483647"},
	    {DB_TYPE_INT8, "-9223372036854775808", "-9223372036854775808"},
	    {DB_TYPE_FLOAT4, "1e+20", "1e+20"},
	    {DB_TYPE_FLOAT8, "-0", "-0"},
	    {DB_TYPE_FLOAT8, "9.5", "9.5"},
	    {DB_TYPE_FLOAT8, "", "\"\""},
	    {DB_TYPE_FLOAT8, "-", "\"-\""},
	    {DB_TYPE_BOOL, "", "false"},
	    {DB_TYPE_FLOAT8, "1.5e-07", "1.5e-07"},
	    {DB_TYPE_FLOAT8, "NaN", "\"NaN\""},
	    {DB_TYPE_FLOAT8, "Infinity", "\"Infinity\""},
	    {DB_TYPE_FLOAT4, "-Infinity", "\"-Infinity\""},
	    {DB_TYPE_NUMERIC, "12345678901234567890.1200", "12345678901234567890.1200"},
	    {DB_TYPE_NUMERIC, "-0.5", "-0.5"},
	    {DB_TYPE_NUMERIC, "NaN", "\"NaN\""},
	    {DB_TYPE_NUMERIC, "-Infinity", "\"-Infinity\""},
	    {DB_TYPE_JSON, "{\"b\" : 1.0,\n\"a\":[null]}", "{\"b\" : 1.0,\n\"a\":[null]}"},
	    {DB_TYPE_UUID, "123e4567-e89b-12d3-a456-426614174000", "\"123e4567-e89b-12d3-a456-426614174000\""},
	    {DB_TYPE_DATE, "2026-11-22", "\"2026-11-22\""},
	    {DB_TYPE_DATE, "0044-03-15 BC", "\"0044-03-15 BC\""},
	    {DB_TYPE_DATE, "infinity", "\"infinity\""},
	    {DB_TYPE_TIME, "10:00:00.5", "\"10:00:00.5\""},
	    {DB_TYPE_INTERVAL, "P1Y2M3DT4H5M6.7S", "\"P1Y2M3DT4H5M6.7S\""},
	    {DB_TYPE_VOID, "", "null"},
	};

	(void)state;
	compare(cases, ARRAY_LENGTH(cases), false, ',');
}

static void timestamps_are_iso_8601(void **state)
{
	static const struct expected cases[] = {
	    {DB_TYPE_TIMESTAMP, "2026-11-22 10:00:00", "\"2026-11-22T10:00:00\""},
	    {DB_TYPE_TIMESTAMP, "2026-11-22 10:00:00.5", "\"2026-11-22T10:00:00.5\""},
	    {DB_TYPE_TIMESTAMP, "12026-11-22 10:00:00.12", "\"12026-11-22T10:00:00.12\""},
	    {DB_TYPE_TIMESTAMP, "infinity", "\"infinity\""},
	    {DB_TYPE_TIMESTAMP, "-infinity", "\"-infinity\""},
	    {DB_TYPE_TIMESTAMP, "0044-03-15 10:00:00 BC", "\"0044-03-15 10:00:00 BC\""},
	    {DB_TYPE_TIMESTAMPTZ, "2026-11-22 10:00:00.5+02", "\"2026-11-22T10:00:00.5+02:00\""},
	    {DB_TYPE_TIMESTAMPTZ, "2026-11-22 10:00:00+00", "\"2026-11-22T10:00:00+00:00\""},
	    {DB_TYPE_TIMESTAMPTZ, "2026-11-22 10:00:00-05", "\"2026-11-22T10:00:00-05:00\""},
	    {DB_TYPE_TIMESTAMPTZ, "2026-11-22 10:00:00.123456+05:30", "\"2026-11-22T10:00:00.123456+05:30\""},
	    {DB_TYPE_TIMESTAMPTZ, "1890-01-01 00:00:00+00:53:28", "\"1890-01-01T00:00:00+00:53:28\""},
	    {DB_TYPE_TIMESTAMPTZ, "0044-03-15 10:00:00+00 BC", "\"0044-03-15 10:00:00+00 BC\""},
	    {DB_TYPE_TIMESTAMPTZ, "infinity", "\"infinity\""},
	    /* DateStyle is ISO on our sessions; if a function changes it, its text is shown as it is */
	    {DB_TYPE_TIMESTAMPTZ, "Sun Nov 22 10:00:00 2026 CET", "\"Sun Nov 22 10:00:00 2026 CET\""},
	    {DB_TYPE_TIMESTAMPTZ, "11/22/2026 10:00:00 CET", "\"11/22/2026 10:00:00 CET\""},
	    {DB_TYPE_TIMESTAMPTZ, "026-11-22 10:00:00+01", "\"026-11-22 10:00:00+01\""},
	    {DB_TYPE_TIMESTAMPTZ, "", "\"\""},
	    {DB_TYPE_TIMESTAMPTZ, " ", "\" \""},
	};

	(void)state;
	compare(cases, ARRAY_LENGTH(cases), false, ',');
}

static void bytea_is_base64(void **state)
{
	static const struct expected cases[] = {
	    {DB_TYPE_BYTEA, "\\x", "\"\""},
	    {DB_TYPE_BYTEA, "\\x66", "\"Zg==\""},
	    {DB_TYPE_BYTEA, "\\x666f", "\"Zm8=\""},
	    {DB_TYPE_BYTEA, "\\x666f6f", "\"Zm9v\""},
	    {DB_TYPE_BYTEA, "\\x666f6f62", "\"Zm9vYg==\""},
	    {DB_TYPE_BYTEA, "\\x00ffABcd", "\"AP+rzQ==\""},
	    {DB_TYPE_BYTEA, "abc\\001", "\"abc\\\\001\""},
	    {DB_TYPE_BYTEA, "abcd", "\"abcd\""},
	    {DB_TYPE_BYTEA, "\\x6", "\"\\\\x6\""},
	    {DB_TYPE_BYTEA, "\\y66", "\"\\\\y66\""},
	    {DB_TYPE_BYTEA, "\\", "\"\\\\\""},
	    {DB_TYPE_BYTEA, "", "\"\""},
	};

	(void)state;
	compare(cases, ARRAY_LENGTH(cases), false, ',');
}

/* By the group function, which has tests of its own. */
static void every_length_of_bytea_is_base64(void **state)
{
	enum { LENGTH_MAX = 64 };

	(void)state;
	for (unsigned length = 0; length <= LENGTH_MAX; length++)
		for (unsigned first = 0; first < 256; first++) {
			char hex[2 * LENGTH_MAX + 3] = "\\x", expected[2 * LENGTH_MAX + 3] = "\"", *end = expected + 1;
			uint8_t bytes[LENGTH_MAX + 3] = {0};

			for (unsigned i = 0; i < length; i++) {
				bytes[i] = (uint8_t)(first + 37 * i);
				sprintf(hex + 2 + 2 * (size_t)i, i % 7 == 6 ? "%02X" : "%02x", bytes[i]);
			}
			for (unsigned i = 0; i < length; i += 3, end += 4)
				base64_encode_group(bytes + i, length - i < 3 ? length - i : 3, end);
			strcpy(end, "\"");
			assert_string_equal(json_of((struct db_type){.kind = DB_TYPE_BYTEA}, text_of(hex)), expected);
			arena_reset(&arena);
		}
}

/* As PostgreSQL writes it in an array, and as it is given to PostgreSQL. */
static void elements_of_any_text_go_both_ways(void **state)
{
	static const char letters[] = {'"', '\\', '{', ',', '}', '\n', 'a', ' ', '\xc3', '\xa4'};
	struct db_type type = {.kind = DB_TYPE_OTHER, .is_array = true, .delimiter = ','};
	uint32_t random = 1;

	(void)state;
	for (unsigned times = 0; times < 5000; times++) {
		struct buffer literal = buffer_in(&arena), json = buffer_in(&arena);

		buffer_add_char(&literal, '{');
		buffer_add_char(&json, '[');
		for (unsigned element = 0; element < 3; element++) {
			char text[65];
			unsigned length = (times + 17 * element) % sizeof(text);

			for (unsigned i = 0; i < length; i++) {
				random = random * 1664525 + 1013904223;
				text[i] = letters[(random >> 16) % (2 + times % 9)];
			}
			text[length] = '\0';
			if (element > 0) {
				buffer_add_char(&literal, ',');
				buffer_add_char(&json, ',');
			}
			quoted_add(&literal, text);
			buffer_add_json_string(&json, text_of(text));
		}
		buffer_add(&literal, TEXT("}"));
		buffer_add(&json, (struct text){"]", 2});
		assert_string_equal(json_of(type, buffer_text(&literal)), json.bytes);
		arena_reset(&arena);
	}
}

static void arrays_are_arrays(void **state)
{
	static const struct expected cases[] = {
	    {DB_TYPE_INT4, "{}", "[]"},
	    {DB_TYPE_INT4, "{1}", "[1]"},
	    {DB_TYPE_INT4, "{1,-2,NULL}", "[1,-2,null]"},
	    {DB_TYPE_INT4, "{{1,2},{3,NULL}}", "[[1,2],[3,null]]"},
	    {DB_TYPE_INT4, "[0:1]={1,2}", "[1,2]"},
	    {DB_TYPE_INT4, "[2:3][-1:0]={{1,2},{3,4}}", "[[1,2],[3,4]]"},
	    {DB_TYPE_INT4, "{{{{{{1}}}}}}", "[[[[[[1]]]]]]"},
	    {DB_TYPE_OTHER, "{a,\"NULL\",NULL,\"null\",\"\",\"a b\",\"a,b\",\"{x}\"}",
	     "[\"a\",\"NULL\",null,\"null\",\"\",\"a b\",\"a,b\",\"{x}\"]"},
	    {DB_TYPE_OTHER, "{\"a \\\"b\\\\\",\"\\\\\\\\\",\"long enough \\\" x\",\"[0:1]={\"}",
	     "[\"a \\\"b\\\\\",\"\\\\\\\\\",\"long enough \\\" x\",\"[0:1]={\"]"},
	    {DB_TYPE_OTHER, "{\"line\nline\",nullable}", "[\"line\\nline\",\"nullable\"]"},
	    {DB_TYPE_BOOL, "{t,f,NULL}", "[true,false,null]"},
	    {DB_TYPE_FLOAT8, "{1.5,NaN,-Infinity}", "[1.5,\"NaN\",\"-Infinity\"]"},
	    {DB_TYPE_NUMERIC, "{1.50,-2}", "[1.50,-2]"},
	    {DB_TYPE_JSON, "{\"{\\\"a\\\": \\\"b\\\\\\\"c\\\"}\",1,NULL,\"null\"}",
	     "[{\"a\": \"b\\\"c\"},1,null,null]"},
	    {DB_TYPE_BYTEA, "{\"\\\\x00ff\",\"\\\\x\",NULL}", "[\"AP8=\",\"\",null]"},
	    {DB_TYPE_TIMESTAMPTZ, "{\"2026-11-22 08:00:00+00\"}", "[\"2026-11-22T08:00:00+00:00\"]"},
	    {DB_TYPE_TIMESTAMP, "{\"2026-11-22 08:00:00\",infinity}", "[\"2026-11-22T08:00:00\",\"infinity\"]"},
	    {DB_TYPE_DATE, "{2026-11-22}", "[\"2026-11-22\"]"},
	    /* int2vector: its elements have a type, its text is no array's */
	    {DB_TYPE_INT2, "1 2", "\"1 2\""},
	    {DB_TYPE_INT2, "", "\"\""},
	};
	static const struct expected boxes[] = {
	    {DB_TYPE_OTHER, "{(1,1),(0,0);(2,2),(1,1)}", "[\"(1,1),(0,0)\",\"(2,2),(1,1)\"]"},
	    {DB_TYPE_OTHER, "{{(1,1),(0,0)};{NULL}}", "[[\"(1,1),(0,0)\"],[null]]"},
	};

	(void)state;
	compare(cases, ARRAY_LENGTH(cases), true, ',');
	compare(boxes, ARRAY_LENGTH(boxes), true, ';');
}

/* PostgreSQL sends none of these; what counts is that nothing is read or written outside (ASan sees it). */
static void a_cut_array_stays_in_its_bounds(void **state)
{
	static const struct text whole = TEXT_INIT("[0:1]={{\"a\\\"b\",c},{\"\\\\\",NULL}}");
	struct db_type type = {.kind = DB_TYPE_OTHER, .is_array = true, .delimiter = ','};

	(void)state;
	assert_string_equal(json_of(type, whole), "[[\"a\\\"b\",\"c\"],[\"\\\\\",null]]");
	for (size_t length = 0; length < whole.length; length++)
		assert_true(strlen(json_of(type, (struct text){whole.at, length})) <= whole.length + 2);
	assert_string_equal(json_of(type, TEXT("{\"a\\")), "[\"a\"");
	assert_string_equal(json_of(type, TEXT("{\"a")), "[\"a\"");
}

static void a_row_is_an_object(void **state)
{
	struct db_column columns[] = {
	    {.name = "id", .key = TEXT_INIT("\"id\":"), .type = {.kind = DB_TYPE_INT8}},
	    {.name = "na\"me", .key = TEXT_INIT("\"na\\\"me\":"), .type = {.kind = DB_TYPE_OTHER}},
	    {.name = "tags",
	     .key = TEXT_INIT("\"tags\":"),
	     .type = {DB_TYPE_OTHER, true, ',', "text[]", NULL, NULL, NULL}},
	};
	struct db_signature signature = {.columns = columns, .column_count = 3};
	struct db_result *rows = FAKE_RESULT(3, {"1", "Germany", "{a,b}"}, {"2", NULL, NULL}, {NULL, "", "{}"});
	struct buffer out = buffer_in(&arena);

	(void)state;
	for (unsigned row = 0; row < db_row_count(rows); row++)
		row_json_add(&out, &signature, rows, row);
	buffer_add_char(&out, '\0');
	assert_string_equal(out.bytes, "{\"id\":1,\"na\\\"me\":\"Germany\",\"tags\":[\"a\",\"b\"]}"
				       "{\"id\":2,\"na\\\"me\":null,\"tags\":null}"
				       "{\"id\":null,\"na\\\"me\":\"\",\"tags\":[]}");
}

static void a_row_without_columns_is_an_empty_object(void **state)
{
	struct db_signature signature = {.column_count = 0};
	struct buffer out = buffer_in(&arena);

	(void)state;
	row_json_add(&out, &signature, FAKE_EMPTY(0), 0);
	assert_true(text_equal(buffer_text(&out), TEXT("{}")));
}

/* Whatever room is left in the buffer when a value comes. */
static void the_buffer_grows_under_any_value(void **state)
{
	static const struct expected cases[] = {
	    {DB_TYPE_OTHER, "\"\"\"\"", "\"\\\"\\\"\\\"\\\"\""},
	    {DB_TYPE_INT8, "-9223372036854775808", "-9223372036854775808"},
	    {DB_TYPE_BOOL, "f", "false"},
	    {DB_TYPE_UUID, "123e4567-e89b-12d3-a456-426614174000", "\"123e4567-e89b-12d3-a456-426614174000\""},
	    {DB_TYPE_BYTEA, "\\x666f6f62", "\"Zm9vYg==\""},
	    {DB_TYPE_TIMESTAMPTZ, "2026-11-22 10:00:00+02", "\"2026-11-22T10:00:00+02:00\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct db_type type = {.kind = cases[i].kind};

		for (size_t filled = 1; filled < 600; filled++) {
			struct buffer out = buffer_in(&arena);

			memset(buffer_reserve(&out, filled), '#', filled);
			out.length += filled;
			row_json_add_value(&out, &type, text_of(cases[i].value));
			assert_int_equal(out.length, filled + strlen(cases[i].json));
			assert_true(out.length <= out.capacity);
			assert_memory_equal(out.bytes + filled, cases[i].json, strlen(cases[i].json));
			arena_reset(&arena);
		}
	}
}

/* json is passed as it came, and may hold line breaks. */
static void a_line_is_one_line(void **state)
{
	struct db_column columns[] = {{.name = "a", .key = TEXT_INIT("\"a\":"), .type = {.kind = DB_TYPE_JSON}},
				      {.name = "b", .key = TEXT_INIT("\"b\":"), .type = {.kind = DB_TYPE_OTHER}}};
	const struct db_signature signature = {.columns = columns, .column_count = 2};
	struct buffer out = buffer_in(&arena);

	(void)state;
	buffer_add(&out, TEXT("\n"));
	row_json_add_line(&out, &signature, FAKE_RESULT(2, {"[1,\r\n2]", "x\ny"}, {NULL, ""}), 0);
	row_json_add_line(&out, &signature, FAKE_RESULT(2, {"[1,\r\n2]", "x\ny"}, {NULL, ""}), 1);
	buffer_add_char(&out, '\0');
	assert_string_equal(out.bytes, "\n{\"a\":[1,  2],\"b\":\"x\\ny\"}\n{\"a\":null,\"b\":\"\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_kind_has_its_json_form, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(timestamps_are_iso_8601, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(bytea_is_base64, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(every_length_of_bytea_is_base64, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(elements_of_any_text_go_both_ways, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(arrays_are_arrays, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_cut_array_stays_in_its_bounds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_row_is_an_object, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_row_without_columns_is_an_empty_object, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_line_is_one_line, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_buffer_grows_under_any_value, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
