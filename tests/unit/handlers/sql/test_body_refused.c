#include "body_fixture.h"

static void duplicate_names_are_refused_with_their_place(void **state)
{
	(void)state;
	expect_refused(TEXT("{\"a\":1,\"a\":2}"), "line 1, column 8" DUPLICATE "\"a\"");
	expect_refused(TEXT("{\"a\":1,\n\"\\u0061\":2}"), "line 2, column 1" DUPLICATE "\"\\u0061\"");
	expect_refused(TEXT("{\"\":1,\"b\":2,\"\":3,\"b\":4}"), "line 1, column 13" DUPLICATE "\"\"");
	expect_refused(TEXT("{\"o\":[{\"a\":1,\"b\":1,\"a\":2}],\"p\":1}"),
		       "line 1, column 20, in field \"o\"" DUPLICATE "\"a\"");
	expect_refused(TEXT("{\"a\":{\"b\":1},\"a\":1}"), "line 1, column 14" DUPLICATE "\"a\"");
}

static void what_is_no_object_is_refused(void **state)
{
	(void)state;
	expect_refused(TEXT("[]"), "line 1, column 1: the body must be a JSON object");
	expect_refused(TEXT("  \n 17"), "line 2, column 2: the body must be a JSON object");
	expect_refused(TEXT("   "), "line 1, column 4: it ends too early; the body must be a JSON object");
	expect_refused(TEXT("\"\xc3\xa4\""), "line 1, column 1: the body must be a JSON object");
	/* an editor does not show it, and some write it */
	expect_refused(TEXT("\xEF\xBB\xBF{}"),
		       "line 1, column 1: the body must begin with \"{\", not with a byte order mark");
	expect_refused(TEXT("\xEF\xBB\xBE{}"), "line 1, column 1: the body must be a JSON object");
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
	    TEXT("{\"a\":0.2\0}"),
	    TEXT("{\"a\":1}\0"),
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

static void a_mistake_is_named_with_its_place_and_field(void **state)
{
	static const char *const wrong[][2] = {
	    {"{", "line 1, column 2: it ends too early; a name in double quotes was expected"},
	    {"{1:2}", "line 1, column 2: a name in double quotes was expected"},
	    {"{\"a\"}", "line 1, column 5, in field \"a\": \":\" was expected"},
	    {"{\"a\":}", "line 1, column 6, in field \"a\": a value was expected"},
	    {"{\"a\":", "line 1, column 6, in field \"a\": it ends too early; a value was expected"},
	    {"{\"a\":1", "line 1, column 7, in field \"a\": it ends too early; \",\" or \"}\" was expected"},
	    {"{\"a\":1,}", "line 1, column 8: a name in double quotes was expected"},
	    {"{\"a\":01}", "line 1, column 7, in field \"a\": \",\" or \"}\" was expected"},
	    {"{\"a\":[1 2]}", "line 1, column 9, in field \"a\": \",\" or \"]\" was expected"},
	    {"{\"a\":-x}", "line 1, column 7, in field \"a\": a digit was expected"},
	    {"{\"a\":1.}", "line 1, column 8, in field \"a\": a digit was expected"},
	    {"{\"a\":1e+}", "line 1, column 9, in field \"a\": a digit was expected"},
	    {"{\"a\":NaN}", "line 1, column 6, in field \"a\": a value was expected"},
	    {"{\"b\":1,\n \"a\":\"x\ty\"}",
	     "line 2, column 8, in field \"a\": a control character in a string must be escaped"},
	    {"{\"a\":\"\\x\"}",
	     "line 1, column 7, in field \"a\": an escape is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX"},
	    {"{\"a\":\"\\u12g4\"}",
	     "line 1, column 11, in field \"a\": four hexadecimal digits were expected after \\u"},
	    {"{\"a\":\"\xc3\xa4\\ud800\\u0041\"}",
	     "line 1, column 8, in field \"a\": an escape is half a surrogate pair"},
	    {"{\"a\":\"\\udc00\"}", "line 1, column 7, in field \"a\": an escape is half a surrogate pair"},
	    {"{\"a\":\"x}",
	     "line 1, column 9, in field \"a\": it ends too early; the closing quote of a string was expected"},
	    {"{\"a\":1,\"b", "line 1, column 10: it ends too early; the closing quote of a string was expected"},
	    {"{\"a\":1,\"\\x\":1}", "line 1, column 9: an escape is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX"},
	    {"{\"a\":1}x", "line 1, column 8: nothing was expected behind the object"},
	    {"{} {}", "line 1, column 4: nothing was expected behind the object"},
	    {"{\"a\":\"\xff\"}", "line 1, column 7: a byte that is not UTF-8"},
	    {"{\"a\\u0000b\":1}", "line 1, column 2: a field's name contains U+0000"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_refused(text_of(wrong[i][0]), wrong[i][1]);
}

static void a_long_name_is_cut_at_a_whole_character(void **state)
{
	(void)state;
	expect_refused(TEXT("{\"0123456789012345678901234567890123456789012345678901234567\xc3\xa4\":}"),
		       "line 1, column 64, in field \"0123456789012345678901234567890123456789012345678901234567...: "
		       "a value was expected");
}

static void depth_is_bounded(void **state)
{
	(void)state;
	assert_null(body_parse(TEXT("{\"a\":[[[1]]],\"b\":[[[]]],\"c\":\"[[[[[\"}"), DEPTH, &arena, &body));
	expect_refused(TEXT("{\"a\":\n [[{\"b\":{}}]]}"),
		       "line 2, column 9, in field \"a\": nested deeper than 4 levels");
}

static void depth_far_beyond_the_stack_is_refused(void **state)
{
	enum { BRACKETS = 1000000 };
	char *deep = malloc(BRACKETS);

	(void)state;
	memset(deep, '[', BRACKETS);
	memcpy(deep, "{\"a\":", 5);
	expect_refused((struct text){deep, BRACKETS}, "line 1, column 9, in field \"a\": nested deeper than 4 levels");
	free(deep);
}

static void field_count_is_bounded(void **state)
{
	(void)state;
	assert_null(body_parse(object_with_fields(BODY_FIELDS_MAX), DEPTH, &arena, &body));
	assert_int_equal(body.count, BODY_FIELDS_MAX);
	expect_field(BODY_FIELDS_MAX - 1, "f127", "127");
	expect_refused(object_with_fields(BODY_FIELDS_MAX + 1), "it has 129 fields; at most 128 are taken");
	assert_int_equal(body.count, BODY_FIELDS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(duplicate_names_are_refused_with_their_place, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_object_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_json_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(a_mistake_is_named_with_its_place_and_field, begin, end),
	    cmocka_unit_test_setup_teardown(a_long_name_is_cut_at_a_whole_character, begin, end),
	    cmocka_unit_test_setup_teardown(depth_is_bounded, begin, end),
	    cmocka_unit_test_setup_teardown(depth_far_beyond_the_stack_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(field_count_is_bounded, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
