#include "base/buffer.h"

#include <stdint.h>
#include <stdio.h>

char *buffer_reserve_slow(struct buffer *buffer, size_t bytes)
{
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : 256;
	char *moved;

	while (capacity - buffer->length <= bytes)
		capacity *= 2;
	if (buffer->bytes != NULL &&
	    arena_extend(buffer->arena, buffer->bytes, buffer->capacity, capacity - buffer->capacity)) {
		buffer->capacity = capacity;
		return buffer->bytes + buffer->length;
	}
	moved = arena_alloc(buffer->arena, capacity);
	if (buffer->length > 0)
		memcpy(moved, buffer->bytes, buffer->length);
	buffer->bytes = moved;
	buffer->capacity = capacity;
	return moved + buffer->length;
}

char *buffer_scratch(struct buffer *buffer, size_t bytes)
{
	if (buffer->scratch_capacity < bytes) {
		buffer->scratch_capacity = 2 * bytes;
		buffer->scratch = arena_alloc(buffer->arena, buffer->scratch_capacity);
	}
	return buffer->scratch;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(NULL, 0, format, values);
	va_end(values);
	va_start(values, format);
	vsnprintf(buffer_reserve(buffer, (size_t)length + 1), (size_t)length + 1, format, values);
	va_end(values);
	buffer->length += (size_t)length;
}

/* The letter after the backslash for a byte that JSON wants escaped, 'u' for the long form, 0 for none. */
static char escape_of(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return c < 0x20 ? 'u' : 0;
	}
}

/* Length of the run at `at` that needs no escape. Eight bytes at a time: a byte below 0x20, a quote or a
 * backslash sets its high bit in one of the three terms ("determine if a word has a byte less than n",
 * Bit Twiddling Hacks, S. E. Anderson). Bytes above 0x7f are UTF-8 and pass. */
static size_t plain_run(const char *at, size_t length)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
	size_t run = 0;

	for (; length - run >= 8; run += 8) {
		uint64_t word, quote, backslash;

		memcpy(&word, at + run, 8);
		quote = word ^ (ones * '"');
		backslash = word ^ (ones * '\\');
		if ((((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) &
		    highs)
			break;
	}
	while (run < length && escape_of((unsigned char)at[run]) == 0)
		run++;
	return run;
}

/* The longest escape is six bytes for one: reserved blindly for what is short, counted for what is not. */
static size_t escaped_length_at_most(struct text text)
{
	size_t length = text.length;

	if (text.length <= 1024)
		return 6 * text.length;
	for (size_t at = 0; at < text.length; at++)
		length += escape_of((unsigned char)text.at[at]) != 0 ? 5 : 0;
	return length;
}

void buffer_add_json_string(struct buffer *buffer, struct text text)
{
	static const char hex[] = "0123456789abcdef";
	char *out = buffer_reserve(buffer, escaped_length_at_most(text) + 2), *start = out;
	size_t at = 0;

	*out++ = '"';
	while (at < text.length) {
		size_t run = plain_run(text.at + at, text.length - at);
		unsigned char c;

		memcpy(out, text.at + at, run);
		out += run;
		at += run;
		if (at == text.length)
			break;
		c = (unsigned char)text.at[at++];
		*out++ = '\\';
		*out++ = escape_of(c);
		if (escape_of(c) == 'u') {
			memcpy(out, "00", 2);
			out[2] = hex[c >> 4];
			out[3] = hex[c & 15];
			out += 4;
		}
	}
	*out++ = '"';
	buffer->length += (size_t)(out - start);
}
