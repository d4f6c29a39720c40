/* The annotations of what a client and a cache know an answer by: ETag, Last-Modified, Cache-Control, If-Match. */
#include "handlers/sql/draft.h"

#include <limits.h>

/* Reads a name that is all there is. */
static bool read_column(struct parser *parser, const struct note *note, const char **column)
{
	struct text rest = note->value, name;

	if (!sql_take_column(&rest, &name) || rest.length > 0)
		return false;
	*column = arena_copy(&parser->set->arena, name);
	return true;
}

bool sql_read_etag(struct parser *parser, const struct note *note)
{
	struct endpoint *endpoint = &parser->draft.endpoint;

	endpoint->has_etag = true;
	endpoint->etag_line = note->line;
	return note->value.length == 0 || read_column(parser, note, &endpoint->etag_column);
}

bool sql_read_last_modified(struct parser *parser, const struct note *note)
{
	parser->draft.endpoint.modified_line = note->line;
	return read_column(parser, note, &parser->draft.endpoint.modified_column);
}

/* Cache-Control: RFC 9111, section 5.2.2; RFC 5861; RFC 8246 */

const char sql_cache_control_expected[] =
    "some of public, private, no-cache, no-store, must-revalidate, proxy-revalidate, must-understand, no-transform, "
    "immutable, max-age=N, s-maxage=N, stale-while-revalidate=N and stale-if-error=N, with commas";

static bool is_among(struct text word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (text_equal(word, text_of(*words)))
			return true;
	return false;
}

static bool is_directive(struct text directive)
{
	static const char *const plain[] = {
	    "public",           "private",         "no-cache",     "no-store",  "must-revalidate",
	    "proxy-revalidate", "must-understand", "no-transform", "immutable", NULL};
	static const char *const timed[] = {"max-age", "s-maxage", "stale-while-revalidate", "stale-if-error", NULL};
	struct text rest = directive, word = text_cut_at(&rest, '=');
	unsigned seconds;

	if (word.length == directive.length)
		return is_among(word, plain);
	return is_among(word, timed) && sql_read_number(rest, 0, UINT_MAX, &seconds);
}

bool sql_read_cache_control(struct parser *parser, const struct note *note)
{
	struct text rest = note->value;

	parser->draft.endpoint.cache_control = arena_copy(&parser->set->arena, note->value);
	if (rest.length == 0 || rest.at[rest.length - 1] == ',')
		return false;
	while (rest.length > 0)
		if (!is_directive(sql_trim(text_cut_at(&rest, ','))))
			return false;
	return true;
}

/* What fits together */

void sql_check_if_match(struct parser *parser, unsigned line)
{
	struct endpoint *endpoint = &parser->draft.endpoint;

	if (endpoint->takes_if_match)
		complain(parser, line, "a second parameter from if-match; one is enough");
	endpoint->takes_if_match = true;
	endpoint->if_match_line = line;
	if (endpoint->method == HTTP_GET)
		complain(parser, line, "if-match is for writes; a GET has `-- etag`");
}

static void check_of_get(struct parser *parser, enum annotation annotation, bool is_of_row)
{
	const struct endpoint *endpoint = &parser->draft.endpoint;
	unsigned line = parser->draft.lines[annotation];
	const char *key = sql_annotation_key(annotation);

	if (line == 0)
		return;
	if (endpoint->method != HTTP_GET || endpoint->shape == ENDPOINT_EXEC)
		complain(parser, line, "`-- %s` is for :one and :many on GET only", key);
	else if (is_of_row && endpoint->shape != ENDPOINT_ONE)
		complain(parser, line, "`-- %s: COLUMN` is for :one only", key);
	else if (endpoint->is_stream)
		complain(parser, line, "`-- %s` and `-- stream`: a stream is sent before its end is known", key);
	if (endpoint->work != NULL)
		complain(parser, line, "`-- %s` and `-- work:`: it is for what SQL answers", key);
}

void sql_check_representation(struct parser *parser)
{
	const struct endpoint *endpoint = &parser->draft.endpoint;
	unsigned line = parser->draft.lines[ANNOTATION_CACHE_CONTROL];

	check_of_get(parser, ANNOTATION_ETAG, endpoint->etag_column != NULL);
	check_of_get(parser, ANNOTATION_LAST_MODIFIED, true);
	if (line > 0 && endpoint->work != NULL)
		complain(parser, line, "`-- cache-control:` and `-- work:`: it is for what SQL answers");
}
