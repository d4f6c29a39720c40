/* body.h - a JSON body as its top-level fields, each value as it stands in the text.
 *
 * jansson says whether the body is JSON (strict UTF-8, no duplicate keys, no NUL); the values are then taken from the
 * text itself, so that a number keeps its digits and jsonb its bytes.
 *
 * Owner:   the arena; `raw` values are views of the body.
 * Thread:  any.
 * Limits:  BODY_FIELDS_MAX fields; depth as given. jansson's nodes, at worst some eighty bytes for each byte of the
 * body, are gone when it returns; a small body takes nothing from malloc.
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

/* Once, before any thread starts and before jansson is used: lets jansson allocate from an arena during body_parse().
 */
void body_init_library(void);

/* `json` of length 0 is a body without fields. Returns NULL, or what is wrong with its place
 * ("line 1, column 8: duplicate object key near '"a"'"). */
const char *body_parse(struct text json, unsigned max_depth, struct arena *arena, struct body *body);
