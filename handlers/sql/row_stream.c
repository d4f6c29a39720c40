#include "handlers/sql/row_stream.h"

#include "db/values/row_csv.h"
#include "db/values/row_json.h"

void row_stream_init(struct row_stream *stream, struct exchange *x)
{
	*stream = (struct row_stream){.part = buffer_in(&x->arena), .media = x->media};
}

void row_stream_begin_row(struct row_stream *stream)
{
	if (stream->media == MEDIA_JSON)
		buffer_add(&stream->part, stream->has_begun ? TEXT(",\n") : TEXT("["));
	stream->has_begun = true;
}

void row_stream_end_row(struct row_stream *stream)
{
	if (stream->media == MEDIA_NDJSON)
		buffer_add_char(&stream->part, '\n');
}

static void add_row(struct row_stream *stream, const struct db_signature *signature, const struct db_result *rows,
		    unsigned row)
{
	switch (stream->media) {
	case MEDIA_CSV:
		row_csv_add(&stream->part, signature, rows, row, NULL);
		break;
	case MEDIA_NDJSON:
		row_json_add_line(&stream->part, signature, rows, row);
		stream->has_begun = true;
		break;
	default:
		row_stream_begin_row(stream);
		row_json_add(&stream->part, signature, rows, row);
	}
}

void row_stream_add_rows(struct row_stream *stream, const struct db_signature *signature, const struct db_result *rows)
{
	if (stream->media == MEDIA_CSV && !stream->has_begun) {
		row_csv_add_header(&stream->part, signature, NULL);
		stream->has_begun = true;
	}
	for (unsigned row = 0; rows != NULL && row < db_row_count(rows); row++)
		add_row(stream, signature, rows, row);
}

void row_stream_close(struct row_stream *stream)
{
	if (stream->media == MEDIA_JSON)
		buffer_add(&stream->part, stream->has_begun ? TEXT("]") : TEXT("[]"));
}

enum step row_stream_respond(struct row_stream *stream, struct exchange *x, unsigned status, step_fn *next)
{
	const char *content_type = media_content_type(stream->media);
	struct text part = buffer_text(&stream->part);

	/* the bytes stay where they are until the next part is written */
	stream->part.length = 0;
	if (next == NULL)
		return respond_last_part(x, status, content_type, part);
	return respond_part(x, status, content_type, part, next);
}
