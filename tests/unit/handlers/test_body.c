#include "handlers/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

enum { DEPTH = 4 };

static struct arena arena;
static struct body body;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0);
	memset(&body, 0xff, sizeof(body));
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_cleanup(&arena);
	return 0;
}

static void expect_refused(struct text json, const char *expected)
{
	const char *problem = body_parse(json, DEPTH, &arena, &body);

	assert_non_null(problem);
	assert_string_equal(problem, expected);
}

static void expect_field(unsigned index, const char *name, const char *raw)
{
	assert_true(index < body.count);
	assert_string_equal(body.fields[index].name.at, name);
	assert_int_equal(body.fields[index].name.length, strlen(name));
	assert_int_equal(body.fields[index].raw.length, strlen(raw));
	assert_memory_equal(body.fields[index].raw.at, raw, strlen(raw));
}

static void no_body_has_no_fields(void **state)
{
	(void)state;
	assert_null(body_parse(TEXT(""), DEPTH, &arena, &body));
	assert_int_equal(body.count, 0);
}

static void empty_object_has_no_fields(void **state)
{
	(void)state;
	assert_null(body_parse(TEXT(" { \n} "), DEPTH, &arena, &body));
	assert_int_equal(body.count, 0);
}

static void fields_keep_their_order_and_bytes(void **state)
{
	(void)state;
	assert_null(body_parse(TEXT("\t{ \"z\" : 1.50 ,\"a\":\"x\\\"}y\\\\\",\r\n\"n\":null,\"t\":true}\n"), DEPTH,
			       &arena, &body));
	assert_int_equal(body.count, 4);
	expect_field(0, "z", "1.50");
	expect_field(1, "a", "\"x\\\"}y\\\\\"");
	expect_field(2, "n", "null");
	expect_field(3, "t", "true");
}

static void nested_values_are_one_piece(void **state)
{
	(void)state;
	assert_null(body_parse(TEXT("{\"o\":{ \"a\" : [1, \"]}\", {}] },\"l\":[ ],\"e\":{}}"), DEPTH, &arena, &body));
	assert_int_equal(body.count, 3);
	expect_field(0, "o", "{ \"a\" : [1, \"]}\", {}] }");
	expect_field(1, "l", "[ ]");
	expect_field(2, "e", "{}");
}

static void numbers_keep_digits_beyond_64_bits(void **state)
{
	(void)state;
	assert_null(body_parse(TEXT("{\"n\":123456789012345678901234567890,\"m\":-0.10e+2}"), DEPTH, &arena, &body));
	expect_field(0, "n", "123456789012345678901234567890");
	expect_field(1, "m", "-0.10e+2");
}

/* jansson reads them as double precision, though nobody asks for the value. */
static void numbers_beyond_double_precision_say_what_to_do(void **state)
{
	(void)state;
	assert_string_equal(body_parse(TEXT("{\"a\": 1e400}"), DEPTH, &arena, &body),
			    "line 1, column 11: real number overflow near '1e400'; write it as a string");
}

static void names_are_unescaped(void **state)
{
	(void)state;
	assert_null(body_parse(TEXT("{\"a\\\"\\u00e4\\ud83d\\ude00\":1,\"\":2}"), DEPTH, &arena, &body));
	expect_field(0, "a\"\xc3\xa4\xf0\x9f\x98\x80", "1");
	expect_field(1, "", "2");
}

/* Whether a string may hold it is its type's affair. */
static void an_escaped_nul_is_json(void **state)
{
	(void)state;
	assert_null(body_parse(TEXT("{\"a\":\"\\u0000\"}"), DEPTH, &arena, &body));
	expect_field(0, "a", "\"\\u0000\"");
}

static void duplicate_names_are_refused_with_their_place(void **state)
{
	(void)state;
	expect_refused(TEXT("{\"a\":1,\"a\":2}"), "line 1, column 10: duplicate object key near '\"a\"'");
	expect_refused(TEXT("{\"a\":1,\n\"\\u0061\":2}"), "line 2, column 8: duplicate object key near '\"\\u0061\"'");
}

static void what_is_no_object_is_refused(void **state)
{
	(void)state;
	expect_refused(TEXT("[]"), "line 1, column 1: the body must be a JSON object");
	expect_refused(TEXT("  \n 17"), "line 2, column 2: the body must be a JSON object");
	expect_refused(TEXT("   "), "line 1, column 4: the body must be a JSON object");
	expect_refused(TEXT("\"\xc3\xa4\""), "line 1, column 1: the body must be a JSON object");
}

static void what_is_no_json_is_refused(void **state)
{
	const struct text wrong[] = {
	    TEXT("{"),
	    TEXT("{\"a\"}"),
	    TEXT("{\"a\":}"),
	    TEXT("{\"a\":1,}"),
	    TEXT("{\"a\":01}"),
	    TEXT("{\"a\":'x'}"),
	    TEXT("{\"a\":1}x"),
	    TEXT("{\"a\\u0000b\":1}"),
	    TEXT("{\"a\":\"x\0y\"}"),
	    TEXT("{\"a\":\"\xff\"}"),
	    TEXT("{\"a\":\"\xc0\xaf\"}"),
	    TEXT("{\"a\":\"\\ud800\"}"),
	    TEXT("{\"a\":\"tab\there\"}"),
	    TEXT("{\"a\":NaN}"),
	    TEXT("{\"a\":\"open}"),
	    TEXT("{\"a\":\"open\\"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *problem = body_parse(wrong[i], DEPTH, &arena, &body);

		if (problem == NULL)
			fail_msg("taken as JSON: %s", wrong[i].at);
		assert_memory_equal(problem, "line 1, column ", strlen("line 1, column "));
	}
}

static void problem_is_utf8_where_jansson_cuts_a_character(void **state)
{
	(void)state;
	expect_refused(TEXT("{\"a\":\"\\u00e\xd3\x9d\"}"), "line 1, column 12: invalid escape near '\"\\u00e?'");
}

static void depth_is_bounded(void **state)
{
	(void)state;
	assert_null(body_parse(TEXT("{\"a\":[[[1]]],\"b\":[[[]]],\"c\":\"[[[[[\"}"), DEPTH, &arena, &body));
	expect_refused(TEXT("{\"a\":\n [[{\"b\":{}}]]}"), "line 2, column 9: nested deeper than 4 levels");
}

static void depth_far_beyond_the_stack_is_refused(void **state)
{
	enum { BRACKETS = 1000000 };
	char *deep = malloc(BRACKETS);

	(void)state;
	memset(deep, '[', BRACKETS);
	memcpy(deep, "{\"a\":", 5);
	expect_refused((struct text){deep, BRACKETS}, "line 1, column 9: nested deeper than 4 levels");
	free(deep);
}

static struct text object_with_fields(unsigned count)
{
	size_t length = 0;
	char *json = arena_alloc(&arena, 16 * (size_t)count + 16);

	for (unsigned i = 0; i < count; i++)
		length += (size_t)sprintf(json + length, "%c\"f%u\":%u", i == 0 ? '{' : ',', i, i);
	json[length++] = '}';
	return (struct text){json, length};
}

static void field_count_is_bounded(void **state)
{
	(void)state;
	assert_null(body_parse(object_with_fields(BODY_FIELDS_MAX), DEPTH, &arena, &body));
	assert_int_equal(body.count, BODY_FIELDS_MAX);
	expect_field(BODY_FIELDS_MAX - 1, "f127", "127");
	expect_refused(object_with_fields(BODY_FIELDS_MAX + 1), "it has 129 fields; at most 128 are taken");
}

/* jansson outside of body_parse() still has malloc: ASan sees it when these two get mixed up. */
static void jansson_elsewhere_is_not_disturbed(void **state)
{
	json_t *before = json_string("before"), *after;

	(void)state;
	assert_null(body_parse(TEXT("{\"a\":[1,2,{\"b\":\"c\"}]}"), DEPTH, &arena, &body));
	after = json_string("after");
	arena_cleanup(&arena);
	assert_string_equal(json_string_value(before), "before");
	assert_string_equal(json_string_value(after), "after");
	json_decref(before);
	json_decref(after);
}

static unsigned block_count(void)
{
	unsigned count = 0;

	/* private to the arena: the first member of a block is the link to the older one */
	for (void *block = arena.blocks; block != NULL; memcpy(&block, block, sizeof(block)))
		count++;
	return count;
}

static void nothing_but_the_names_stays(void **state)
{
	(void)state;
	assert_null(body_parse(object_with_fields(BODY_FIELDS_MAX), DEPTH, &arena, &body));
	assert_in_range(block_count(), 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(no_body_has_no_fields, begin, end),
	    cmocka_unit_test_setup_teardown(empty_object_has_no_fields, begin, end),
	    cmocka_unit_test_setup_teardown(fields_keep_their_order_and_bytes, begin, end),
	    cmocka_unit_test_setup_teardown(nested_values_are_one_piece, begin, end),
	    cmocka_unit_test_setup_teardown(numbers_keep_digits_beyond_64_bits, begin, end),
	    cmocka_unit_test_setup_teardown(numbers_beyond_double_precision_say_what_to_do, begin, end),
	    cmocka_unit_test_setup_teardown(names_are_unescaped, begin, end),
	    cmocka_unit_test_setup_teardown(an_escaped_nul_is_json, begin, end),
	    cmocka_unit_test_setup_teardown(duplicate_names_are_refused_with_their_place, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_object_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_json_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(problem_is_utf8_where_jansson_cuts_a_character, begin, end),
	    cmocka_unit_test_setup_teardown(depth_is_bounded, begin, end),
	    cmocka_unit_test_setup_teardown(depth_far_beyond_the_stack_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(field_count_is_bounded, begin, end),
	    cmocka_unit_test_setup_teardown(jansson_elsewhere_is_not_disturbed, begin, end),
	    cmocka_unit_test_setup_teardown(nothing_but_the_names_stays, begin, end),
	};

	body_init_library();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
