#include "base/json_out.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEST(name) cmocka_unit_test(name)

/* One of everything. */
static const char *written(struct arena *arena, bool is_indented)
{
	struct buffer out = buffer_in(arena);
	struct json_out json = {.out = &out, .is_indented = is_indented};

	json_out_open(&json, NULL, '{');
	json_out_string(&json, "a \"b\"", "c\n");
	json_out_open(&json, "list", '[');
	json_out_count(&json, NULL, UINT64_MAX);
	json_out_number(&json, NULL, 0.1);
	json_out_bool(&json, NULL, true);
	json_out_bool(&json, NULL, false);
	json_out_open(&json, NULL, '{');
	json_out_close(&json);
	json_out_close(&json);
	json_out_open(&json, "empty", '[');
	json_out_close(&json);
	json_out_null(&json, "none");
	json_out_json(&json, "as it is", "1.0e400");
	json_out_text(&json, "text", (struct text){"cut short", 3});
	json_out_begin(&json, "own");
	buffer_add(&out, TEXT("7"));
	json_out_close(&json);
	return arena_copy(arena, buffer_text(&out));
}

static void values_stand_without_white_space(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_string_equal(written(&arena, false),
			    "{\"a \\\"b\\\"\":\"c\\n\",\"list\":[18446744073709551615,0.1,true,false,{}],\"empty\":[],"
			    "\"none\":null,\"as it is\":1.0e400,\"text\":\"cut\",\"own\":7}");
	arena_cleanup(&arena);
}

static void or_each_in_a_line_of_its_own(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_string_equal(written(&arena, true), "{\n"
						   "  \"a \\\"b\\\"\": \"c\\n\",\n"
						   "  \"list\": [\n"
						   "    18446744073709551615,\n"
						   "    0.1,\n"
						   "    true,\n"
						   "    false,\n"
						   "    {}\n"
						   "  ],\n"
						   "  \"empty\": [],\n"
						   "  \"none\": null,\n"
						   "  \"as it is\": 1.0e400,\n"
						   "  \"text\": \"cut\",\n"
						   "  \"own\": 7\n"
						   "}");
	arena_cleanup(&arena);
}

static void brackets_are_closed_down_to_a_depth(void **state)
{
	struct arena arena = {0};
	struct buffer out;
	struct json_out json = {.out = &out};

	(void)state;
	out = buffer_in(&arena);
	for (unsigned i = 0; i < JSON_OUT_DEPTH_MAX; i++)
		json_out_open(&json, NULL, '[');
	json_out_close_above(&json, 1);
	assert_int_equal(json.depth, 1);
	json_out_close_above(&json, 1);
	json_out_null(&json, NULL);
	json_out_close_above(&json, 0);
	assert_int_equal(out.length, 2 * JSON_OUT_DEPTH_MAX + strlen(",null"));
	assert_memory_equal(out.bytes + out.length - strlen("],null]"), "],null]", strlen("],null]"));
	arena_cleanup(&arena);
}

static const char *element(struct arena *arena, double number, const char *string)
{
	struct buffer out = buffer_in(arena);
	struct json_out json = {.out = &out};

	json_out_open(&json, NULL, '[');
	json_out_number(&json, NULL, number);
	json_out_string(&json, NULL, string);
	json_out_close(&json);
	return arena_copy(arena, buffer_text(&out));
}

static void a_number_is_read_back_as_it_was(void **state)
{
	static const double numbers[] = {0.1, 1.0 / 3, 2.0 / 3, 1e300, 123456789.125, 5e-324, -2};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		double read = strtod(element(&arena, numbers[i], "") + 1, NULL);

		assert_memory_equal(&read, &numbers[i], sizeof(read));
	}
	assert_string_equal(element(&arena, NAN, NULL), "[null,null]");
	assert_string_equal(element(&arena, INFINITY, NULL), "[null,null]");
	arena_cleanup(&arena);
}

static void what_is_no_utf8_is_replaced(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_string_equal(element(&arena, 1, "a\xff\xc3\xa4\xe2\x82"),
			    "[1,\"a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\"]");
	arena_cleanup(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(values_stand_without_white_space),    TEST(or_each_in_a_line_of_its_own),
	    TEST(brackets_are_closed_down_to_a_depth), TEST(a_number_is_read_back_as_it_was),
	    TEST(what_is_no_utf8_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
