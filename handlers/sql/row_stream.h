/* row_stream.h - rows as they come, as one JSON array or a line a row (NDJSON, CSV), a part at a time.
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
	enum media media;
	bool has_begun;
};

/* In the media type that the exchange has chosen. */
void row_stream_init(struct row_stream *stream, struct exchange *x);
/* Adds rows of a result. The columns of the first call are the header of CSV: it is called once at least. */
void row_stream_add_rows(struct row_stream *stream, const struct db_signature *signature, const struct db_result *rows);
/* Or around each row that is written to `part`, as JSON. */
void row_stream_begin_row(struct row_stream *stream);
void row_stream_end_row(struct row_stream *stream);
/* Behind the last row. */
void row_stream_close(struct row_stream *stream);
/* Sends the part, and the next one is empty; `next` NULL: it is the last. */
enum step row_stream_respond(struct row_stream *stream, struct exchange *x, unsigned status, step_fn *next);
