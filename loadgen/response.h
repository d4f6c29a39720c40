/* response.h - reads HTTP/1.1 responses from bytes as they arrive; no memory of its own, any cut of the bytes is the
 * same.
 *
 * Strict where two readers could differ about where a response ends (RFC 9112, section 6.3): Content-Length and chunked
 * together, two different lengths, a length that is no number, bare CR, a fold. Interim responses (1xx) are skipped.
 *
 * Life:    response_init() before each response; response_feed() until it is whole.
 * Limits:  RESPONSE_HEAD_MAX bytes of head; a body is counted, never kept.
 * Errors:  RESPONSE_MALFORMED with `what`, a constant that names it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { RESPONSE_HEAD_MAX = 64 * 1024 };

enum response_state { RESPONSE_INCOMPLETE, RESPONSE_WHOLE, RESPONSE_MALFORMED };

struct response {
	/* what it says; valid once the head is over */
	uint16_t status;
	bool is_head_over, is_keep_alive;
	uint32_t queue_us, database_us, total_us; /* TIMING_UNKNOWN (record.h) when absent */
	uint64_t bytes;                           /* read so far, head and body */
	const char *what;                         /* of RESPONSE_MALFORMED */

	/* private: the position in the grammar; the implementer's to choose, at most 192 bytes in all */
	bool is_head_request;
	uint64_t left; /* of the body or chunk */
	uint8_t part, subpart, flags;
	uint8_t name_length, value_length;
	char name[32];
	char value[96];
};

void response_init(struct response *response, bool is_head_request);
/* Takes bytes from the front of *input, no more than belong to this response, and moves *input behind them. */
enum response_state response_feed(struct response *response, struct text *input);
/* The server closed the connection: whole when the response had no length of its own, else it stays incomplete. */
enum response_state response_close(struct response *response);
