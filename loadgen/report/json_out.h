/* json_out.h - writes one JSON document, value after value; commas, quotes and escapes are its own business.
 *
 * Life:    {.out = buffer} -> json_out_open() -> values -> json_out_close(); the text is in the buffer.
 * Owner:   the buffer's arena.
 * Limits:  JSON_OUT_DEPTH_MAX levels. Inside an object every value has a key, inside an array `key` is NULL.
 * Errors:  none: what is not finite becomes null, a byte that is no UTF-8 becomes U+FFFD.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum { JSON_OUT_DEPTH_MAX = 16 };

struct json_out {
	struct buffer *out;
	/* private */
	char closers[JSON_OUT_DEPTH_MAX];
	unsigned depth;
	bool needs_comma;
};

/* `bracket` is '{' or '['. */
void json_out_open(struct json_out *json, const char *key, char bracket);
void json_out_close(struct json_out *json);

/* As many digits as it takes to read the same number back. */
void json_out_number(struct json_out *json, const char *key, double number);
void json_out_count(struct json_out *json, const char *key, uint64_t count);
void json_out_bool(struct json_out *json, const char *key, bool is_true);
/* NULL becomes null. */
void json_out_string(struct json_out *json, const char *key, const char *string);
void json_out_null(struct json_out *json, const char *key);
