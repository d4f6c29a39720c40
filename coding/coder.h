/* coder.h - writes a body in a content coding, at once or part by part.
 *
 * Life:    coder_create() -> coder_add()* -> coder_add() with CODER_ENDS -> coder_destroy(), which may come at any time.
 * Owner:   the caller. What is written belongs to the buffer.
 * Thread:  one at a time.
 * Limits:  CODER_BYTES_MAX of memory. coder_add() takes some 30 to 200 instructions a byte, so a large body is none of a
 *          loop's business.
 * Errors:  none: there is no input that cannot be coded, and out of memory aborts.
 */
#pragma once

#include "base/buffer.h"
#include "coding/coding.h"

enum { CODER_BYTES_MAX = 2 * 1024 * 1024 };

struct coder;

enum coder_end {
	CODER_GOES_ON, /* the coder may keep some of it back */
	CODER_FLUSHES, /* what was added can be decoded without what follows */
	CODER_ENDS,    /* that was all */
};

/* Of a body of so many bytes; 0: it is not known. A small one takes less memory. */
struct coder *coder_create(enum coding coding, size_t bytes);
/* Adds what comes of `part` to `out`. `part` may be empty. */
void coder_add(struct coder *coder, struct text part, enum coder_end end, struct buffer *out);
/* NULL is allowed. */
void coder_destroy(struct coder *coder);
