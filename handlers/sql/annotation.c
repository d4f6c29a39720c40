#include "handlers/sql/draft.h"

#include "base/buffer.h"

/* Neither a cast in a line that was commented out (`-- name::text`) nor an address (`-- https://...`) is an annotation.
 */
bool sql_note_from(struct text comment, struct note *note)
{
	struct text rest = sql_trim((struct text){comment.at + 2, comment.length - 2});
	size_t length = 0;

	while (length < rest.length && (sql_continues_name(rest.at[length]) || rest.at[length] == '-'))
		length++;
	if (length == 0 || !sql_is_letter(rest.at[0]))
		return false;
	note->key = (struct text){rest.at, length};
	if (length == rest.length) {
		note->value = (struct text){rest.at + length, 0};
		return text_equal(note->key, TEXT("stream")) || text_equal(note->key, TEXT("isolated")) ||
		       text_equal(note->key, TEXT("public")) || text_equal(note->key, TEXT("etag")) ||
		       text_equal(note->key, TEXT("optional"));
	}
	if (rest.at[length] != ':')
		return false;
	note->value = sql_trim((struct text){rest.at + length + 1, rest.length - length - 1});
	length++;
	return length == rest.length || (rest.at[length] != ':' && rest.at[length] != '/');
}

bool sql_is_at_note(const struct parser *parser, struct text key)
{
	const struct sql_scanner *scanner = &parser->scanner;
	bool is_line_start = scanner->at == parser->begin || scanner->at[-1] == '\n' || scanner->at[-1] == '\r';
	struct note note;

	if (!is_line_start || scanner->end - scanner->at < 2 || scanner->at[0] != '-' || scanner->at[1] != '-')
		return false;
	return sql_note_from(sql_token_next(scanner).text, &note) && text_equal(note.key, key);
}

bool sql_is_at_endpoint(const struct parser *parser)
{
	return sql_is_at_note(parser, TEXT("name"));
}

/* The readers return false when the value is not what the table below says; what else is wrong they say themselves. */

bool sql_take_shape(struct text text, enum endpoint_shape *shape)
{
	static const struct text shapes[] = {
	    [ENDPOINT_ONE] = {":one", 4}, [ENDPOINT_MANY] = {":many", 5}, [ENDPOINT_EXEC] = {":exec", 5}};

	for (*shape = ENDPOINT_ONE; *shape < ARRAY_LENGTH(shapes); ++*shape)
		if (text_equal(text, shapes[*shape]))
			return true;
	return false;
}

/* An endpoint of parts has no shape. Whether it has any is known later. */
static bool read_name(struct parser *parser, const struct note *note)
{
	struct text rest = note->value, name = sql_take_word(&rest);
	struct draft *draft = &parser->draft;

	draft->has_shape = rest.length > 0;
	if ((draft->has_shape && !sql_take_shape(rest, &draft->endpoint.shape)) || !sql_is_endpoint_name(name))
		return false;
	parser->draft.endpoint.name = arena_copy(&parser->set->arena, name);
	return true;
}

static bool read_route(struct parser *parser, const struct note *note)
{
	struct text path = note->value, word = sql_take_word(&path);
	enum http_method method = http_method_from(word);

	if (method == HTTP_METHOD_UNKNOWN || method == HTTP_HEAD || method == HTTP_OPTIONS)
		return false;
	if (path.length == 0 || memchr(path.at, ' ', path.length) != NULL)
		return false;
	parser->draft.endpoint.method = method;
	if (sql_check_path(parser, note->line, path))
		parser->draft.endpoint.path = arena_copy(&parser->set->arena, path);
	return true;
}

static bool read_summary(struct parser *parser, const struct note *note)
{
	parser->draft.endpoint.summary = arena_copy(&parser->set->arena, note->value);
	return note->value.length > 0;
}

static bool read_timeout(struct parser *parser, const struct note *note)
{
	struct text digits = note->value;
	unsigned *timeout_ms = &parser->draft.endpoint.timeout_ms, unit_ms = 1000;

	if (digits.length < 2 || digits.at[digits.length - 1] != 's')
		return false;
	digits.length--;
	if (digits.at[digits.length - 1] == 'm') {
		digits.length--;
		unit_ms = 1;
	}
	if (!sql_read_number(digits, 1, TIMEOUT_MS_MAX / unit_ms, timeout_ms))
		return false;
	*timeout_ms *= unit_ms;
	return true;
}

static bool read_inflight(struct parser *parser, const struct note *note)
{
	return sql_read_number(note->value, 1, INFLIGHT_MAX, &parser->draft.endpoint.inflight_max);
}

/* What is compressed needs no annotation. */
static bool read_compression(struct parser *parser, const struct note *note)
{
	parser->draft.endpoint.is_uncompressed = true;
	return text_equal(note->value, TEXT("off"));
}

static bool read_max_rows(struct parser *parser, const struct note *note)
{
	return sql_read_number(note->value, 1, MAX_ROWS_MAX, &parser->draft.endpoint.max_rows);
}

static bool read_flag(const struct note *note, bool *flag)
{
	*flag = true;
	return note->value.length == 0 || text_equal(note->value, TEXT("true"));
}

static bool read_stream(struct parser *parser, const struct note *note)
{
	return read_flag(note, &parser->draft.endpoint.is_stream);
}

static bool read_isolated(struct parser *parser, const struct note *note)
{
	return read_flag(note, &parser->draft.endpoint.is_isolated);
}

/* Which works there are is the handlers' to know. */
static bool read_work(struct parser *parser, const struct note *note)
{
	if (!sql_is_endpoint_name(note->value))
		return false;
	parser->draft.endpoint.work = arena_copy(&parser->set->arena, note->value);
	parser->draft.endpoint.work_line = note->line;
	return true;
}

static const struct {
	const char *key;
	bool (*read)(struct parser *parser, const struct note *note);
	const char *expected;
} annotations[ANNOTATION_COUNT] = {
    [ANNOTATION_NAME] =
	{"name", read_name,
	 "NAME :one, NAME :many or NAME :exec, where NAME is a lower-case letter followed by lower-case "
	 "letters, digits and _, 63 bytes at most"},
    [ANNOTATION_ROUTE] =
	{"route", read_route,
	 "METHOD /PATH, where METHOD is GET, POST, PUT, PATCH or DELETE, such as GET /countries/{code}"},
    [ANNOTATION_SUMMARY] = {"summary", read_summary, "a sentence"},
    [ANNOTATION_STATUS] =
	{"status", sql_read_status,
	 "a number from 200 to 299, a redirection such as 303, or `column NAME`, such as column status"},
    [ANNOTATION_TIMEOUT] = {"timeout", read_timeout, "a time from 1ms to 600s, such as 500ms or 2s"},
    [ANNOTATION_MAX_ROWS] = {"max-rows", read_max_rows, "a number from 1 to 1000000"},
    [ANNOTATION_STREAM] = {"stream", read_stream, "`true`, or left out"},
    [ANNOTATION_ISOLATED] = {"isolated", read_isolated, "`true`, or left out"},
    [ANNOTATION_PARAM] =
	{"param", sql_read_param,
	 "NAME  DESCRIPTION or NAME = DEFAULT  DESCRIPTION, where DEFAULT is null, a word, a number, a 'quoted "
	 "string', or where it comes from: claim PATH, header NAME, cookie NAME, address or if-match"},
    [ANNOTATION_ERRORS] = {"errors", sql_read_errors,
			   "CODE = STATUS, CODE = STATUS, ..., where CODE is an SQLSTATE, five digits or capital "
			   "letters, such as BK001, and "
			   "STATUS is 400 to 599"},
    [ANNOTATION_ROLES] = {"roles", sql_read_roles, "ROLE, ROLE, ..., which are names of roles in PostgreSQL"},
    [ANNOTATION_PUBLIC] = {"public", sql_read_public, "`true`, or left out"},
    [ANNOTATION_SETTINGS] = {"settings", sql_read_settings, "some of claims, headers, method and path, with commas"},
    [ANNOTATION_RATE] = {"rate", sql_read_rate, rate_limit_expected},
    [ANNOTATION_INFLIGHT] = {"max-inflight", read_inflight, "a number from 1 to 1000000"},
    [ANNOTATION_COMPRESSION] = {"compression", read_compression, "`off`, or left out"},
    [ANNOTATION_ETAG] = {"etag", sql_read_etag, "the name of a column that is a version, or left out"},
    [ANNOTATION_LAST_MODIFIED] = {"last-modified", sql_read_last_modified, "the name of a column"},
    [ANNOTATION_CACHE_CONTROL] = {"cache-control", sql_read_cache_control, sql_cache_control_expected},
    [ANNOTATION_CACHE] = {"cache", sql_read_cache, sql_cache_expected},
    [ANNOTATION_BODY] = {"body", sql_read_body, "json, rows or raw"},
    [ANNOTATION_CONTENT_TYPE] = {"content-type", sql_read_content_type,
				 "a media type, such as image/png, or `column NAME`, such as column type"},
    [ANNOTATION_HEADER] = {"header", sql_read_header, "NAME = column COLUMN, such as location = column url"},
    [ANNOTATION_COLUMN] = {"column", sql_read_column, "NAME not null, such as total not null"},
    [ANNOTATION_WORK] = {"work", read_work, "the name of a built-in work, such as delay"},
    [ANNOTATION_GATHER] = {"gather", sql_read_gather,
			   "NAME :one or NAME :many, where NAME is as that of an endpoint, and new in it"},
    [ANNOTATION_STEP] = {"step", sql_read_step,
			 "NAME :one, NAME :many or NAME :exec, where NAME is as that of an endpoint, and new in it"},
    [ANNOTATION_OPTIONAL] = {"optional", sql_read_optional, "`true`, or left out"},
    [ANNOTATION_EVENTS] = {"events", sql_read_events,
			   "the name of a channel, with parameters in braces, such as order_{id}"},
};

enum annotation sql_annotation_of(struct text key)
{
	enum annotation annotation = 0;

	while (annotation < ANNOTATION_COUNT && !text_equal(key, text_of(annotations[annotation].key)))
		annotation++;
	return annotation;
}

static void complain_of_unknown(struct parser *parser, const struct note *note)
{
	struct buffer known = buffer_in(&parser->set->arena);

	for (enum annotation i = 0; i < ANNOTATION_COUNT; i++)
		buffer_printf(&known, "%s%s", i > 0 ? ", " : "", annotations[i].key);
	complain(
	    parser, note->line,
	    "unknown annotation \"%.*s\"; the known ones are %.*s (a comment must not begin with a word and a colon "
	    "here)",
	    TEXT_ARGS(sql_shown(note->key)), TEXT_ARGS(buffer_text(&known)));
}

void sql_complain_of_place(struct parser *parser, const struct note *note)
{
	if (sql_annotation_of(note->key) == ANNOTATION_NAME)
		complain(parser, note->line, "`-- name:` must stand at the start of its line to begin an endpoint");
	else if (sql_begins_part(sql_annotation_of(note->key)) && parser->draft.part_count > 0)
		complain(parser, note->line, "`-- %.*s:` must stand at the start of its line to begin a part",
			 TEXT_ARGS(note->key));
	else
		complain(parser, note->line,
			 "`-- %.*s:` belongs between the `-- name:` line and the SQL of its endpoint",
			 TEXT_ARGS(note->key));
}

void sql_read_note(struct parser *parser, const struct note *note)
{
	enum annotation annotation = sql_annotation_of(note->key);
	unsigned *line = &parser->draft.lines[annotation];

	if (*line > 0 && annotation == ANNOTATION_NAME)
		sql_complain_of_place(parser, note);
	else if (sql_part_refuses(parser, annotation, note->line))
		return;
	else if (*line > 0 && annotation != ANNOTATION_PARAM && annotation != ANNOTATION_HEADER &&
		 annotation != ANNOTATION_COLUMN && !sql_begins_part(annotation))
		complain(parser, note->line, "a second `-- %s:`; the first is on line %u", annotations[annotation].key,
			 *line);
	else if (!annotations[annotation].read(parser, note))
		complain(parser, note->line, "`-- %s:` must be %s; it is \"%.*s\"", annotations[annotation].key,
			 annotations[annotation].expected, TEXT_ARGS(sql_shown(note->value)));
	if (*line == 0)
		*line = note->line;
}

/* What was meant is not missing besides. */
static bool refuse_slip(struct parser *parser, const struct sql_token *token)
{
	struct text value;
	enum annotation annotation = sql_slip_from(token->text, &value);

	if (annotation == ANNOTATION_COUNT)
		return false;
	sql_complain_of_slip(parser, token, annotation, value);
	if (annotation == ANNOTATION_ROUTE && parser->draft.lines[annotation] == 0)
		parser->draft.lines[annotation] = token->line;
	return true;
}

static void read_comment(struct parser *parser, const struct sql_token *token)
{
	struct note note = {.line = token->line};
	bool is_note = sql_note_from(token->text, &note);

	if (is_note && sql_annotation_of(note.key) != ANNOTATION_COUNT)
		sql_read_note(parser, &note);
	else if (!refuse_slip(parser, token) && is_note)
		complain_of_unknown(parser, &note);
}

void sql_parse_annotations(struct parser *parser)
{
	for (;;) {
		struct sql_token token = sql_token_next(&parser->scanner);

		if (!sql_token_is_blank(&token) || token.is_unterminated || sql_is_at_endpoint(parser))
			return;
		sql_token_pass(&parser->scanner, &token);
		if (token.kind == SQL_TOKEN_COMMENT)
			read_comment(parser, &token);
		else if (token.kind == SQL_TOKEN_BLOCK_COMMENT)
			sql_refuse_guard(parser, &token);
	}
}

const char *sql_annotation_key(enum annotation annotation)
{
	return annotations[annotation].key;
}

const char *sql_annotation_expected(enum annotation annotation)
{
	return annotations[annotation].expected;
}
