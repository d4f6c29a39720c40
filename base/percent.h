/* percent.h - percent-decoding as RFC 3986 writes it, strict.
 *
 * Thread:  any.
 * Errors:  NULL when it decoded; else what is wrong: "a bad percent-escape", "a NUL byte", "invalid UTF-8".
 */
#pragma once

#include "base/arena.h"

/* *decoded is always a NUL-terminated copy in `arena`. */
const char *percent_decode(struct text input, bool plus_is_space, struct arena *arena, struct text *decoded);

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_is_valid(struct text text);
/* Returns the place of the first byte that is not part of such a character, or the text's length. */
size_t utf8_valid_length(struct text text);
