#include "handlers/sql/row_stream.h"

void row_stream_init(struct row_stream *stream, struct exchange *x, bool is_ndjson)
{
	*stream = (struct row_stream){.part = buffer_in(&x->arena), .is_ndjson = is_ndjson};
}

void row_stream_begin_row(struct row_stream *stream)
{
	if (!stream->is_ndjson)
		buffer_add(&stream->part, stream->has_begun ? TEXT(",\n") : TEXT("["));
	stream->has_begun = true;
}

void row_stream_end_row(struct row_stream *stream)
{
	if (stream->is_ndjson)
		buffer_add_char(&stream->part, '\n');
}

void row_stream_close(struct row_stream *stream)
{
	if (!stream->is_ndjson)
		buffer_add(&stream->part, stream->has_begun ? TEXT("]") : TEXT("[]"));
}

enum step row_stream_respond(struct row_stream *stream, struct exchange *x, unsigned status, step_fn *next)
{
	const char *content_type = stream->is_ndjson ? "application/x-ndjson" : "application/json";
	struct text part = buffer_text(&stream->part);

	/* the bytes stay where they are until the next part is written */
	stream->part.length = 0;
	if (next == NULL)
		return respond_last_part(x, status, content_type, part);
	return respond_part(x, status, content_type, part, next);
}
