/* json_scan.h - where a JSON value ends, what a JSON string says, and the members of an object: for texts that are kept
 * as they are.
 *
 * Strict RFC 8259 grammar, whose numbers have no bounds; half a surrogate pair is refused. Bytes above 0x7f pass
 * unlooked at: a caller that has its text from outside checks the UTF-8.
 *
 * Thread:  any.
 * Limits:  nesting as given; the stack grows with it (about 100 bytes a level).
 * Errors:  false, and nothing is written; of members the place, and what was expected there.
 */
#pragma once

#include "base/json_names.h"

/* Returns the first place at or after `at` that is not white space. */
size_t json_scan_space(struct text text, size_t at);

/* Is there a JSON value at the beginning of `text`, white space before it allowed? *end is the place behind it.
 * A number or string has depth 0, [] depth 1. */
bool json_scan_value(struct text text, unsigned max_depth, size_t *end);

struct json_scan {
	const char *at, *end;     /* private: what is still to be read */
	struct json_names *names; /* private: NULL: an object may have a name twice */
	const char *wrong;        /* NULL, or what is wrong at wrong_at: constant, no sentence of its own */
	const char *wrong_at;
	bool is_too_deep;  /* and that is what is wrong */
	bool is_duplicate; /* the name at wrong_at stands before in its object */
};

/* Is the text one JSON value, with white space around? A name stands once in an object. Names live in `scratch`. False:
 * what is wrong is in `scan`. */
bool json_scan_whole(struct json_scan *scan, struct text text, unsigned max_depth, struct arena *scratch);

/* The members of an object that is the whole text, one after the other. A name stands once in an object, the objects
 * within included. */
struct json_members {
	struct json_scan scan; /* what is not private is for the caller */
	struct json_names names;
	unsigned depth_left;
	bool is_begun;
	struct text name, value; /* of the last member, as in the text; the name with its quotes */
};

/* `text` begins with '{'. Names live in `scratch`. */
void json_members_begin(struct json_members *members, struct text text, unsigned max_depth, struct arena *scratch);
/* False: the text is over, or wrong. */
bool json_members_next(struct json_members *members);

/* `raw` is a well-formed JSON string with its quotes. Returns a NUL-terminated copy in `arena`, which may contain NUL. */
struct text json_scan_unescape(struct text raw, struct arena *arena);
/* `raw` is a whole JSON string with its quotes. *decoded is a NUL-terminated copy in `arena`. Refused is \u0000, which no
 * C string and no PostgreSQL text holds. */
bool json_scan_string(struct text raw, struct arena *arena, struct text *decoded);

/* Is `raw` a whole JSON number? *is_integer: it has neither fraction nor exponent. */
bool json_scan_number(struct text raw, bool *is_integer);
