#include "base/percent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect_decoded(struct text input, bool plus_is_space, struct text expected)
{
	struct arena arena;
	struct text decoded;

	arena_init(&arena, NULL, 0);
	assert_null(percent_decode(input, plus_is_space, &arena, &decoded));
	assert_int_equal(decoded.length, expected.length);
	assert_memory_equal(decoded.at, expected.at, expected.length);
	assert_int_equal(decoded.at[decoded.length], '\0');
	assert_ptr_not_equal(decoded.at, input.at);
	arena_cleanup(&arena);
}

static void expect_refused(struct text input, const char *reason)
{
	struct arena arena;
	struct text decoded;
	const char *wrong;

	arena_init(&arena, NULL, 0);
	wrong = percent_decode(input, true, &arena, &decoded);
	assert_non_null(wrong);
	assert_string_equal(wrong, reason);
	assert_int_equal(decoded.at[decoded.length], '\0');
	arena_cleanup(&arena);
}

static void plain_text_is_copied(void **state)
{
	(void)state;
	expect_decoded(TEXT(""), false, TEXT(""));
	expect_decoded((struct text){NULL, 0}, false, TEXT(""));
	expect_decoded(TEXT("countries"), false, TEXT("countries"));
	expect_decoded(TEXT("a-b._~!$&'()*,;=:@/?"), true, TEXT("a-b._~!$&'()*,;=:@/?"));
	expect_decoded(TEXT("Åland"), false, TEXT("Åland"));
}

static void escapes_become_bytes(void **state)
{
	(void)state;
	expect_decoded(TEXT("%41%5a%5A"), false, TEXT("AZZ"));
	expect_decoded(TEXT("a%2Fb%25"), false, TEXT("a/b%"));
	expect_decoded(TEXT("%2541"), false, TEXT("%41"));
	expect_decoded(TEXT("%c3%85land"), false, TEXT("Åland"));
	expect_decoded(TEXT("%F0%9F%98%80"), false, TEXT("\xF0\x9F\x98\x80"));
	expect_decoded(TEXT("%01%7f"), false, TEXT("\x01\x7f"));
}

static void plus_is_a_space_in_the_query_only(void **state)
{
	(void)state;
	expect_decoded(TEXT("a+b%2B+"), true, TEXT("a b+ "));
	expect_decoded(TEXT("a+b%2B+"), false, TEXT("a+b++"));
}

static void bad_escapes_are_refused(void **state)
{
	(void)state;
	expect_refused(TEXT("%"), "a bad percent-escape");
	expect_refused(TEXT("abc%4"), "a bad percent-escape");
	expect_refused(TEXT("%4g"), "a bad percent-escape");
	expect_refused(TEXT("%g4"), "a bad percent-escape");
	expect_refused(TEXT("%%41"), "a bad percent-escape");
	expect_refused(TEXT("% 41"), "a bad percent-escape");
	expect_refused(TEXT("%+1"), "a bad percent-escape");
	expect_refused(TEXT("%u0041"), "a bad percent-escape");
	expect_refused(TEXT("%:0"), "a bad percent-escape");
	expect_refused(TEXT("%@0"), "a bad percent-escape");
	expect_refused(TEXT("%`0"), "a bad percent-escape");
	expect_refused(TEXT("%/0"), "a bad percent-escape");
}

/* The digit that would complete the escape stands right behind the view. */
static void an_escape_does_not_read_beyond_its_view(void **state)
{
	(void)state;
	expect_refused((struct text){"%41", 2}, "a bad percent-escape");
	expect_refused((struct text){"%41", 1}, "a bad percent-escape");
}

static void nul_is_refused(void **state)
{
	(void)state;
	expect_refused(TEXT("a%00b"), "a NUL byte");
	expect_refused(TEXT("a\0b"), "a NUL byte");
	expect_refused(TEXT("%00"), "a NUL byte");
}

static void invalid_utf8_is_refused(void **state)
{
	(void)state;
	expect_refused(TEXT("%ff"), "invalid UTF-8");
	expect_refused(TEXT("%c3"), "invalid UTF-8");
	expect_refused(TEXT("\xc3%28"), "invalid UTF-8");
}

static void utf8_well_formed(void **state)
{
	(void)state;
	assert_true(utf8_is_valid((struct text){NULL, 0}));
	assert_true(utf8_is_valid(TEXT("0123456789abcdef\x7f")));
	assert_true(utf8_is_valid(TEXT("\xc2\x80\xdf\xbf")));
	assert_true(utf8_is_valid(TEXT("\xe0\xa0\x80\xec\xbf\xbf\xed\x80\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf")));
	assert_true(utf8_is_valid(TEXT("\xf0\x90\x80\x80\xf3\xbf\xbf\xbf\xf4\x8f\xbf\xbf")));
	assert_true(utf8_is_valid(TEXT("eight by\xc3\x85tes and more")));
}

static void utf8_malformed(void **state)
{
	static const struct text malformed[] = {
	    {"\x80", 1},             /* a continuation alone */
	    {"\xbf", 1},             /* */
	    {"\xc0\x80", 2},         /* overlong */
	    {"\xc1\xbf", 2},         /* overlong */
	    {"\xe0\x9f\xbf", 3},     /* overlong */
	    {"\xf0\x8f\xbf\xbf", 4}, /* overlong */
	    {"\xed\xa0\x80", 3},     /* first surrogate */
	    {"\xed\xbf\xbf", 3},     /* last surrogate */
	    {"\xf4\x90\x80\x80", 4}, /* U+110000 */
	    {"\xf5\x80\x80\x80", 4},
	    {"\xff", 1},
	    {"\xc3\x28", 2}, /* no continuation */
	    {"\xc3\xc3", 2},
	    {"\xe2\x82\x28", 3},
	    {"\xe2\x28\xac", 3},
	    {"\xf0\x9f\x98\x28", 4},
	    {"\xf0\x9f\x28\x80", 4},
	    {"\xc3\x85", 1}, /* cut short, with the rest right behind the view */
	    {"\xe2\x82\xac", 2},
	    {"\xf0\x9f\x98\x80", 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
		char padded[32] = "01234567";

		if (utf8_is_valid(malformed[i]))
			fail_msg("malformed[%zu] passed", i);
		/* The same, behind eight bytes that are skipped at once. */
		memcpy(padded + 8, malformed[i].at, malformed[i].length);
		if (utf8_is_valid((struct text){padded, 8 + malformed[i].length}))
			fail_msg("malformed[%zu] passed behind ASCII", i);
	}
}

/* What is well-formed, as the table 3-7 of Unicode 15 says, by the length of the sequence. */
static size_t reference_length(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char bounds[4][2];
		size_t length;
	} rows[] = {
	    {{{0x00, 0x7f}}, 1},
	    {{{0xc2, 0xdf}, {0x80, 0xbf}}, 2},
	    {{{0xe0, 0xe0}, {0xa0, 0xbf}, {0x80, 0xbf}}, 3},
	    {{{0xe1, 0xec}, {0x80, 0xbf}, {0x80, 0xbf}}, 3},
	    {{{0xed, 0xed}, {0x80, 0x9f}, {0x80, 0xbf}}, 3},
	    {{{0xee, 0xef}, {0x80, 0xbf}, {0x80, 0xbf}}, 3},
	    {{{0xf0, 0xf0}, {0x90, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}, 4},
	    {{{0xf1, 0xf3}, {0x80, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}, 4},
	    {{{0xf4, 0xf4}, {0x80, 0x8f}, {0x80, 0xbf}, {0x80, 0xbf}}, 4},
	};

	for (size_t row = 0; row < ARRAY_LENGTH(rows); row++) {
		size_t good = 0;

		while (good < rows[row].length && good < left && at[good] >= rows[row].bounds[good][0] &&
		       at[good] <= rows[row].bounds[good][1])
			good++;
		if (good == rows[row].length)
			return good;
	}
	return 0;
}

static void utf8_is_as_unicode_says(void **state)
{
	static const unsigned char bytes[] = {'a',  0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2,
					      0xdf, 0xe0, 0xe1, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5};
	uint32_t random = 1;

	(void)state;
	for (unsigned times = 0; times < 200000; times++) {
		size_t length = times % 33, expected = 0, sequence = 1;
		unsigned char *text = malloc(length + (length == 0));

		for (size_t i = 0; i < length; i++) {
			random = random * 1664525 + 1013904223;
			/* half of them go on where a sequence may */
			text[i] = (random >> 30) < 2 ? bytes[(random >> 16) % sizeof(bytes)]
						     : (unsigned char)(i % 3 == 0 ? 'a' : 0x80 | (random >> 24 & 0x3f));
		}
		while (expected < length && sequence > 0) {
			sequence = reference_length(text + expected, length - expected);
			expected += sequence;
		}
		assert_int_equal(utf8_valid_length((struct text){(char *)text, length}), expected);
		free(text);
	}
}

static void utf8_malformed_at_any_place(void **state)
{
	(void)state;
	for (size_t place = 0; place < 24; place++) {
		char bytes[] = "0123456789abcdefghijklmn";

		bytes[place] = (char)0xff;
		assert_false(utf8_is_valid((struct text){bytes, sizeof(bytes) - 1}));
	}
}

/* Every code point, against the encoder's arithmetic; and no sequence of two bytes passes that is not one of them. */
static void utf8_every_code_point(void **state)
{
	unsigned two_bytes = 0;

	(void)state;
	for (uint32_t point = 0x10000; point <= 0x10ffff; point++) {
		char bytes[4] = {(char)(0xf0 | (point >> 18)), (char)(0x80 | ((point >> 12) & 0x3f)),
				 (char)(0x80 | ((point >> 6) & 0x3f)), (char)(0x80 | (point & 0x3f))};

		if (!utf8_is_valid((struct text){bytes, 4}))
			fail_msg("U+%X is refused", point);
	}
	for (uint32_t point = 0x800; point <= 0xffff; point++) {
		char bytes[3] = {(char)(0xe0 | (point >> 12)), (char)(0x80 | ((point >> 6) & 0x3f)),
				 (char)(0x80 | (point & 0x3f))};

		if (utf8_is_valid((struct text){bytes, 3}) != (point < 0xd800 || point > 0xdfff))
			fail_msg("U+%X is judged wrongly", point);
	}
	for (unsigned pair = 0; pair <= 0xffff; pair++) {
		char bytes[2] = {(char)(pair >> 8), (char)pair};

		two_bytes += utf8_is_valid((struct text){bytes, 2});
	}
	assert_int_equal(two_bytes, 0x80 * 0x80 + (0x7ff - 0x7f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_text_is_copied),
	    cmocka_unit_test(escapes_become_bytes),
	    cmocka_unit_test(plus_is_a_space_in_the_query_only),
	    cmocka_unit_test(bad_escapes_are_refused),
	    cmocka_unit_test(an_escape_does_not_read_beyond_its_view),
	    cmocka_unit_test(nul_is_refused),
	    cmocka_unit_test(invalid_utf8_is_refused),
	    cmocka_unit_test(utf8_well_formed),
	    cmocka_unit_test(utf8_malformed),
	    cmocka_unit_test(utf8_is_as_unicode_says),
	    cmocka_unit_test(utf8_malformed_at_any_place),
	    cmocka_unit_test(utf8_every_code_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
