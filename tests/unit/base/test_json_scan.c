#include "base/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void values_end_where_they_end(void **state)
{
	static const struct {
		const char *text;
		size_t end;
	} good[] = {
	    {"1", 1},
	    {"-0.5e+10,", 8},
	    {"0123", 1},
	    {" \t\r\n true ", 9},
	    {"null]", 4},
	    {"falsehood", 5},
	    {"\"a\\\"b\" c", 6},
	    {"\"\\u00e4\\/\\b\\f\\n\\r\\t\\\\\"", 22},
	    {"\"\xc3\xa4\"", 4},
	    {"[]", 2},
	    {"[ ]x", 3},
	    {"{}", 2},
	    {"{ }", 3},
	    {"[1, [2, {\"a\" : [ ] , \"b\":null}] ]]", 33},
	    {"[\"]\"]", 5},
	    {"{\"}\":\"{\"}", 9},
	    {"\"\\ud83d\\ude00\\u0000\"x", 20},
	    {"1e400,", 5},
	    {"{\"a\":1,\"a\":2}x", 13},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		size_t end = SIZE_MAX;

		if (!json_scan_value(text_of(good[i].text), 8, &end) || end != good[i].end)
			fail_msg("%s: expected the end at %zu, got %zu", good[i].text, good[i].end, end);
	}
}

/* A string is looked through many bytes at a time: each byte at each place, and a string of each length. */
static void every_byte_counts_at_every_place_of_a_string(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++)
		for (size_t length = 1; length <= 64; length++)
			for (size_t place = 0; place < length; place++) {
				char *text = malloc(length + 2);
				size_t end = 0;
				bool is_good;

				memset(text, 'u', length + 2);
				text[0] = text[length + 1] = '"';
				text[1 + place] = (char)c;
				is_good = json_scan_value((struct text){text, length + 2}, 0, &end);
				/* \u needs digits; at the end it takes the closing quote */
				if (c < 0x20 || c == '\\')
					assert_false(is_good);
				else
					assert_true(is_good && end == (c == '"' ? place + 2 : length + 2));
				/* it is not closed */
				assert_int_equal(json_scan_value((struct text){text, length + 1}, 0, &end), c == '"');
				free(text);
			}
}

static void a_long_string_says_what_it_says(void **state)
{
	char first[8192];
	struct arena arena;

	(void)state;
	for (size_t length = 0; length <= 64; length++)
		for (size_t place = 0; place <= length; place++) {
			char raw[80], expected[80];
			struct text decoded = {NULL, 0};

			memset(raw, 'x', sizeof(raw));
			memset(expected, 'x', sizeof(expected));
			raw[0] = '"';
			memcpy(raw + 1 + place, "\\u00e4\\n", 8);
			raw[1 + length + 8] = '"';
			memcpy(expected + place, "\xc3\xa4\n", 3);
			arena_init(&arena, first, sizeof(first));
			assert_true(json_scan_string((struct text){raw, length + 10}, &arena, &decoded));
			assert_int_equal(decoded.length, length + 3);
			assert_memory_equal(decoded.at, expected, length + 3);
			arena_cleanup(&arena);
		}
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    " ",
	    "tru",
	    "True",
	    "nul",
	    "NaN",
	    "Infinity",
	    "+1",
	    "-",
	    ".5",
	    "1.",
	    "1.e5",
	    "1e",
	    "1e+",
	    "-a",
	    "\"",
	    "\"\\",
	    "\"a",
	    "\"\n\"",
	    "\"\\x\"",
	    "\"\\u12",
	    "\"\\u12g4\"",
	    "'a'",
	    "[",
	    "[1",
	    "[1,",
	    "[1,]",
	    "[,1]",
	    "[1 2]",
	    "]",
	    "{",
	    "{\"a\"",
	    "{\"a\":",
	    "{\"a\":1",
	    "{\"a\":1,}",
	    "{a:1}",
	    "{1:1}",
	    "{\"a\" 1}",
	    "{,}",
	    "{\"a\":}",
	    "\"\\ud800\"",
	    "\"\\udc00\"",
	    "\"\\ud800x\"",
	    "\"\\ud800\\n\"",
	    "\"\\ud800\\u0041\"",
	    "\"\\ud800\\u\"",
	    "\"\\ud83d\\ud83d\"",
	    "\"\\ude00\\ud83d\"",
	    "\"\\udc00\\udc00\"",
	    "\"\\ud800\\ue000\"",
	    "\"\x1f\"",
	    "-x",
	    "nan",
	    "[}",
	    "{]",
	    "/**/1",
	    "\x01",
	    "\xef\xbb\xbf[]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		size_t end = SIZE_MAX;

		if (json_scan_value(text_of(bad[i]), 8, &end))
			fail_msg("%s: taken up to %zu, expected to be refused", bad[i], end);
		assert_int_equal(end, SIZE_MAX);
	}
	assert_false(json_scan_value((struct text){NULL, 0}, 8, &(size_t){0}));
}

/* What stands behind the text must not be read: "tru" of "true" is no value. */
static void the_text_ends_at_its_length(void **state)
{
	static const char *const whole[] = {"true", "null", "\"abc\"", "[1,2]", "{\"a\":1}", "\"\\u00e4\""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(whole); i++) {
		size_t end, length = strlen(whole[i]);

		assert_true(json_scan_value((struct text){whole[i], length}, 8, &end));
		while (length-- > 0)
			assert_false(json_scan_value((struct text){whole[i], length}, 8, &end));
	}
}

static void depth_is_bounded(void **state)
{
	char nested[2 * 1000];
	size_t end;

	(void)state;
	for (unsigned depth = 1; depth <= 1000; depth += 37) {
		memset(nested, '[', depth);
		memset(nested + depth, ']', depth);
		assert_true(json_scan_value((struct text){nested, 2 * (size_t)depth}, depth, &end));
		assert_int_equal(end, 2 * depth);
		assert_false(json_scan_value((struct text){nested, 2 * (size_t)depth}, depth - 1, &end));
	}
	assert_true(json_scan_value(TEXT("\"a\""), 0, &end));
	assert_true(json_scan_value(TEXT("{\"a\":1}"), 1, &end));
	assert_false(json_scan_value(TEXT("{\"a\":{}}"), 1, &end));
}

static void space_is_skipped(void **state)
{
	(void)state;
	assert_int_equal(json_scan_space(TEXT(" \t\r\n1 "), 0), 4);
	assert_int_equal(json_scan_space(TEXT("1 "), 1), 2);
	assert_int_equal(json_scan_space(TEXT("1 "), 2), 2);
	assert_int_equal(json_scan_space(TEXT("\v1"), 0), 0);
	assert_int_equal(json_scan_space((struct text){NULL, 0}, 0), 0);
}

static void numbers_are_told_from_integers(void **state)
{
	static const struct {
		const char *text;
		bool is_number, is_integer;
	} cases[] = {
	    {"0", true, true},     {"-0", true, true},    {"-12", true, true},    {"1e2", true, false},
	    {"1.0", true, false},  {"1E-2", true, false}, {"01", false, false},   {"+1", false, false},
	    {"1 ", false, false},  {" 1", false, false},  {"", false, false},     {"-", false, false},
	    {"0x1", false, false}, {"1.", false, false},  {"true", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		bool is_integer = false;

		if (json_scan_number(text_of(cases[i].text), &is_integer) != cases[i].is_number)
			fail_msg("%s: expected %s", cases[i].text, cases[i].is_number ? "a number" : "no number");
		assert_int_equal(is_integer, cases[i].is_integer);
	}
}

static void strings_are_unescaped(void **state)
{
	static const struct {
		const char *raw, *decoded;
	} good[] = {
	    {"\"\"", ""},
	    {"\"plain\"", "plain"},
	    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
	    {"\"a\\u0041\\u00e4\\u20AC\\uffff!\"", "aA\xc3\xa4\xe2\x82\xac\xef\xbf\xbf!"},
	    {"\"\\u6a79\\u6A9f\\u0bce\\u0BCE\"", "\xe6\xa9\xb9\xe6\xaa\x9f\xe0\xaf\x8e\xe0\xaf\x8e"},
	    {"\"\\u0080\\u07ff\\u0800\"", "\xc2\x80\xdf\xbf\xe0\xa0\x80"},
	    {"\"\\ud83d\\ude00x\"", "\xf0\x9f\x98\x80x"},
	    {"\"\\uD800\\uDC00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
	    {"\"\xc3\xa4\"", "\xc3\xa4"},
	};
	static const char *const bad[] = {
	    "",
	    "\"",
	    "a",
	    "\"a",
	    "a\"",
	    "\"a\" ",
	    " \"a\"",
	    "\"a\"b\"",
	    "\"\\\"",
	    "\"\\u0000\"",
	    "\"a\\u0000b\"",
	    "\"\\ud83d\"",
	    "\"\\ud83dx\"",
	    "\"\\ud83d\\n\"",
	    "\"\\ud83d\\ud83d\"",
	    "\"\\ude00\"",
	    "\"\\udfff\"",
	    "\"\\udc00\"",
	    "\"\\ude00\\ud83d\"",
	    "\"\\ud83d\\u0041\"",
	    "\"\\ud83d\\u\"",
	    "\"\x01\"",
	    "\"\\q\"",
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		struct text decoded;

		assert_true(json_scan_string(text_of(good[i].raw), &arena, &decoded));
		assert_string_equal(decoded.at, good[i].decoded);
		assert_int_equal(decoded.length, strlen(good[i].decoded));
	}
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct text decoded = {NULL, 0};

		if (json_scan_string(text_of(bad[i]), &arena, &decoded))
			fail_msg("%s: taken as \"%s\", expected to be refused", bad[i], decoded.at);
		assert_null(decoded.at);
	}
	arena_cleanup(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_end_where_they_end),
	    cmocka_unit_test(what_is_no_json_is_refused),
	    cmocka_unit_test(every_byte_counts_at_every_place_of_a_string),
	    cmocka_unit_test(a_long_string_says_what_it_says),
	    cmocka_unit_test(the_text_ends_at_its_length),
	    cmocka_unit_test(depth_is_bounded),
	    cmocka_unit_test(space_is_skipped),
	    cmocka_unit_test(numbers_are_told_from_integers),
	    cmocka_unit_test(strings_are_unescaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
