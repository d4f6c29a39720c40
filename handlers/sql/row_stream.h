/* row_stream.h - rows as they come, as one JSON array or a line a row (NDJSON), a part at a time.
 *
 * Owner:   the exchange's arena; a part's memory is used again for the next, so that a long stream needs no more
 *          than its longest part.
 * Thread:  the exchange's.
 */
#pragma once

#include "base/buffer.h"
#include "exchange/exchange.h"

struct row_stream {
	struct buffer part; /* what is to be sent: rows are written here */
	bool is_ndjson;
	bool has_begun;
};

void row_stream_init(struct row_stream *stream, struct exchange *x, bool is_ndjson);
/* Around each row that is written to `part`. */
void row_stream_begin_row(struct row_stream *stream);
void row_stream_end_row(struct row_stream *stream);
/* Behind the last row. */
void row_stream_close(struct row_stream *stream);
/* Sends the part, and the next one is empty; `next` NULL: it is the last. */
enum step row_stream_respond(struct row_stream *stream, struct exchange *x, unsigned status, step_fn *next);
