/* guard.h - reads the head of a request, in one pass, and refuses what no two servers read alike. No I/O.
 *
 * libh2o 2.2.5 would take the first of several Content-Lengths, accept one beside Transfer-Encoding and fold header
 * lines. It would answer what it cannot parse, a body too large and an unknown expectation with bytes of its own.
 * parser.c puts this reader in the place of its parser. The only Transfer-Encoding is `chunked` (chunked.h decodes
 * it). Of Connection's options `close` counts, then `keep-alive`, and no other: its value becomes one of the two.
 * Expect is left out of HTTP/1.0, which has none. Of a target that is a whole URL the scheme and the authority are
 * left out. After a refusal the connection must be closed: where the next request begins is not certain.
 *
 * Owner:   texts are views of what was read.
 * Thread:  any.
 * Limits:  HTTP_HEAD_BYTES_MAX; HTTP_FIELDS_MAX header lines.
 * Errors:  a verdict with an error and a sentence for the client.
 */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "exchange/message.h"

#include <stdint.h>

enum {
	HTTP_HEAD_BYTES_MAX = 128 * 1024, /* max_path_bytes is half of it at most */
	HTTP_FIELDS_MAX = 100,            /* as many as libh2o has places for */
};

struct http_head {
	/* set by the caller */
	struct http_field *fields; /* places for HTTP_FIELDS_MAX */
	uint32_t max_body_bytes;

	/* valid when it was read whole */
	struct text method;
	struct text target;     /* "/path?query", or "*"; of a whole URL also "?query" or nothing */
	unsigned minor_version; /* of HTTP/1 */
	unsigned field_count;
	bool has_body; /* of one byte at least, or chunked */
	size_t bytes;  /* with the empty line at its end; the body follows */
};

struct http_guard_verdict {
	bool is_incomplete; /* good so far, and more must come */
	enum error error;   /* ERROR_NONE, or a refusal */
	const char *detail; /* constant, a sentence; NULL with ERROR_NONE */
};

/* `raw` begins with the request line, or some empty lines before it, and may run on into the body and beyond. */
struct http_guard_verdict http_guard_read(struct http_head *head, struct text raw);
/* Returns how many bytes of `raw` are empty lines that are skipped. */
size_t http_guard_empty_lines(struct text raw);
