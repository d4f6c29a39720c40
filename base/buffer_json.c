#include "base/buffer.h"

#include <endian.h>
#include <stdint.h>

enum {
	BLOCK = sizeof(uint64_t),
	ESCAPE_MAX = 6,      /* characters for one byte: \u001f */
	PIECE = 128 * BLOCK, /* a longer text gets room for the escapes of one piece at a time */
};

static const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);

/* The place of the first byte of a block that JSON wants escaped; BLOCK: none is. A byte below 0x20, a quote or a
 * backslash sets the high bit of its byte in one of three terms. (The terms are "determine if a word has a byte less
 * than n", Bit Twiddling Hacks, S. E. Anderson). A borrow can only mark bytes behind the first. Bytes above 0x7f are
 * UTF-8 and pass. */
static unsigned first_escape(const char *at)
{
	uint64_t block, quote, backslash, found;

	memcpy(&block, at, BLOCK);
	block = le64toh(block);
	quote = block ^ (ones * '"');
	backslash = block ^ (ones * '\\');
	found =
	    (((block - ones * 0x20) & ~block) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & highs;
	return found == 0 ? BLOCK : (unsigned)__builtin_ctzll(found) / 8;
}

static bool needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

/* Returns the place behind what was written. */
static char *write_escape(char *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef", letters[0x20] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";

	*out++ = '\\';
	*out++ = c < 0x20 ? letters[c] : (char)c;
	if (c < 0x20 && letters[c] == 'u') {
		memcpy(out, "00", 2);
		out[2] = hex[c >> 4];
		out[3] = hex[c & 15];
		out += 4;
	}
	return out;
}

/* `out` has room for ESCAPE_MAX times as much. Returns the place behind what was written. */
static char *write_escaped(char *out, const char *at, size_t length)
{
	const char *end = at + length;

	while (end - at >= BLOCK) {
		unsigned plain = first_escape(at);

		memcpy(out, at, BLOCK); /* what is behind the plain bytes is written over */
		out += plain;
		at += plain;
		if (plain < BLOCK)
			out = write_escape(out, (unsigned char)*at++);
	}
	for (; at < end; at++) {
		if (UNLIKELY(needs_escape((unsigned char)*at)))
			out = write_escape(out, (unsigned char)*at);
		else
			*out++ = *at;
	}
	return out;
}

static void add_piece(struct buffer *buffer, const char *at, size_t length)
{
	char *out = buffer_reserve(buffer, ESCAPE_MAX * length);

	buffer->length += (size_t)(write_escaped(out, at, length) - out);
}

void buffer_add_json_chars(struct buffer *buffer, struct text text)
{
	for (; text.length > PIECE; text.at += PIECE, text.length -= PIECE)
		add_piece(buffer, text.at, PIECE);
	add_piece(buffer, text.at, text.length);
}

/* Few escapes are expected: the buffer grows once, and again where there are many. */
static void add_long(struct buffer *buffer, struct text text)
{
	buffer_reserve(buffer, text.length + text.length / 8 + ESCAPE_MAX * PIECE);
	buffer_add_char(buffer, '"');
	buffer_add_json_chars(buffer, text);
	buffer_add_char(buffer, '"');
}

void buffer_add_json_string(struct buffer *buffer, struct text text)
{
	char *out, *end;

	if (UNLIKELY(text.length > PIECE)) {
		add_long(buffer, text);
		return;
	}
	out = buffer_reserve(buffer, ESCAPE_MAX * text.length + 2);
	*out = '"';
	end = write_escaped(out + 1, text.at, text.length);
	*end++ = '"';
	buffer->length += (size_t)(end - out);
}
