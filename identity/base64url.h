/* base64url.h - base64url as JOSE has it (RFC 7515, section 2): no padding, no other character, one spelling a value.
 *
 * Thread:  any.
 */
#pragma once

#include "base/buffer.h"

/* False: it is none. *decoded is a NUL-terminated copy in `arena`. */
bool base64url_decode(struct text encoded, struct arena *arena, struct text *decoded);
void base64url_add(struct buffer *buffer, struct text bytes);
