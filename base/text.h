/* text.h - a view of bytes, not NUL-terminated, which it does not own.
 *
 * Owner:  the bytes have an owner of their own; a view lives no longer than they do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct text {
	const char *at;
	size_t length;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
/* the same, where a static object is initialized */
#define TEXT_INIT(literal)                                                                                             \
	{                                                                                                              \
		(literal), sizeof(literal) - 1                                                                         \
	}
/* for printf("%.*s", TEXT_ARGS(view)) */
#define TEXT_ARGS(view) (int)(view).length, (view).at

static inline struct text text_of(const char *string)
{
	return (struct text){string, strlen(string)};
}

static inline bool text_equal(struct text a, struct text b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* Of ASCII letters the case does not matter. */
static inline bool text_equal_nocase(struct text a, struct text b)
{
	return a.length == b.length && (a.length == 0 || strncasecmp(a.at, b.at, a.length) == 0);
}

static inline bool text_begins_with(struct text text, struct text start)
{
	return text.length >= start.length && memcmp(text.at, start.at, start.length) == 0;
}

/* Without blanks and tabs around: the optional white space of HTTP, too. */
static inline struct text text_trimmed(struct text text)
{
	while (text.length > 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
		text = (struct text){text.at + 1, text.length - 1};
	while (text.length > 0 && (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\t'))
		text.length--;
	return text;
}

/* At most so many bytes, and no part of a UTF-8 character at the end. */
static inline struct text text_cut_to(struct text text, size_t bytes_max)
{
	if (text.length <= bytes_max)
		return text;
	text.length = bytes_max;
	while (text.length > 0 && ((unsigned char)text.at[text.length] & 0xc0) == 0x80)
		text.length--;
	return text;
}

/* Cuts *rest at the first `separator` and returns what was before it; all of it when there is none. */
static inline struct text text_cut_at(struct text *rest, char separator)
{
	const char *at = rest->length == 0 ? NULL : (const char *)memchr(rest->at, separator, rest->length);
	struct text front = {rest->at, at == NULL ? rest->length : (size_t)(at - rest->at)};
	size_t taken = front.length + (at != NULL);

	*rest = (struct text){rest->at + taken, rest->length - taken};
	return front;
}
