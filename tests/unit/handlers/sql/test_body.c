#include "handlers/sql/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

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

/* RFC 8259 sets no limit: the type of the parameter does. */
static void numbers_have_no_bounds(void **state)
{
	static char json[2000];
	char digits[401];

	(void)state;
	memset(digits, '9', 400);
	digits[400] = '\0';
	snprintf(json, sizeof(json), "{\"a\": 1e400 ,\"b\":[-1E-99999,{\"c\":%s}],\"d\":-%s.%s}", digits, digits,
		 digits);
	assert_null(body_parse(text_of(json), DEPTH, &arena, &body));
	assert_int_equal(body.count, 3);
	expect_field(0, "a", "1e400");
	assert_int_equal(body.fields[1].raw.length, strlen("[-1E-99999,{\"c\":}]") + 400);
	assert_int_equal(body.fields[2].raw.length, 802);
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

#define DUPLICATE ": duplicate name "

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

static void names_of_different_objects_may_be_the_same(void **state)
{
	(void)state;
	assert_null(
	    body_parse(TEXT("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}],\"b\":1},\"b\":{\"b\":1}}"), DEPTH, &arena, &body));
	assert_int_equal(body.count, 2);
	assert_null(body_parse(TEXT("{\"a\":1,\"A\":1,\"aa\":1,\"\":1,\"ab\":1,\"ba\":1}"), DEPTH, &arena, &body));
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

/* Texts as the public conformance suites have them (JSONTestSuite's y_ and n_), each as a field's value. */
static const struct text good_values[] = {
    TEXT_INIT("[[]   ]"),
    TEXT_INIT("[\"\"]"),
    TEXT_INIT("[]"),
    TEXT_INIT("[\"a\"]"),
    TEXT_INIT("[false]"),
    TEXT_INIT("[null, 1, \"1\", {}]"),
    TEXT_INIT("[null]"),
    TEXT_INIT("[1\012]"),
    TEXT_INIT(" [1]"),
    TEXT_INIT("[1,null,null,null,2]"),
    TEXT_INIT("[2] "),
    TEXT_INIT("[123e65]"),
    TEXT_INIT("[0e+1]"),
    TEXT_INIT("[0e1]"),
    TEXT_INIT("[ 4]"),
    TEXT_INIT("[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]"),
    TEXT_INIT("[20e1]"),
    TEXT_INIT("[-0]"),
    TEXT_INIT("[-123]"),
    TEXT_INIT("[-1]"),
    TEXT_INIT("[-0]"),
    TEXT_INIT("[1E22]"),
    TEXT_INIT("[1E-2]"),
    TEXT_INIT("[1E+2]"),
    TEXT_INIT("[123e45]"),
    TEXT_INIT("[123.456e78]"),
    TEXT_INIT("[1e-2]"),
    TEXT_INIT("[1e+2]"),
    TEXT_INIT("[123]"),
    TEXT_INIT("[123.456789]"),
    TEXT_INIT("[1e400]"),
    TEXT_INIT("[-1e400]"),
    TEXT_INIT("[0."
	      "4e006699999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999"
	      "99999999]"),
    TEXT_INIT("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}"),
    TEXT_INIT("{\"asd\":\"sdf\"}"),
    TEXT_INIT("{}"),
    TEXT_INIT("{\"\":0}"),
    TEXT_INIT("{\"foo\\u0000bar\": 42}"),
    TEXT_INIT("{ \"min\": -1.0e+28, \"max\": 1.0e+28 }"),
    TEXT_INIT("{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}]}"),
    TEXT_INIT("{\"a\":[]}"),
    TEXT_INIT("{\"title\":\"\\u041f\\u043e\\u043b\"}"),
    TEXT_INIT("{\012\"a\": \"b\"\012}"),
    TEXT_INIT("[\"\\u0060\\u012a\\u12AB\"]"),
    TEXT_INIT("[\"\\uD801\\udc37\"]"),
    TEXT_INIT("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
    TEXT_INIT("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
    TEXT_INIT("[\"\\\\u0000\"]"),
    TEXT_INIT("[\"\\\"\"]"),
    TEXT_INIT("[\"a/*b*/c/*d//e\"]"),
    TEXT_INIT("[\"\\\\a\"]"),
    TEXT_INIT("[\"\\\\n\"]"),
    TEXT_INIT("[\"\\u0012\"]"),
    TEXT_INIT("[\"\\uFFFF\"]"),
    TEXT_INIT("[\"asd\"]"),
    TEXT_INIT("[ \"asd\"]"),
    TEXT_INIT("[\"\\uDBFF\\uDFFF\"]"),
    TEXT_INIT("[\"new\\u00A0line\"]"),
    TEXT_INIT("[\"\364\217\277\277\"]"),
    TEXT_INIT("[\"\357\277\277\"]"),
    TEXT_INIT("[\"\\u0000\"]"),
    TEXT_INIT("[\"\\u002c\"]"),
    TEXT_INIT("[\"\317\200\"]"),
    TEXT_INIT("[\"\360\233\277\277\"]"),
    TEXT_INIT("[\"asd \"]"),
    TEXT_INIT("\" \""),
    TEXT_INIT("[\"\\uD834\\uDd1e\"]"),
    TEXT_INIT("[\"\\u0821\"]"),
    TEXT_INIT("[\"\\u0123\"]"),
    TEXT_INIT("[\"\342\200\250\"]"),
    TEXT_INIT("[\"\342\200\251\"]"),
    TEXT_INIT("[\"\\u0061\\u30af\\u30EA\\u30b9\"]"),
    TEXT_INIT("[\"new\302\240line\"]"),
    TEXT_INIT("[\"\\uA66D\"]"),
    TEXT_INIT("[\"\\u005C\"]"),
    TEXT_INIT("[\"\342\215\202\343\210\264\342\215\202\"]"),
    TEXT_INIT("[\"\\u200B\"]"),
    TEXT_INIT("[\"\\u2064\"]"),
    TEXT_INIT("[\"\\uFDD0\"]"),
    TEXT_INIT("[\"\\uFFFE\"]"),
    TEXT_INIT("[\"\\u0022\"]"),
    TEXT_INIT("[\"\342\202\254\360\235\204\236\"]"),
    TEXT_INIT("[\"a\177a\"]"),
    TEXT_INIT("false"),
    TEXT_INIT("42"),
    TEXT_INIT("-0.1"),
    TEXT_INIT("null"),
    TEXT_INIT("\"asd\""),
    TEXT_INIT("true"),
    TEXT_INIT("\"\""),
    TEXT_INIT("[\"a\"]\012"),
    TEXT_INIT("[true]"),
    TEXT_INIT(" [] "),
};
static const struct text bad_values[] = {
    TEXT_INIT("[1 true]"),
    TEXT_INIT("[\"\": 1]"),
    TEXT_INIT("[\"\"],"),
    TEXT_INIT("[,1]"),
    TEXT_INIT("[1,,2]"),
    TEXT_INIT("[\"x\",,]"),
    TEXT_INIT("[\"x\"]]"),
    TEXT_INIT("[\"\",]"),
    TEXT_INIT("[\"x\""),
    TEXT_INIT("[x"),
    TEXT_INIT("[3[4]]"),
    TEXT_INIT("[1,]"),
    TEXT_INIT("[,]"),
    TEXT_INIT("[\"a\",\0124\012,1,"),
    TEXT_INIT("[1,,]"),
    TEXT_INIT("[\"\013a\"\\f]"),
    TEXT_INIT("[*]"),
    TEXT_INIT("[\"\""),
    TEXT_INIT("[1,\0121\012,1"),
    TEXT_INIT("[{}"),
    TEXT_INIT("[fals]"),
    TEXT_INIT("[nul]"),
    TEXT_INIT("[tru]"),
    TEXT_INIT("[++1234]"),
    TEXT_INIT("[+1]"),
    TEXT_INIT("[+Inf]"),
    TEXT_INIT("[-01]"),
    TEXT_INIT("[-1.0.]"),
    TEXT_INIT("[-2.]"),
    TEXT_INIT("[-NaN]"),
    TEXT_INIT("[.-1]"),
    TEXT_INIT("[.2e-3]"),
    TEXT_INIT("[0.1.2]"),
    TEXT_INIT("[0.3e+]"),
    TEXT_INIT("[0.3e]"),
    TEXT_INIT("[0.e1]"),
    TEXT_INIT("[0E+]"),
    TEXT_INIT("[0E]"),
    TEXT_INIT("[0e+]"),
    TEXT_INIT("[0e]"),
    TEXT_INIT("[1.0e+]"),
    TEXT_INIT("[1.0e-]"),
    TEXT_INIT("[1.0e]"),
    TEXT_INIT("[1 000.0]"),
    TEXT_INIT("[1eE2]"),
    TEXT_INIT("[2.e+3]"),
    TEXT_INIT("[2.e-3]"),
    TEXT_INIT("[2.e3]"),
    TEXT_INIT("[9.e+]"),
    TEXT_INIT("[Inf]"),
    TEXT_INIT("[NaN]"),
    TEXT_INIT("[\357\274\221]"),
    TEXT_INIT("[1+2]"),
    TEXT_INIT("[0x1]"),
    TEXT_INIT("[0x42]"),
    TEXT_INIT("[Infinity]"),
    TEXT_INIT("[0e+-1]"),
    TEXT_INIT("[-123.123foo]"),
    TEXT_INIT("[-Infinity]"),
    TEXT_INIT("[-foo]"),
    TEXT_INIT("[- 1]"),
    TEXT_INIT("[-012]"),
    TEXT_INIT("[-.123]"),
    TEXT_INIT("[-1x]"),
    TEXT_INIT("[1ea]"),
    TEXT_INIT("[1.]"),
    TEXT_INIT("[.123]"),
    TEXT_INIT("[1.2a-3]"),
    TEXT_INIT("[1.8011670033376514H-308]"),
    TEXT_INIT("[012]"),
    TEXT_INIT("[\"x\", truth]"),
    TEXT_INIT("{[: \"x\"}"),
    TEXT_INIT("{\"x\", null}"),
    TEXT_INIT("{\"x\"::\"b\"}"),
    TEXT_INIT("{\"a\":\"a\" 123}"),
    TEXT_INIT("{key: 'value'}"),
    TEXT_INIT("{\"a\" b}"),
    TEXT_INIT("{:\"b\"}"),
    TEXT_INIT("{\"a\" \"b\"}"),
    TEXT_INIT("{\"a\":"),
    TEXT_INIT("{\"a\""),
    TEXT_INIT("{1:1}"),
    TEXT_INIT("{9999E9999:1}"),
    TEXT_INIT("{null:null,null:null}"),
    TEXT_INIT("{\"id\":0,,,,,}"),
    TEXT_INIT("{'a':0}"),
    TEXT_INIT("{\"id\":0,}"),
    TEXT_INIT("{\"a\":\"b\"}/**/"),
    TEXT_INIT("{\"a\":\"b\"}/**//"),
    TEXT_INIT("{\"a\":\"b\"}//"),
    TEXT_INIT("{\"a\":\"b\"}/"),
    TEXT_INIT("{\"a\":\"b\",,\"c\":\"d\"}"),
    TEXT_INIT("{a: \"b\"}"),
    TEXT_INIT("{\"a\":\"a"),
    TEXT_INIT("{ \"foo\" : \"bar\", \"a\" }"),
    TEXT_INIT("{\"a\":\"b\"}#"),
    TEXT_INIT(" "),
    TEXT_INIT("[\"\\uD800\\\"]"),
    TEXT_INIT("[\"\\uD800\\u\"]"),
    TEXT_INIT("[\"\\uD800\\u1\"]"),
    TEXT_INIT("[\"\\uD800\\u1x\"]"),
    TEXT_INIT("[\303\251]"),
    TEXT_INIT("[\"\\x00\"]"),
    TEXT_INIT("[\"\\\\\\\"]"),
    TEXT_INIT("[\"\\\011\"]"),
    TEXT_INIT("[\"\\\360\237\214\200\"]"),
    TEXT_INIT("[\"\\\"]"),
    TEXT_INIT("[\"\\u00A\"]"),
    TEXT_INIT("[\"\\uD834\\uDd\"]"),
    TEXT_INIT("[\"\\uD800\\uD800\\x\"]"),
    TEXT_INIT("[\"\\a\"]"),
    TEXT_INIT("[\"\\uqqqq\"]"),
    TEXT_INIT("[\\u0020\"asd\"]"),
    TEXT_INIT("[\\n]"),
    TEXT_INIT("\""),
    TEXT_INIT("['single quote']"),
    TEXT_INIT("abc"),
    TEXT_INIT("[\"\\"),
    TEXT_INIT("[\"a\000a\"]"),
    TEXT_INIT("[\"new\012line\"]"),
    TEXT_INIT("[\"\011\"]"),
    TEXT_INIT("\"\\UA66D\""),
    TEXT_INIT("\"\"x"),
    TEXT_INIT("<.>"),
    TEXT_INIT("[<null>]"),
    TEXT_INIT("[1]x"),
    TEXT_INIT("[1]]"),
    TEXT_INIT("[\"asd]"),
    TEXT_INIT("a\303\245"),
    TEXT_INIT("[True]"),
    TEXT_INIT("1]"),
    TEXT_INIT("{\"x\": true,"),
    TEXT_INIT("[][]"),
    TEXT_INIT("]"),
    TEXT_INIT("\357\273\277{}"),
    TEXT_INIT("["),
    TEXT_INIT(""),
    TEXT_INIT("{]"),
    TEXT_INIT("[\000]"),
    TEXT_INIT("123\000"),
    TEXT_INIT("{\"\":"),
    TEXT_INIT("\014[]"),
    TEXT_INIT("[\014]"),
    TEXT_INIT("[1}"),
    TEXT_INIT("{\"a\":1]"),
    TEXT_INIT("/*"),
    TEXT_INIT("{}}"),
    TEXT_INIT("\342\201\240[]"),
    TEXT_INIT("[open"),
    TEXT_INIT("[\"a"),
    TEXT_INIT("[,"),
    TEXT_INIT("{,"),
    TEXT_INIT("[\\u000A\"\"]"),
    TEXT_INIT("{\"a\":\"b\""),
    TEXT_INIT("{\"asd\":\"asd\""),
    TEXT_INIT("*"),
    TEXT_INIT("{\"a\":/*comment*/\"b\"}"),
    TEXT_INIT("\302\2401"),
    TEXT_INIT("[\"\\ud800\"]"),
    TEXT_INIT("[\"\\udc00\"]"),
    TEXT_INIT("[\"\\ud800abc\"]"),
    TEXT_INIT("[\"\\ude00\\ud83d\"]"),
    TEXT_INIT("[\"\\ud800\\ud800\"]"),
    TEXT_INIT("--1"),
    TEXT_INIT("1e"),
    TEXT_INIT("0x"),
    TEXT_INIT("truefalse"),
    TEXT_INIT("nullx"),
    TEXT_INIT("1_000"),
    TEXT_INIT("1,"),
    TEXT_INIT("\"a\"\"b\""),
    TEXT_INIT("\0361"),
    TEXT_INIT("[1;2]"),
    TEXT_INIT("{\"a\"=1}"),
    TEXT_INIT("undefined"),
    TEXT_INIT("NaN"),
    TEXT_INIT("Infinity"),
    TEXT_INIT("-Infinity"),
    TEXT_INIT(".5"),
    TEXT_INIT("5."),
    TEXT_INIT("+5"),
    TEXT_INIT("00"),
    TEXT_INIT("-"),
    TEXT_INIT("-00"),
    TEXT_INIT("1.e5"),
    TEXT_INIT("\"\\"),
    TEXT_INIT("\"\\u"),
    TEXT_INIT("\"\\u1"),
    TEXT_INIT("[\"\377\"]"),
    TEXT_INIT("[\"\300\257\"]"),
    TEXT_INIT("[\"\340\200\200\"]"),
    TEXT_INIT("[\"\355\240\200\"]"),
    TEXT_INIT("[\"\364\220\200\200\"]"),
    TEXT_INIT("[\"\303\"]"),
    TEXT_INIT("[\"\342\202\"]"),
    TEXT_INIT("\377"),
    TEXT_INIT("[\"\200\"]"),
    TEXT_INIT("[\"\370\210\200\200\200\"]"),
    TEXT_INIT("[\345]"),
    TEXT_INIT("{\"\271\":\"0\",}"),
    TEXT_INIT("[\"\\u\345\"]"),
    TEXT_INIT("[\"\\\345\"]"),
    TEXT_INIT("[123\345]"),
    TEXT_INIT("[1e1\345]"),
    TEXT_INIT("[0\345]"),
};

static struct text as_field(struct text value)
{
	char *json = arena_alloc(&arena, value.length + 8);

	memcpy(json, "{\"a\":", 5);
	if (value.length > 0)
		memcpy(json + 5, value.at, value.length);
	json[5 + value.length] = '}';
	return (struct text){json, value.length + 6};
}

static void values_of_all_kinds_are_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(good_values); i++) {
		const char *problem = body_parse(as_field(good_values[i]), DEPTH, &arena, &body);

		if (problem != NULL)
			fail_msg("%s: %s", good_values[i].at, problem);
		assert_int_equal(body.count, 1);
	}
}

static void malformed_values_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad_values); i++)
		if (body_parse(as_field(bad_values[i]), DEPTH, &arena, &body) == NULL)
			fail_msg("taken as JSON: %s", bad_values[i].at);
}

static void many_names_are_compared(void **state)
{
	enum { NAMES = 3000 };
	char *json = arena_alloc(&arena, 16 * (size_t)NAMES + 64);
	size_t length = (size_t)sprintf(json, "{\"o\":{");
	unsigned twice = 0;

	(void)state;
	for (unsigned i = 0; i < NAMES; i++)
		length += (size_t)sprintf(json + length, "%s\"%x\":%u", i == 0 ? "" : ",", i * 7919 % 65536, i);
	memcpy(json + length, "}}", 2);
	assert_null(body_parse((struct text){json, length + 2}, DEPTH, &arena, &body));
	twice = (unsigned)length + 2;
	length += (size_t)sprintf(json + length, ",\"%x\":0}}", 1234 * 7919 % 65536);
	expect_refused(
	    (struct text){json, length},
	    arena_printf(&arena, "line 1, column %u, in field \"o\"" DUPLICATE "\"%x\"", twice, 1234 * 7919 % 65536));
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
	assert_int_equal(body.count, BODY_FIELDS_MAX);
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
	    cmocka_unit_test_setup_teardown(numbers_have_no_bounds, begin, end),
	    cmocka_unit_test_setup_teardown(names_are_unescaped, begin, end),
	    cmocka_unit_test_setup_teardown(an_escaped_nul_is_json, begin, end),
	    cmocka_unit_test_setup_teardown(duplicate_names_are_refused_with_their_place, begin, end),
	    cmocka_unit_test_setup_teardown(names_of_different_objects_may_be_the_same, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_object_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_no_json_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(a_mistake_is_named_with_its_place_and_field, begin, end),
	    cmocka_unit_test_setup_teardown(a_long_name_is_cut_at_a_whole_character, begin, end),
	    cmocka_unit_test_setup_teardown(values_of_all_kinds_are_taken, begin, end),
	    cmocka_unit_test_setup_teardown(malformed_values_are_refused, begin, end),
	    cmocka_unit_test_setup_teardown(many_names_are_compared, begin, end),
	    cmocka_unit_test_setup_teardown(depth_is_bounded, begin, end),
	    cmocka_unit_test_setup_teardown(depth_far_beyond_the_stack_is_refused, begin, end),
	    cmocka_unit_test_setup_teardown(field_count_is_bounded, begin, end),
	    cmocka_unit_test_setup_teardown(nothing_but_the_names_stays, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
