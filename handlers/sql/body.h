/* body.h - a JSON body as its top-level fields, each value as it stands in the text.
 *
 * Checked in one pass: RFC 8259, strict UTF-8, no name twice in one object. Values are never converted, so a number keeps
 * its digits, however many, and jsonb its bytes.
 *
 * Owner:   the arena; `raw` values are views of the body.
 * Thread:  any.
 * Limits:  BODY_FIELDS_MAX fields; depth as given. The names that are compared, at most 18 bytes for each byte of the
 * body, are gone when it returns. A small body takes nothing from malloc.
 */
#pragma once

#include "base/arena.h"

enum { BODY_FIELDS_MAX = 128 };

struct body_field {
	struct text name; /* unescaped, NUL-terminated */
	struct text raw;  /* the value's own bytes, without white space around */
};

struct body {
	struct body_field fields[BODY_FIELDS_MAX];
	unsigned count;
};

/* How many bytes at its beginning are white space. */
size_t body_blank_length(struct text json);
/* Is the text one JSON value, checked as a body is? Returns NULL, or what is wrong with its place. */
const char *body_check(struct text json, unsigned max_depth, struct arena *arena);
/* Is `part` of the text one JSON object? */
const char *body_check_object(struct text json, struct text part, unsigned max_depth, struct arena *arena);
/* Returns NULL, or the place of a byte that is no UTF-8 or is U+0000. */
const char *body_check_text(struct text text, struct arena *arena);

/* `json` of length 0 is a body without fields. Returns NULL, or what is wrong with its place
 * ("line 1, column 8, in field \"a\": a digit was expected"). */
const char *body_parse(struct text json, unsigned max_depth, struct arena *arena, struct body *body);
