/* buffer.h - bytes that grow in an arena, and the way JSON strings are written into them.
 *
 * Owner:  the arena. A small buffer that grows leaves its old place behind in the arena; a large one does not.
 * Thread: as the arena.
 */
#pragma once

#include "base/arena.h"

struct buffer {
	struct arena *arena;
	char *bytes;
	size_t length, capacity;
	char *scratch; /* for the functions that write into it; kept, so that a long stream asks the arena once */
	size_t scratch_capacity;
};

/* Returns a place for `bytes` beside the buffer's own, valid until the next call. */
char *buffer_scratch(struct buffer *buffer, size_t bytes);

static inline struct buffer buffer_in(struct arena *arena)
{
	return (struct buffer){.arena = arena};
}

/* Returns a place for `bytes` more; the caller writes there and adds to `length` what it wrote. */
char *buffer_reserve_slow(struct buffer *buffer, size_t bytes);

static inline char *buffer_reserve(struct buffer *buffer, size_t bytes)
{
	if (UNLIKELY(buffer->capacity - buffer->length <= bytes))
		return buffer_reserve_slow(buffer, bytes);
	return buffer->bytes + buffer->length;
}

static inline void buffer_add(struct buffer *buffer, struct text text)
{
	char *place = buffer_reserve(buffer, text.length);

	if (text.length > 0)
		memcpy(place, text.at, text.length);
	buffer->length += text.length;
}

static inline void buffer_add_char(struct buffer *buffer, char c)
{
	*buffer_reserve(buffer, 1) = c;
	buffer->length++;
}

static inline struct text buffer_text(const struct buffer *buffer)
{
	return (struct text){buffer->bytes, buffer->length};
}

void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Adds `text`, which is UTF-8, quoted and escaped as RFC 8259 asks. */
void buffer_add_json_string(struct buffer *buffer, struct text text);
/* Adds a part of a string, escaped, without quotes. It may end anywhere, within a character too. */
void buffer_add_json_chars(struct buffer *buffer, struct text text);
