/* coding.h - the content codings (RFC 9110, section 8.4) that a response may have.
 *
 * Thread:  any.
 */
#pragma once

#include <stdbool.h>

enum coding {
	CODING_IDENTITY, /* as it is */
	CODING_GZIP,
	CODING_BROTLI,
	CODING_COUNT
};

/* Returns its name in Content-Encoding: "gzip", "br"; "identity" is never sent. */
const char *coding_name(enum coding coding);
/* Whether a body of this media type becomes smaller: text does, and what is compressed by itself does not. */
bool coding_suits(const char *content_type);
