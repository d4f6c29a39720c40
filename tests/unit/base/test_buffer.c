#include "base/buffer.h"

#include "lib/arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_text(struct text text, const char *expected)
{
	assert_int_equal(text.length, strlen(expected));
	assert_memory_equal(text.at, expected, text.length);
}

static void assert_json(const char *bytes, size_t length, const char *expected)
{
	struct buffer out = buffer_in(&arena);

	buffer_add_json_string(&out, (struct text){bytes, length});
	assert_text(buffer_text(&out), expected);
}

static void what_is_added_is_there_in_order(void **state)
{
	struct buffer out = buffer_in(&arena);

	(void)state;
	buffer_add(&out, TEXT("ab"));
	buffer_add_char(&out, '/');
	buffer_add(&out, (struct text){NULL, 0});
	buffer_printf(&out, "%d%s", 12, "x");
	assert_text(buffer_text(&out), "ab/12x");
}

static void it_grows_and_keeps_what_it_had(void **state)
{
	struct buffer out = buffer_in(&arena);

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		buffer_add_char(&out, (char)('a' + i % 26));
	assert_int_equal(out.length, 100000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(out.bytes[i], 'a' + i % 26);
}

static void two_buffers_in_one_arena_do_not_meet(void **state)
{
	struct buffer a = buffer_in(&arena), b = buffer_in(&arena);

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		buffer_add_char(&a, 'a');
		buffer_add_char(&b, 'b');
	}
	for (unsigned i = 0; i < 5000; i++) {
		assert_int_equal(a.bytes[i], 'a');
		assert_int_equal(b.bytes[i], 'b');
	}
}

static void a_reserved_place_is_as_large_as_asked_for(void **state)
{
	struct buffer out = buffer_in(&arena);

	(void)state;
	for (size_t bytes = 1; bytes < 5000; bytes = bytes * 3 + 1) {
		memset(buffer_reserve(&out, bytes), 0xab, bytes);
		assert_true(out.capacity - out.length >= bytes);
		out.length += bytes;
	}
}

static void printf_longer_than_what_is_left_is_whole(void **state)
{
	struct buffer out = buffer_in(&arena);

	(void)state;
	buffer_add(&out, TEXT("<"));
	buffer_printf(&out, "%01000d", 5);
	buffer_add(&out, TEXT(">"));
	assert_int_equal(out.length, 1002);
	assert_int_equal(out.bytes[1000], '5');
	assert_int_equal(out.bytes[1001], '>');
}

static void json_strings_are_quoted(void **state)
{
	(void)state;
	assert_json("", 0, "\"\"");
	assert_json("plain", 5, "\"plain\"");
	assert_json("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
	assert_json("a/b<>&'\x7f", 8, "\"a/b<>&'\x7f\"");
}

static void json_strings_are_escaped(void **state)
{
	(void)state;
	assert_json("\"\\\b\f\n\r\t", 7, "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
	assert_json("\0", 1, "\"\\u0000\"");
	assert_json("\x01\x0b\x1f", 3, "\"\\u0001\\u000b\\u001f\"");
}

/* The eight-bytes-at-a-time scan sees what stands at each place of a word, and before and behind it. */
static void every_byte_is_escaped_at_every_place(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 128; c++) {
		for (unsigned place = 0; place < 19; place++) {
			char in[19], expected[32], *end = expected;

			memset(in, 'x', sizeof(in));
			in[place] = (char)c;
			*end++ = '"';
			for (unsigned i = 0; i < place; i++)
				*end++ = 'x';
			if (c == '"' || c == '\\')
				end += sprintf(end, "\\%c", c);
			else if (c >= 0x20)
				*end++ = (char)c;
			else if (strchr("\b\f\n\r\t", (int)c) != NULL && c != 0)
				end += sprintf(end, "\\%c", "btn_fr"[c - 8]);
			else
				end += sprintf(end, "\\u%04x", c);
			for (unsigned i = place + 1; i < 19; i++)
				*end++ = 'x';
			*end++ = '"';
			*end = '\0';
			assert_json(in, sizeof(in), expected);
		}
	}
}

static void a_string_of_nothing_but_escapes_fits(void **state)
{
	struct buffer out = buffer_in(&arena);
	char in[500];

	(void)state;
	memset(in, 1, sizeof(in));
	buffer_add_json_string(&out, (struct text){in, sizeof(in)});
	assert_int_equal(out.length, 6 * 500 + 2);
	assert_true(out.length <= out.capacity);
	assert_memory_equal(out.bytes + out.length - 7, "\\u0001\"", 7);
}

/* The buffer grows piece by piece then; an escape stands before, at and behind the end of a piece, and everywhere. */
static void a_long_string_is_escaped_as_a_short_one(void **state)
{
	enum { LENGTH = 5000 };
	static char in[LENGTH], expected[6 * LENGTH + 3];

	(void)state;
	for (unsigned apart = 1; apart < 1100; apart = apart < 20 ? apart + 1 : apart * 2 + 1) {
		struct buffer out = buffer_in(&arena);
		char *end = expected;

		*end++ = '"';
		for (unsigned i = 0; i < LENGTH; i++) {
			in[i] = i % apart == 0 ? '\x01' : 'x';
			end += sprintf(end, "%s", i % apart == 0 ? "\\u0001" : "x");
		}
		*end++ = '"';
		buffer_add(&out, TEXT("before"));
		buffer_add_json_string(&out, (struct text){in, LENGTH});
		assert_true(out.length <= out.capacity);
		assert_int_equal(out.length, 6 + (size_t)(end - expected));
		assert_memory_equal(out.bytes + 6, expected, (size_t)(end - expected));
	}
}

/* Room is taken for what is there, not for the escapes that might be. */
static void a_long_plain_string_takes_little_more_than_its_length(void **state)
{
	enum { LENGTH = 900 * 1000 };
	static char in[LENGTH];
	struct buffer out = buffer_in(&arena);

	(void)state;
	memset(in, 'x', sizeof(in));
	buffer_add_json_string(&out, (struct text){in, sizeof(in)});
	assert_int_equal(out.length, LENGTH + 2);
	assert_int_equal(out.capacity, 1024 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_added_is_there_in_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(it_grows_and_keeps_what_it_had, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(two_buffers_in_one_arena_do_not_meet, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_reserved_place_is_as_large_as_asked_for, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(printf_longer_than_what_is_left_is_whole, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_long_string_is_escaped_as_a_short_one, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_long_plain_string_takes_little_more_than_its_length, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(json_strings_are_quoted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(json_strings_are_escaped, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(every_byte_is_escaped_at_every_place, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_string_of_nothing_but_escapes_fits, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
