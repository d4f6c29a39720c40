/* title_text.h - what a title says, made of what stands between its tags.
 *
 * Character references are decoded, white space is stripped and collapsed as document.title does, a control character
 * becomes U+FFFD.
 *
 * Thread:  any.
 * Limits:  TITLE_BYTES_MAX; what is longer is cut, at a whole character.
 */
#pragma once

#include "base/text.h"

enum { TITLE_BYTES_MAX = 2048 };

/* `raw` is UTF-8. `is_cut`: it went on, so a reference at its end may be unfinished, and is left out. Returns how many bytes
 * were written. */
size_t title_text_write(struct text raw, bool is_cut, char out[TITLE_BYTES_MAX]);
