/* media_type.h - what a client's Accept header says of a media type (RFC 9110, section 12.5.1).
 *
 * Thread:  any.
 */
#pragma once

#include "base/text.h"

enum { ACCEPT_QUALITY_MAX = 1000 };

struct accept_verdict {
	unsigned quality; /* thousandths; 0: not acceptable */
	bool is_named;    /* by itself, and not by a range such as the one of everything */
};

/* The most specific range that covers `type` ("application/json") decides. An empty header accepts everything. */
struct accept_verdict accept_quality(struct text header, struct text type);
