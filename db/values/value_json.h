/* value_json.h - one value, no array, of PostgreSQL's text form as JSON: whole, or in chunks when it is large.
 *
 * Thread:  any.
 */
#pragma once

#include "base/buffer.h"
#include "db/values/type.h"

/* \x00ff; a function may have set another bytea_output, whose text is shown as it is. */
static inline bool value_is_hex(struct text bytea)
{
	return bytea.length >= 2 && bytea.length % 2 == 0 && memcmp(bytea.at, "\\x", 2) == 0;
}

void value_json_add(struct buffer *out, enum db_type_kind kind, struct text value);

enum {
	VALUE_LARGE_BYTES = 8192, /* what is longer is written in chunks */
	VALUE_CHUNK_BYTES = 6144, /* a multiple of six: three bytes in hex, one group of base64 */
};

/* How the rest of a value that has begun is written. */
struct value_chunks {
	enum { VALUE_COPIED, VALUE_ESCAPED, VALUE_BASE64 } way;
};

/* `beginning`: an even number of the value's first bytes, 2 or more. Returns how many of them are no part of the JSON. */
size_t value_chunks_begin(struct value_chunks *chunks, struct buffer *out, enum db_type_kind kind,
			  struct text beginning);
/* The next bytes: VALUE_CHUNK_BYTES, or all that are left. */
void value_chunks_add(const struct value_chunks *chunks, struct buffer *out, struct text chunk);
void value_chunks_end(const struct value_chunks *chunks, struct buffer *out);
