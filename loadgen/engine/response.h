/* response.h - reads HTTP/1.1 responses from bytes as they arrive; any cut of the bytes gives the same.
 *
 * Strict where two readers could differ about where a response ends (RFC 9112, section 6.3). Refused are
 * Content-Length together with chunked, two different lengths, a length that is no number, a bare CR, a folded line.
 * Interim responses (1xx) are skipped.
 *
 * Life:    response_init() before each response; response_feed() until it is whole.
 * Owner:   the room for a Location is the caller's.
 * Limits:  RESPONSE_HEAD_MAX bytes of head or trailer. Of one line only the first RESPONSE_LINE_MAX bytes are read, or
 *          RESPONSE_LOCATION_MAX where Location is wanted. That matters only to a very long Server-Timing. A body is
 *          counted, never kept.
 * Errors:  RESPONSE_MALFORMED with `what`, a constant that names it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/engine/server_timing.h"

enum { RESPONSE_HEAD_MAX = 64 * 1024, RESPONSE_LINE_MAX = 128, RESPONSE_LOCATION_MAX = 2048 };

/* Where a Location goes, and the lines of a head that may hold one. */
struct response_room {
	char line[RESPONSE_LOCATION_MAX], location[RESPONSE_LOCATION_MAX];
	struct text value; /* of the last Location; length 0: there was none, or it was longer */
};

enum response_state { RESPONSE_INCOMPLETE, RESPONSE_WHOLE, RESPONSE_MALFORMED };

struct response {
	/* what it says; valid once the head is over */
	uint64_t bytes;   /* read so far, head and body */
	const char *what; /* of RESPONSE_MALFORMED */
	struct server_timing timing;
	uint16_t status;
	bool is_head_over, is_keep_alive;

	/* private */
	bool is_head_request, is_chunked, has_length, is_line_cut, is_cr_last;
	uint8_t part;         /* of the grammar */
	uint16_t line_length; /* kept of a line that has not ended yet */
	uint32_t head_bytes;
	uint64_t left;              /* of the body or chunk */
	struct response_room *room; /* NULL: Location is not wanted */
	char line[RESPONSE_LINE_MAX];
};

void response_init(struct response *response, bool is_head_request);
/* Behind response_init(): Location is kept in `room`, which may be NULL. */
void response_want_location(struct response *response, struct response_room *room);
/* Takes bytes from the front of *input, no more than belong to this response, and moves *input behind them. */
enum response_state response_feed(struct response *response, struct text *input);
/* The server closed the connection: whole when that is how its body ends; otherwise it stays incomplete. */
enum response_state response_close(struct response *response);
