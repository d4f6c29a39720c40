/* byte_range.h - the part of a body that a Range line asks for (RFC 9110, section 14).
 *
 * Of several ranges the whole is the answer: that is allowed, and no list of ranges makes one request cost many.
 *
 * Thread:  any.
 * Errors:  what is malformed, or counts in another unit than bytes, asks for the whole.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

struct byte_range {
	uint64_t first, end; /* `end` is behind the last */
};

enum byte_range_verdict { BYTE_RANGE_WHOLE, BYTE_RANGE_PART, BYTE_RANGE_NONE };

/* BYTE_RANGE_NONE: a body of so many bytes has none of those. */
enum byte_range_verdict byte_range_read(struct text line, uint64_t bytes, struct byte_range *range);
