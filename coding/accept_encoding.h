/* accept_encoding.h - which content codings a client accepts, as its Accept-Encoding lines say (RFC 9110, section 12.5.3).
 *
 * Life:    accept_encoding_init() -> accept_encoding_add() for each line -> accept_encoding_best() or _takes().
 * Thread:  any.
 * Limits:  one pass over a line.
 * Errors:  none: an element that is malformed is passed over, so no coding comes of it. Of a coding that is listed twice the
 *          lower quality counts.
 */
#pragma once

#include "base/text.h"
#include "coding/coding.h"

struct accept_encoding {
	int qualities[CODING_COUNT], any; /* in thousandths; the last is that of "*"; -1: not listed */
};

void accept_encoding_init(struct accept_encoding *accepted);
void accept_encoding_add(struct accept_encoding *accepted, struct text line);
/* Whether a response in this coding may be sent. Without a line only identity may. */
bool accept_encoding_takes(const struct accept_encoding *accepted, enum coding coding);
/* Returns the coding of the highest quality; of equal ones brotli before gzip before identity. Where none may be sent,
 * it is identity. */
enum coding accept_encoding_best(const struct accept_encoding *accepted);
