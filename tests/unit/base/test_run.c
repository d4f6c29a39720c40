/* Runs by SSE2 or NEON, by words, and byte by byte: the same, wherever a byte stands. Built twice, for what the machine
 * has and with RUN_BY_WORDS. */
#include "base/run.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	LENGTH_MAX = 64,
	OFFSETS = 16,
};

static const struct run_end ends[] = {
    {0x20, '"', '\\'}, {0, ',', '}'}, {0, '\\', '\\'}, {0, '\0', '\xff'}, {0x80, '\x80', '\xfe'}, {1, 'x', 'y'},
};

/* What stands around the byte that is looked for: ordinary, next to the limits, and what a borrow or a carry could reach. */
static const char fillers[] = {'x', ' ', '!', '#', '[', ']', '\x7f', '\x80', '\xff', 'z'};

static size_t length_byte_by_byte(struct text text, struct run_end end)
{
	size_t at = 0;

	while (at < text.length && !run_ends_at(text.at[at], end))
		at++;
	return at;
}

static bool is_told(char c, struct run_end end, unsigned place, unsigned bits_log2, run_ends found)
{
	run_ends all = (UINT64_C(1) << (1U << bits_log2)) - 1;
	run_ends own = found >> (place << bits_log2) & all;

	return own == (run_ends_at(c, end) ? all : 0);
}

static void every_byte_is_found_at_every_place(void **state)
{
	(void)state;
	for (size_t e = 0; e < ARRAY_LENGTH(ends); e++)
		for (unsigned c = 0; c < 256; c++)
			for (size_t filler = 0; filler < sizeof(fillers); filler++)
				for (unsigned place = 0; place < RUN_BLOCK; place++) {
					char block[RUN_BLOCK];

					memset(block, fillers[filler], RUN_BLOCK);
					block[place] = (char)c;
					for (unsigned i = 0; i < RUN_BLOCK; i++) {
						run_ends word = run_word_ends(block + i / RUN_WORD * RUN_WORD, ends[e]);

						assert_true(is_told(block[i], ends[e], i, RUN_BLOCK_BITS_LOG2,
								    run_block_ends(block, ends[e])));
						assert_true(
						    is_told(block[i], ends[e], i % RUN_WORD, RUN_WORD_BITS_LOG2, word));
					}
				}
}

static void the_first_is_found_and_then_the_next(void **state)
{
	(void)state;
	for (unsigned first = 0; first < RUN_BLOCK; first++)
		for (unsigned second = first + 1; second < RUN_BLOCK; second++) {
			char block[RUN_BLOCK];
			run_ends found;

			memset(block, 'x', RUN_BLOCK);
			block[first] = '"';
			block[second] = '\n';
			found = run_block_ends(block, run_json);
			assert_int_equal(run_first(found), first);
			found = run_after_first(found);
			assert_int_equal(run_first(found), second);
			assert_true(run_after_first(found) == 0);
		}
}

static void assert_run(struct text text, struct run_end end)
{
	size_t expected = length_byte_by_byte(text, end);
	char *out = malloc(text.length + 1);

	assert_int_equal(run_copy(out, text, end), expected);
	assert_memory_equal(out, text.at, expected);
	if (end.below == run_json.below)
		assert_int_equal(run_json_length(text), expected);
	else
		assert_int_equal(run_length_before(text, end.one, end.other), expected);
	free(out);
}

static void a_run_is_as_long_at_every_offset_and_length(void **state)
{
	static const unsigned char bytes[] = {0, 1, 0x1f, 0x20, '"', '\\', ',', '}', 'x', 0x7f, 0x80, 0xff};

	(void)state;
	for (size_t offset = 0; offset < OFFSETS; offset++)
		for (size_t length = 0; length <= LENGTH_MAX; length++)
			for (size_t place = 0; place <= length; place++)
				for (size_t b = 0; b < sizeof(bytes); b++) {
					/* what is behind the text is not to be read */
					char *room = malloc(offset + length + (offset + length == 0));
					struct text text = {room + offset, length};

					memset(room, 'x', offset + length);
					if (place < length)
						room[offset + place] = (char)bytes[b];
					assert_run(text, ends[0]);
					assert_run(text, ends[1]);
					free(room);
				}
}

/* As RFC 8259 asks, byte by byte. */
static size_t escape(char *out, struct text text)
{
	char *end = out;

	*end++ = '"';
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c == '"' || c == '\\')
			end += sprintf(end, "\\%c", c);
		else if (c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t')
			end += sprintf(end, "\\%c", "btn_fr"[c - 8]);
		else if (c < 0x20)
			end += sprintf(end, "\\u%04x", c);
		else
			*end++ = (char)c;
	}
	*end++ = '"';
	return (size_t)(end - out);
}

static void assert_escaped(struct text text)
{
	static char expected[6 * LENGTH_MAX + 3];
	size_t length = escape(expected, text);
	char first[8192];
	struct arena arena;
	struct buffer out;

	arena_init(&arena, first, sizeof(first));
	out = buffer_in(&arena);
	buffer_add_json_string(&out, text);
	assert_int_equal(out.length, length);
	assert_memory_equal(out.bytes, expected, length);
	arena_cleanup(&arena);
}

static void every_byte_is_escaped_in_every_text(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++)
		for (size_t length = 1; length <= LENGTH_MAX; length++)
			for (size_t place = 0; place < length; place++) {
				char *text = malloc(length);

				memset(text, 'x', length);
				text[place] = (char)c;
				assert_escaped((struct text){text, length});
				free(text);
			}
}

/* Escapes beside escapes, in no order. */
static void any_mixture_is_escaped(void **state)
{
	static const char letters[] = {'"', '\\', '\n', '\x01', '\0', 'a', ' ', '\x7f', '\xc3', '\xa4'};
	uint32_t random = 1;

	(void)state;
	for (unsigned times = 0; times < 20000; times++) {
		size_t length = times % (LENGTH_MAX + 1);
		char *text = malloc(length + (length == 0));

		for (size_t i = 0; i < length; i++) {
			random = random * 1664525 + 1013904223;
			text[i] = letters[(random >> 16) % (2 + times % 9)];
		}
		assert_escaped((struct text){text, length});
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_byte_is_found_at_every_place),
	    cmocka_unit_test(the_first_is_found_and_then_the_next),
	    cmocka_unit_test(a_run_is_as_long_at_every_offset_and_length),
	    cmocka_unit_test(every_byte_is_escaped_in_every_text),
	    cmocka_unit_test(any_mixture_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
