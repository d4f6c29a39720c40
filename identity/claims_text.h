/* claims_text.h - a set of claims from words of a command line: NAME=VALUE.
 *
 * A VALUE that is a whole JSON value (number, true, false, null, object, array, string in quotes) is that value; any other
 * is a string. The value of exp, nbf and iat may be a time from now: `90s`, `15m`, `1h`, `7d`, `-1h`.
 *
 * Thread:  any.
 * Errors:  what is wrong, as a sentence in `arena`.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"

/* NULL: *claims is the object, in `arena`. */
MUST_CHECK const char *claims_text_make(char *const *words, unsigned count, int64_t now_s, struct arena *arena,
					struct text *claims);
