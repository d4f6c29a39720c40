#include "base/percent.h"

#include "base/hex.h"

#include <stdint.h>

/* Reads the two digits after a '%'; -1 when they are not there. */
static int escaped_byte(const char *after_percent, const char *end)
{
	int high, low;

	if (end - after_percent < 2)
		return -1;
	high = hex_value(after_percent[0]);
	low = hex_value(after_percent[1]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Writes at most as many bytes as it reads. Returns false at the first bad escape. */
static bool decode_bytes(struct text input, bool plus_is_space, char *place, size_t *length)
{
	const char *at = input.at, *end = input.at + input.length;
	char *out = place;

	while (at < end) {
		char c = *at++;

		if (c == '%') {
			int byte = escaped_byte(at, end);

			if (byte < 0)
				return false;
			c = (char)byte;
			at += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		*out++ = c;
	}
	*length = (size_t)(out - place);
	return true;
}

const char *percent_decode(struct text input, bool plus_is_space, struct arena *arena, struct text *decoded)
{
	char *place = arena_alloc(arena, input.length + 1);
	size_t length = 0;
	bool is_decoded = decode_bytes(input, plus_is_space, place, &length);

	place[length] = '\0';
	*decoded = (struct text){place, length};
	if (!is_decoded)
		return "a bad percent-escape";
	if (memchr(place, '\0', length) != NULL)
		return "a NUL byte";
	return utf8_is_valid(*decoded) ? NULL : "invalid UTF-8";
}

/* The length of the sequence that begins with `first`, which is no ASCII, and the bounds of its second byte. They are
 * what keeps out overlong forms (E0, F0), surrogates (ED) and what is above U+10FFFF (F4). 0: no sequence begins so. */
static size_t sequence_length(unsigned char first, unsigned char *least, unsigned char *most)
{
	*least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* The length of the well-formed sequence at `at`, or 0. */
static size_t valid_sequence(const unsigned char *at, size_t available)
{
	unsigned char least, most;
	size_t length = sequence_length(at[0], &least, &most);

	if (length == 0 || length > available || at[1] < least || at[1] > most)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

size_t utf8_valid_length(struct text text)
{
	const unsigned char *at = (const unsigned char *)text.at, *end = at + text.length;

	while (at < end) {
		uint64_t word;
		size_t length;

		/* Most text is ASCII: eight bytes at a time while no high bit is set. */
		while (end - at >= (ptrdiff_t)sizeof(word) &&
		       (memcpy(&word, at, sizeof(word)), (word & UINT64_C(0x8080808080808080)) == 0))
			at += sizeof(word);
		while (at < end && *at < 0x80)
			at++;
		/* a script of its own stands in words */
		for (; at < end && *at >= 0x80; at += length) {
			length = 2;
			if (end - at >= 2 && *at >= 0xc2 && *at <= 0xdf && (at[1] & 0xc0) == 0x80)
				continue;
			length = valid_sequence(at, (size_t)(end - at));
			if (length == 0)
				return (size_t)(at - (const unsigned char *)text.at);
		}
	}
	return text.length;
}

bool utf8_is_valid(struct text text)
{
	return utf8_valid_length(text) == text.length;
}
