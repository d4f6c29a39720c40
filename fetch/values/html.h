/* html.h - the characters and names of HTML's grammar, as far as its readers here share them.
 *
 * Thread:  any.
 * Limits:  HTML_NAME_BYTES_MAX bytes of a name are kept; one that is longer is none that is known here.
 */
#pragma once

#include "base/text.h"

enum { HTML_NAME_BYTES_MAX = 15 };

/* The name of a tag while it is read, in small letters. All zero is the beginning. */
struct html_name {
	unsigned length; /* HTML_NAME_BYTES_MAX + 1: it was longer */
	char bytes[HTML_NAME_BYTES_MAX + 1];
};

static inline bool html_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static inline bool html_is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline bool html_ends_name(char c)
{
	return html_is_space(c) || c == '/' || c == '>';
}

static inline void html_name_add(struct html_name *name, char c)
{
	if (name->length < HTML_NAME_BYTES_MAX)
		name->bytes[name->length++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	else
		name->length = HTML_NAME_BYTES_MAX + 1;
}

static inline bool html_name_is(const struct html_name *name, struct text known)
{
	return text_equal((struct text){name->bytes, name->length}, known);
}
