/* value_text.h - one value as text: what its JSON holds, a string without quotes and escapes. For CSV and headers.
 *
 * So timestamps are ISO 8601, bytea is base64, arrays and json are JSON. Any of it is valid as input again.
 *
 * Thread:  any.
 */
#pragma once

#include "base/buffer.h"
#include "db/values/type.h"

void value_text_add(struct buffer *out, const struct db_type *type, struct text value);
/* The bytes of a bytea. Text that is none, as a function may have set another bytea_output, is added as it is. */
void value_bytes_add(struct buffer *out, struct text bytea);
