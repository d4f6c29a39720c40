#include "db/values/digits.h"

#include "base/buffer.h"
#include "db/values/number.h"
#include "lib/arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static uint64_t written(enum db_type_kind kind, const char *bound)
{
	struct db_type type = {.kind = kind, .delimiter = ',', .name = "numrange"};

	return digits_written(&type, bound, &arena);
}

/* As many as PostgreSQL 15 writes for SELECT 'TEXT'::numeric, but sign and point. */
static void of_a_number(void **state)
{
	static const struct {
		const char *text;
		unsigned long digits;
	} numbers[] = {
	    {"1", 0},
	    {"-12.50", 0},
	    {"1e0", 1},
	    {"1e3", 4},
	    {"-1E+3", 4},
	    {"12.5e1", 3},
	    {"1.50e1", 3},
	    {"1e131071", 131072},
	    {"1e131072", 0},
	    {"1e-3", 4},
	    {"1e-16383", 16384},
	    {"1e-16384", 0},
	    {"0e131071", 1},
	    {"0e-16383", 16384},
	    {"0.001e5", 3},
	    {"100e2", 5},
	    {"1e1000000", 0},
	    {"12e-1", 2},
	    {"0.00e3", 1},
	    {"x", 0},
	    {"1e99999999999", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(number_digits_written(text_of(numbers[i].text)), numbers[i].digits);
}

static void of_all_numbers_in_a_value(void **state)
{
	(void)state;
	assert_int_equal(written(DB_TYPE_NUMERIC, "1e131071"), 131072);
	assert_int_equal(written(DB_TYPE_JSON, "[1e3, -1.5E-2,7 ,{\"a\":2e1}]"), 4 + 4 + 2);
	assert_int_equal(written(DB_TYPE_OTHER, "{[1e3,1e4),[2e5,)}"), 4 + 5 + 6);
	assert_int_equal(written(DB_TYPE_COMPOSITE, "(1e3,\"\"\"2e3\"\"\")"), 8);
	assert_int_equal(written(DB_TYPE_NUMERIC, NULL), 0);
	assert_int_equal(written(DB_TYPE_OTHER, ""), 0);
	assert_int_equal(written(DB_TYPE_JSON, "[true, false, null, \"e\", 12]"), 0);
}

/* A piece of a word is no number. */
static void of_words(void **state)
{
	static const char *const words[] = {"9f3e12345", "1e3x", "x1e3",  "1e3.5", "1e",
					    "1e+",       "e5",   "1_1e3", ".e3",   "1..2e3"};
	static const char *const names[] = {"text", "text[]", "character varying", "character", "citext",
					    "xml",  "name"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(written(DB_TYPE_OTHER, words[i]), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct db_type type = {.kind = DB_TYPE_OTHER, .delimiter = ',', .name = names[i]};

		assert_int_equal(digits_written(&type, "1e3", &arena), 0);
	}
}

static void of_types_that_are_written_short(void **state)
{
	static const enum db_type_kind kinds[] = {DB_TYPE_FLOAT8, DB_TYPE_FLOAT4, DB_TYPE_BYTEA, DB_TYPE_HSTORE,
						  DB_TYPE_INT8};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_int_equal(written(kinds[i], "1e300"), 0);
}

static const char *repeated(const char *piece, unsigned times)
{
	struct buffer text = buffer_in(&arena);

	buffer_add_char(&text, '[');
	for (unsigned i = 0; i < times; i++)
		buffer_add(&text, text_of(piece));
	buffer_add(&text, TEXT("0]"));
	buffer_add_char(&text, '\0');
	return text.bytes;
}

/* A JSON string is stored as it is: what looks like a number in it counts in no sum that would be refused for it. */
static void strings_within_json_are_left_out(void **state)
{
	struct db_type jsons = {.kind = DB_TYPE_JSON, .is_array = true, .delimiter = ',', .name = "jsonb[]"};

	(void)state;
	assert_true(written(DB_TYPE_JSON, repeated("1e131071,", 9)) > DIGITS_MAX);
	assert_true(written(DB_TYPE_JSON, repeated("1e131071,", 8)) <= DIGITS_MAX);
	assert_int_equal(written(DB_TYPE_JSON, repeated("\"1e131071\",", 9)), 0);
	assert_int_equal(written(DB_TYPE_JSON, repeated("\"\\\" 1e131071 \\\\\",1e1,", 9)), 9 * 2);
	assert_true(digits_written(&jsons, repeated("\"1e131071\",", 9), &arena) > DIGITS_MAX);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(of_a_number),
	    TEST(of_all_numbers_in_a_value),
	    TEST(of_words),
	    TEST(of_types_that_are_written_short),
	    TEST(strings_within_json_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
