/* Rows with large values, written a part at a time: the parts are the row, wherever they end. */
#include "db/values/row_json.h"

#include "lib/fake_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* `unit` so many times between two texts: as PostgreSQL gives it, and as JSON. */
static const struct large {
	enum db_type_kind kind;
	bool is_array;
	unsigned times;
	const char *begin, *unit, *end;
	const char *json_begin, *json_unit, *json_end;
} larges[] = {
    {DB_TYPE_OTHER, false, 7001, "", "a\"\n", "\x01", "\"", "a\\\"\\n", "\\u0001\""},
    {DB_TYPE_JSON, false, 5000, "[\"\\u0000\"", ", {\"a\":\n1}", "]", "[\"\\u0000\"", ", {\"a\":\n1}", "]"},
    {DB_TYPE_NUMERIC, false, 20000, "-1", "0", ".5", "-1", "0", ".5"},
    {DB_TYPE_BYTEA, false, 5001, "\\x", "666f6f", "62", "\"", "Zm9v", "Yg==\""},
    {DB_TYPE_BYTEA, false, 5001, "ab", "\\000", "", "\"ab", "\\\\000", "\""},
    {DB_TYPE_OTHER, true, 4000, "{x,\"", "\\\"\\\\y", "\",b,NULL}", "[\"x\",\"", "\\\"\\\\y", "\",\"b\",null]"},
    {DB_TYPE_OTHER, true, 20000, "{NULL,", "x", ",NULL}", "[null,\"", "x", "\",null]"},
    {DB_TYPE_OTHER, true, 20000, "[0:1]={{a},{", "x", "}}", "[[\"a\"],[\"", "x", "\"]]"},
    {DB_TYPE_OTHER, true, 20000, "{", "a,", "a}", "[", "\"a\",", "\"a\"]"},
    {DB_TYPE_JSON, true, 4000, "{\"[", "\\\"a\\\",", "1]\",2}", "[[", "\"a\",", "1],2]"},
    {DB_TYPE_BYTEA, true, 5001, "{\"\\\\x", "666f6f", "62\",\"\\\\x62\"}", "[\"", "Zm9v", "Yg==\",\"Yg==\"]"},
    {DB_TYPE_NUMERIC, true, 20000, "{1,", "7", ",NaN}", "[1,", "7", ",\"NaN\"]"},
    {DB_TYPE_OTHER, true, 9000, "1 2", " 3", "", "\"1 2", " 3", "\""},
    {DB_TYPE_INT4, false, 1, "", "7", "", "", "7", ""},
};
enum { COUNT = ARRAY_LENGTH(larges) };

static struct arena arena;
static struct db_column columns[COUNT];
static const struct db_signature signature = {.columns = columns, .column_count = COUNT};
static const char *values[COUNT];
static struct db_result rows = {.values = values, .row_count = 1, .column_count = COUNT};
static struct buffer expected;

static void repeat(struct buffer *out, const char *begin, const char *unit, unsigned times, const char *end)
{
	buffer_add(out, text_of(begin));
	for (unsigned i = 0; i < times; i++)
		buffer_add(out, text_of(unit));
	buffer_add(out, text_of(end));
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0);
	expected = buffer_in(&arena);
	for (unsigned i = 0; i < COUNT; i++) {
		const struct large *large = &larges[i];
		struct buffer value = buffer_in(&arena);

		columns[i] =
		    (struct db_column){.name = "c",
				       .key = TEXT_INIT("\"c\":"),
				       .type = {.kind = large->kind, .is_array = large->is_array, .delimiter = ','}};
		repeat(&value, large->begin, large->unit, large->times, large->end);
		buffer_add_char(&value, '\0');
		values[i] = value.bytes;
		buffer_add(&expected, i == 0 ? TEXT("{\"c\":") : TEXT(",\"c\":"));
		repeat(&expected, large->json_begin, large->json_unit, large->times, large->json_end);
	}
	buffer_add_char(&expected, '}');
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_cleanup(&arena);
	return 0;
}

static void assert_expected(const struct buffer *out)
{
	for (size_t i = 0; i < out->length && i < expected.length; i++)
		if (out->bytes[i] != expected.bytes[i])
			fail_msg("at %zu: expected %.60s, got %.60s", i, expected.bytes + i, out->bytes + i);
	assert_int_equal(out->length, expected.length);
}

static void a_row_with_large_values_is_whole(void **state)
{
	struct buffer out = buffer_in(&arena);

	(void)state;
	row_json_add(&out, &signature, &rows, 0);
	assert_expected(&out);
}

/* A part ends behind its bound, by one chunk or one small value: with six characters for each byte at most. */
static void parts_are_as_long_as_asked_for(void **state)
{
	static const size_t steps[] = {1, 2, 5000, 6145, 65536, 1 << 20};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		struct buffer out = buffer_in(&arena);
		struct row_json json;
		unsigned parts = 1;

		row_json_begin(&json, &out, &signature, &rows, 0);
		for (size_t until = steps[i]; !row_json_go_on(&json, &out, until); until = out.length + steps[i]) {
			assert_true(out.length >= until);
			assert_true(out.length <= until + 6 * VALUE_LARGE_BYTES);
			parts++;
		}
		assert_expected(&out);
		assert_true(parts >= expected.length / (steps[i] + 6 * VALUE_LARGE_BYTES));
		assert_true(parts <= expected.length / steps[i] + 1);
	}
}

/* What ends too early is written as far as it goes, and nothing behind it is read. */
static void a_large_element_may_be_cut_off(void **state)
{
	static const char *const ends[] = {"", "\\", "\"", "\\\""};
	struct db_type type = {.kind = DB_TYPE_OTHER, .is_array = true, .delimiter = ','};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
		for (unsigned length = VALUE_LARGE_BYTES - 5; length < VALUE_LARGE_BYTES + 5; length++) {
			struct buffer out = buffer_in(&arena), value = buffer_in(&arena);
			char *exact;

			repeat(&value, "{\"", "x", length, ends[i]);
			exact = malloc(value.length);
			memcpy(exact, value.bytes, value.length);
			row_json_add_value(&out, &type, (struct text){exact, value.length});
			free(exact);
			assert_memory_equal(out.bytes, "[\"xxx", 5);
			assert_int_equal(out.bytes[out.length - 1], '"');
			assert_int_equal(out.length, 2 + length + (i == 3 ? 2 : 0) + 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_row_with_large_values_is_whole, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(parts_are_as_long_as_asked_for, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_large_element_may_be_cut_off, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
