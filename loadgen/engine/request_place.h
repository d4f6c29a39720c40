/* request_place.h - where a request is written, a URL or a line of a file, for the message that says what is wrong there.
 *
 * Owner:   the caller's: the name, and the room for the message.
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"

struct request_place {
	const char *name; /* a URL, or a file */
	size_t line;      /* 0: no line */
	char *why;
	size_t why_size;
};

/* Writes the place and what is wrong into `why`. Returns -1. */
int request_place_fail(const struct request_place *place, const char *format, ...) PRINTF_LIKE(2, 3);
