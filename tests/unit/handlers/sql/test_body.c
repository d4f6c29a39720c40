#include "body_fixture.h"

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

static void names_of_different_objects_may_be_the_same(void **state)
{
	(void)state;
	assert_null(
	    body_parse(TEXT("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}],\"b\":1},\"b\":{\"b\":1}}"), DEPTH, &arena, &body));
	assert_int_equal(body.count, 2);
	assert_null(body_parse(TEXT("{\"a\":1,\"A\":1,\"aa\":1,\"\":1,\"ab\":1,\"ba\":1}"), DEPTH, &arena, &body));
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
	    cmocka_unit_test_setup_teardown(names_of_different_objects_may_be_the_same, begin, end),
	    cmocka_unit_test_setup_teardown(values_of_all_kinds_are_taken, begin, end),
	    cmocka_unit_test_setup_teardown(malformed_values_are_refused, begin, end),
	    cmocka_unit_test_setup_teardown(many_names_are_compared, begin, end),
	    cmocka_unit_test_setup_teardown(nothing_but_the_names_stays, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
