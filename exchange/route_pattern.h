/* route_pattern.h - the pattern of a route taken apart: "/a/{x}" is the segments "a" and "{x}", and the name "x".
 *
 * Owner:   texts are views of the pattern.
 * Thread:  any.
 */
#pragma once

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* Takes the segment before the next '/'; false when the last one has been taken. `*rest` begins with a '/'. */
static inline bool route_take_segment(struct text *rest, struct text *segment)
{
	const char *slash;

	if (rest->length == 0)
		return false;
	*rest = (struct text){rest->at + 1, rest->length - 1};
	slash = rest->length > 0 ? memchr(rest->at, '/', rest->length) : NULL;
	*segment = (struct text){rest->at, slash != NULL ? (size_t)(slash - rest->at) : rest->length};
	*rest = (struct text){segment->at + segment->length, rest->length - segment->length};
	return true;
}

/* Is it text, as it is after percent-decoding? What could never be in a decoded path is a slip of the pen. So is what
 * would look like an escape, a parameter or the end of the path. Empty is text. */
static inline bool route_is_literal(struct text segment)
{
	if (text_equal(segment, TEXT(".")) || text_equal(segment, TEXT("..")))
		return false;
	for (size_t i = 0; i < segment.length; i++)
		if ((unsigned char)segment.at[i] <= ' ' || strchr("{}?#%\"\\\x7f", segment.at[i]) != NULL)
			return false;
	return true;
}

static inline bool route_is_parameter(struct text segment)
{
	return segment.length > 0 && segment.at[0] == '{';
}

/* Returns the name between the braces of a parameter that is closed. */
static inline struct text route_parameter_name(struct text segment)
{
	return (struct text){segment.at + 1, segment.length - 2};
}

/* Takes the segments up to the next parameter; false: no more. The pattern is well-formed. */
static inline bool route_take_parameter(struct text *rest, struct text *name)
{
	struct text segment;

	while (route_take_segment(rest, &segment))
		if (route_is_parameter(segment)) {
			*name = route_parameter_name(segment);
			return true;
		}
	return false;
}

static inline bool route_has_parameter(const char *pattern, const char *parameter)
{
	struct text rest = text_of(pattern), name;

	while (route_take_parameter(&rest, &name))
		if (text_equal(name, text_of(parameter)))
			return true;
	return false;
}
