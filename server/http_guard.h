/* http_guard.h - message framing that libh2o 2.2.5 lets through and that no two servers read alike. No I/O.
 *
 * libh2o takes the first of several Content-Lengths, accepts one beside Transfer-Encoding, folds header lines and never
 * shows either header; so the raw head is read once more, in one pass. Transfer-Encoding is never accepted: alone it is
 * a 411, which keeps the library's lax chunk decoder out of reach. After any verdict but ERROR_NONE the connection must
 * be closed: where the next request begins is not certain.
 *
 * Thread:  any.
 * Errors:  ERROR_NONE, or the error and a sentence for the client.
 */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct http_head {
	struct text raw;  /* from the request line; may run on into the body: the first empty line ends the head */
	unsigned version; /* as libh2o read it: 0x100 for HTTP/1.0; the request line must say the same */
	bool has_entity;  /* libh2o saw a Content-Length or Transfer-Encoding; a 400 if the head does not agree */
};

struct http_guard_verdict {
	enum error error;   /* ERROR_NONE, ERROR_BAD_INPUT, ERROR_LENGTH_REQUIRED */
	const char *detail; /* constant, a sentence; NULL with ERROR_NONE */
};

struct http_guard_verdict http_guard_check(const struct http_head *head);
