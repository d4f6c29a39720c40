#include "base/buffer.h"

#include "base/run.h"

enum {
	ESCAPE_MAX = 6, /* characters for one byte: \u001f */
	PIECE = 1024,   /* a longer text gets room for the escapes of one piece at a time */
};

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

/* Writes a block some of whose bytes are to be escaped; as many bytes can be read behind it. */
static char *write_escaped_block(char *out, const char *at, run_ends ends)
{
	const char *end = at + RUN_BLOCK;

	for (const char *block = at; ends != 0; ends = run_after_first(ends)) {
		const char *escape = block + run_first(ends);

		/* what is behind the plain bytes is written over */
		memcpy(out, at, RUN_BLOCK);
		out = write_escape(out + (escape - at), (unsigned char)*escape);
		at = escape + 1;
	}
	memcpy(out, at, RUN_BLOCK);
	return out + (end - at);
}

/* `out` has room for ESCAPE_MAX times as much. Returns the place behind what was written. */
static char *write_escaped(char *out, const char *at, size_t length)
{
	const char *end = at + length;

	for (; end - at >= 2 * RUN_BLOCK; at += RUN_BLOCK) {
		run_ends ends = run_block_ends(at, run_json);

		if (UNLIKELY(ends != 0)) {
			out = write_escaped_block(out, at, ends);
		} else {
			memcpy(out, at, RUN_BLOCK);
			out += RUN_BLOCK;
		}
	}
	for (;;) {
		size_t run = run_copy(out, (struct text){at, (size_t)(end - at)}, run_json);

		out += run;
		at += run;
		if (at == end)
			return out;
		out = write_escape(out, (unsigned char)*at++);
	}
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
