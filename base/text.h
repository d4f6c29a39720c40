/* text.h - a view of bytes that somebody else owns, not NUL-terminated.
 *
 * Owner:  whoever owns the bytes; a view lives no longer than they do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

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
