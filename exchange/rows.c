/* Rows become a body, in the media type that the client takes. */
#include "exchange/exchange.h"

#include "db/values/row_csv.h"
#include "db/values/row_json.h"

bool exchange_choose_media(struct exchange *x, unsigned offered, enum media usual)
{
	x->media = media_choose(x->request.accept, offered, usual);
	return x->media != MEDIA_COUNT;
}

enum step respond_not_acceptable(struct exchange *x, unsigned offered)
{
	struct buffer list = buffer_in(&x->arena);

	for (enum media media = 0; media < MEDIA_COUNT; media++)
		if (offered >> media & 1)
			buffer_printf(&list, "%s%s", list.length > 0 ? ", " : "", media_name(media));
	return respond_problem(x, ERROR_NOT_ACCEPTABLE, "the Accept header takes none of what there is: %.*s",
			       TEXT_ARGS(buffer_text(&list)));
}

static enum step respond_in_lines(struct exchange *x, unsigned status, const struct db_signature *signature,
				  const struct db_result *rows, unsigned first, unsigned end)
{
	struct buffer out = buffer_in(&x->arena);

	if (x->media == MEDIA_CSV)
		row_csv_add_header(&out, signature, NULL);
	for (unsigned row = first; row < end; row++) {
		if (x->media == MEDIA_CSV)
			row_csv_add(&out, signature, rows, row, NULL);
		else
			row_json_add_line(&out, signature, rows, row);
	}
	return respond_text(x, status, media_content_type(x->media), buffer_text(&out));
}

enum step respond_row(struct exchange *x, unsigned status, const struct db_signature *signature,
		      const struct db_result *rows, unsigned row)
{
	struct buffer json = buffer_in(&x->arena);

	if (UNLIKELY(x->media != MEDIA_JSON))
		return respond_in_lines(x, status, signature, rows, row, row + 1);
	row_json_add(&json, signature, rows, row);
	return respond_json(x, status, buffer_text(&json));
}

/* Returns how many are sent. */
static unsigned cut_rows(struct exchange *x, const struct db_result *rows, unsigned limit)
{
	unsigned count = db_row_count(rows);

	if (LIKELY(count <= limit))
		return count;
	response_add_header(x, "meantime-truncated", text_of(arena_printf(&x->arena, "max-rows=%u", limit)));
	return limit;
}

enum step respond_rows(struct exchange *x, unsigned status, const struct db_signature *signature,
		       const struct db_result *rows, unsigned limit)
{
	struct buffer json = buffer_in(&x->arena);
	unsigned count = cut_rows(x, rows, limit);

	if (UNLIKELY(x->media != MEDIA_JSON))
		return respond_in_lines(x, status, signature, rows, 0, count);
	buffer_add_char(&json, '[');
	for (unsigned row = 0; row < count; row++) {
		if (row > 0)
			buffer_add_char(&json, ',');
		row_json_add(&json, signature, rows, row);
	}
	buffer_add_char(&json, ']');
	return respond_json(x, status, buffer_text(&json));
}

enum step respond_row_without(struct exchange *x, unsigned status, const struct db_signature *signature,
			      const struct db_result *rows, const bool *is_left_out)
{
	struct buffer out = buffer_in(&x->arena);

	if (x->media == MEDIA_CSV) {
		row_csv_add_header(&out, signature, is_left_out);
		row_csv_add(&out, signature, rows, 0, is_left_out);
	} else {
		row_json_add_without(&out, signature, rows, 0, is_left_out);
	}
	if (x->media == MEDIA_NDJSON)
		row_json_end_line(&out, 0);
	return respond_text(x, status, media_content_type(x->media), buffer_text(&out));
}
