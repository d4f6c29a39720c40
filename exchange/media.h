/* media.h - the media types that rows are written in, and the one that a client takes (RFC 9110, section 12.5.1).
 *
 * Thread:  any.
 */
#pragma once

#include "base/text.h"

enum media {
	MEDIA_JSON,   /* an object, or an array of them */
	MEDIA_NDJSON, /* an object a line */
	MEDIA_CSV,    /* RFC 4180, with a header line */
	MEDIA_COUNT
};

/* Sets of them. */
enum {
	MEDIA_OF_JSON = 1U << MEDIA_JSON,
	MEDIA_OF_STREAMS = 1U << MEDIA_JSON | 1U << MEDIA_NDJSON,
	MEDIA_OF_ROWS = 1U << MEDIA_JSON | 1U << MEDIA_NDJSON | 1U << MEDIA_CSV,
};

/* "text/csv" */
const char *media_name(enum media media);
/* As it is sent, with its parameters. */
const char *media_content_type(enum media media);
/* Returns that of the set `offered` which the client of this Accept header likes best; MEDIA_COUNT: it takes none.
 * Of equal quality, one that the header names comes before one that a range covers. Of those that it names, CSV comes
 * before NDJSON, and NDJSON before JSON; of the others, `usual` comes first. */
enum media media_choose(struct text accept, unsigned offered, enum media usual);
