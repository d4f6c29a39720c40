/* json_out.h - writes one JSON document, value after value; commas, quotes, escapes and lines are its own business.
 *
 * Life:    {.out = buffer} -> json_out_open() -> values -> json_out_close(); the text is in the buffer.
 * Owner:   the buffer's arena.
 * Limits:  JSON_OUT_DEPTH_MAX levels. Inside an object every value has a key, inside an array `key` is NULL.
 * Errors:  none: a number that is not finite becomes null.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum { JSON_OUT_DEPTH_MAX = 32 };

struct json_out {
	struct buffer *out;
	bool is_indented; /* a line for each value, and a blank behind a colon; else no white space */
	/* private, but for the depth: how many brackets are open */
	char closers[JSON_OUT_DEPTH_MAX];
	unsigned depth;
	bool needs_comma;
};

/* `bracket` is '{' or '['. */
void json_out_open(struct json_out *json, const char *key, char bracket);
void json_out_close(struct json_out *json);
/* Until so many are open. */
void json_out_close_above(struct json_out *json, unsigned depth);

/* The value is the caller's to add. */
void json_out_begin(struct json_out *json, const char *key);
/* `value` is one as it is to be seen: digit by digit, which jansson's values are not. */
void json_out_json(struct json_out *json, const char *key, const char *value);
/* As many digits as it takes to read the same number back. */
void json_out_number(struct json_out *json, const char *key, double number);
void json_out_count(struct json_out *json, const char *key, uint64_t count);
void json_out_bool(struct json_out *json, const char *key, bool is_true);
void json_out_null(struct json_out *json, const char *key);
/* NULL becomes null, and a byte that is no UTF-8 U+FFFD. */
void json_out_string(struct json_out *json, const char *key, const char *string);
/* `text` is UTF-8. */
void json_out_text(struct json_out *json, const char *key, struct text text);
