/* chunked.h - takes the framing off a chunked body, strictly (RFC 9112 7.1), in place and as it comes. No I/O.
 *
 * A size is hexadecimal digits alone, lines end with CR LF, extensions and trailers must be well-formed and are dropped.
 * Whatever the pieces are in which a body comes, the outcome is the same.
 *
 * Life:    all zero -> http_chunked_decode()* until it is not incomplete any more.
 * Thread:  any.
 * Limits:  HTTP_CHUNK_SIZE_DIGITS_MAX; HTTP_CHUNK_EXTRA_BYTES_MAX of extensions and trailers in a body;
 *          HTTP_CHUNK_DEBT_MAX bytes of framing beyond three times the data, which is 30,000 chunks of one byte.
 * Errors:  a verdict with an error and a sentence for the client. The connection must be closed then.
 */
#pragma once

#include "server/http/guard.h"

#include <stdint.h>

enum {
	HTTP_CHUNK_SIZE_DIGITS_MAX = 16,
	HTTP_CHUNK_EXTRA_BYTES_MAX = 4096,
	HTTP_CHUNK_DEBT_MAX = 60000,
};

/* As large as libh2o's own decoder, in whose place it stands. */
struct http_chunked {
	uint32_t bytes_left;  /* private: of the chunk */
	uint32_t total_bytes; /* private: of the body so far */
	uint8_t libh2os;      /* libh2o writes here; it is never read */
	uint8_t state;        /* private, as the rest */
	uint16_t extra_bytes; /* of extensions and trailers */
	uint16_t debt_bytes;  /* of framing; each byte of data pays three */
	uint8_t digit_count;  /* of the size that is being read */
};

/* Of `length` bytes at `bytes`, *used are read, and replaced by the *decoded bytes of the body in them. Behind *used
 * follows the next request, once the body is complete. */
struct http_guard_verdict http_chunked_decode(struct http_chunked *chunked, char *bytes, size_t length,
					      uint32_t max_body_bytes, size_t *used, size_t *decoded);
