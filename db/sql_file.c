#include "db/sql_file.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/percent.h"
#include "db/sql_token.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

enum {
	NAME_BYTES_MAX = 63, /* NAMEDATALEN - 1: what PostgreSQL keeps of a prepared statement's name */
	TIMEOUT_MS_MAX = 600 * 1000,
	MAX_ROWS_MAX = 1000 * 1000,
	SHOWN_BYTES_MAX = 60, /* of the user's text in a message */
};

enum annotation {
	ANNOTATION_NAME,
	ANNOTATION_ROUTE,
	ANNOTATION_SUMMARY,
	ANNOTATION_STATUS,
	ANNOTATION_TIMEOUT,
	ANNOTATION_MAX_ROWS,
	ANNOTATION_STREAM,
	ANNOTATION_ISOLATED,
	ANNOTATION_PARAM,
	ANNOTATION_COUNT
};

/* A `-- key: value` line. */
struct note {
	struct text key, value;
	unsigned line;
};

/* The endpoint at hand. */
struct draft {
	struct endpoint endpoint;         /* `name` and `path` stay NULL while they are not there or not right */
	unsigned lines[ANNOTATION_COUNT]; /* 0: not there */
	struct db_parameter parameters[DB_PARAMETERS_MAX], documented[DB_PARAMETERS_MAX];
	unsigned parameter_count, documented_count;
	unsigned setting_line; /* where the SQL mentions transaction_read_only; 0: nowhere */
};

struct parser {
	struct endpoint_set *set;
	const char *file;
	const char *begin;
	struct sql_scanner scanner;
	struct draft draft;
};

#define complain(parser, line, ...) diagnostics_add(&(parser)->set->diagnostics, (parser)->file, line, __VA_ARGS__)

/* Text */

static struct text trim(struct text text)
{
	while (text.length > 0 && sql_is_space(text.at[0]))
		text = (struct text){text.at + 1, text.length - 1};
	while (text.length > 0 && sql_is_space(text.at[text.length - 1]))
		text.length--;
	return text;
}

/* Takes the first word off `rest`, which is trimmed and stays so. */
static struct text take_word(struct text *rest)
{
	struct text word = {rest->at, 0};

	while (word.length < rest->length && !sql_is_space(rest->at[word.length]))
		word.length++;
	*rest = trim((struct text){rest->at + word.length, rest->length - word.length});
	return word;
}

/* As much of the user's text as a message should hold, cut between characters. */
static struct text shown(struct text text)
{
	if (text.length <= SHOWN_BYTES_MAX)
		return text;
	text.length = SHOWN_BYTES_MAX;
	while (text.length > 0 && (text.at[text.length] & 0xc0) == 0x80)
		text.length--;
	return text;
}

static bool read_number(struct text digits, unsigned least, unsigned most, unsigned *number)
{
	unsigned value = 0;

	if (digits.length == 0 || digits.length > 9)
		return false;
	for (size_t i = 0; i < digits.length; i++) {
		if (!sql_is_digit(digits.at[i]))
			return false;
		value = value * 10 + (unsigned)(digits.at[i] - '0');
	}
	*number = value;
	return value >= least && value <= most;
}

/* [A-Za-z_][A-Za-z0-9_]*: what can stand after a colon in the SQL. */
static bool is_parameter_name(struct text name)
{
	if (name.length == 0 || name.length > NAME_BYTES_MAX || !sql_begins_name(name.at[0]))
		return false;
	for (size_t i = 1; i < name.length; i++)
		if (!sql_continues_name(name.at[i]))
			return false;
	return true;
}

static bool is_endpoint_name(struct text name)
{
	for (size_t i = 0; i < name.length; i++)
		if (name.at[i] >= 'A' && name.at[i] <= 'Z')
			return false;
	return is_parameter_name(name) && name.at[0] != '_';
}

static bool mentions(struct text text, struct text word)
{
	for (size_t i = 0; i + word.length <= text.length; i++)
		if (strncasecmp(text.at + i, word.at, word.length) == 0)
			return true;
	return false;
}

static void complain_of_end(struct parser *parser, const struct sql_token *token)
{
	static const char *const names[] = {
	    [SQL_TOKEN_BLOCK_COMMENT] = "comment (/*)",         [SQL_TOKEN_STRING] = "string literal (')",
	    [SQL_TOKEN_ESCAPE_STRING] = "string literal (')",   [SQL_TOKEN_QUOTED_NAME] = "quoted identifier (\")",
	    [SQL_TOKEN_DOLLAR_STRING] = "dollar-quoted string",
	};

	complain(parser, token->line, "the %s that begins here has no end", names[token->kind]);
}

/* Annotations */

/* Reads `-- key: value`. A key alone counts where it is a flag: `-- isolated`. Neither a cast in a line that was
 * commented out (`-- name::text`) nor an address (`-- https://...`) is an annotation. */
static bool note_from(struct text comment, struct note *note)
{
	struct text rest = trim((struct text){comment.at + 2, comment.length - 2});
	size_t length = 0;

	while (length < rest.length && (sql_continues_name(rest.at[length]) || rest.at[length] == '-'))
		length++;
	if (length == 0 || !sql_is_letter(rest.at[0]))
		return false;
	note->key = (struct text){rest.at, length};
	if (length == rest.length) {
		note->value = (struct text){rest.at + length, 0};
		return text_equal(note->key, TEXT("stream")) || text_equal(note->key, TEXT("isolated"));
	}
	if (rest.at[length] != ':')
		return false;
	note->value = trim((struct text){rest.at + length + 1, rest.length - length - 1});
	length++;
	return length == rest.length || (rest.at[length] != ':' && rest.at[length] != '/');
}

/* At the `-- name:` that begins an endpoint: it must stand at the start of its line, in an SQL text as well. */
static bool is_at_endpoint(const struct parser *parser)
{
	const struct sql_scanner *scanner = &parser->scanner;
	bool is_line_start = scanner->at == parser->begin || scanner->at[-1] == '\n' || scanner->at[-1] == '\r';
	struct note note;

	if (!is_line_start || scanner->end - scanner->at < 2 || scanner->at[0] != '-' || scanner->at[1] != '-')
		return false;
	return note_from(sql_token_next(scanner).text, &note) && text_equal(note.key, TEXT("name"));
}

/* After an error that makes the rest of an endpoint unreadable. */
static void skip_to_endpoint(struct parser *parser)
{
	struct sql_scanner *scanner = &parser->scanner;

	do {
		const char *newline = memchr(scanner->at, '\n', (size_t)(scanner->end - scanner->at));

		if (newline == NULL) {
			scanner->at = scanner->end;
			return;
		}
		scanner->at = newline + 1;
		scanner->line++;
	} while (!is_at_endpoint(parser));
}

/* The readers return false when the value is not what the table below says; what else is wrong they say themselves. */

static bool read_name(struct parser *parser, const struct note *note)
{
	static const struct text shapes[] = {
	    [ENDPOINT_ONE] = {":one", 4}, [ENDPOINT_MANY] = {":many", 5}, [ENDPOINT_EXEC] = {":exec", 5}};
	struct text rest = note->value, name = take_word(&rest);
	enum endpoint_shape shape = ENDPOINT_ONE;

	while (shape < ARRAY_LENGTH(shapes) && !text_equal(rest, shapes[shape]))
		shape++;
	if (shape == ARRAY_LENGTH(shapes) || !is_endpoint_name(name))
		return false;
	parser->draft.endpoint.shape = shape;
	parser->draft.endpoint.name = arena_copy(&parser->set->arena, name);
	return true;
}

/* Takes the next segment off what is left of a path. Returns false after the last. */
static bool take_segment(struct text *path, struct text *segment)
{
	const char *slash;

	if (path->length == 0)
		return false;
	*path = (struct text){path->at + 1, path->length - 1};
	slash = memchr(path->at, '/', path->length);
	*segment = (struct text){path->at, slash != NULL ? (size_t)(slash - path->at) : path->length};
	*path = (struct text){path->at + segment->length, path->length - segment->length};
	return true;
}

static bool is_path_parameter(struct text segment)
{
	return segment.length > 0 && segment.at[0] == '{';
}

static struct text path_parameter_name(struct text segment)
{
	return (struct text){segment.at + 1, segment.length - 2};
}

/* A parameter in braces, or text as it is after percent-decoding. */
static bool is_segment(struct text segment)
{
	if (is_path_parameter(segment))
		return segment.at[segment.length - 1] == '}' && is_parameter_name(path_parameter_name(segment));
	if (segment.length == 0 || text_equal(segment, TEXT(".")) || text_equal(segment, TEXT("..")))
		return false;
	for (size_t i = 0; i < segment.length; i++)
		if ((unsigned char)segment.at[i] < ' ' || strchr("{}?#%\"\\\x7f", segment.at[i]) != NULL)
			return false;
	return true;
}

static bool is_path(struct text path)
{
	struct text segment;

	if (path.length == 0 || path.at[0] != '/')
		return false;
	if (path.length == 1)
		return true;
	while (take_segment(&path, &segment))
		if (!is_segment(segment))
			return false;
	return true;
}

static bool read_route(struct parser *parser, const struct note *note)
{
	struct text path = note->value, word = take_word(&path);
	enum http_method method = http_method_from(word);

	if (method == HTTP_METHOD_UNKNOWN || method == HTTP_HEAD || method == HTTP_OPTIONS)
		return false;
	if (path.length == 0 || memchr(path.at, ' ', path.length) != NULL)
		return false;
	parser->draft.endpoint.method = method;
	if (is_path(path))
		parser->draft.endpoint.path = arena_copy(&parser->set->arena, path);
	else
		complain(parser, note->line,
			 "the path \"%.*s\" must be / or segments that each begin with /: plain text without %% ? # \" "
			 "\\, not . or .., or a whole {parameter}",
			 TEXT_ARGS(shown(path)));
	return true;
}

static bool read_summary(struct parser *parser, const struct note *note)
{
	parser->draft.endpoint.summary = arena_copy(&parser->set->arena, note->value);
	return note->value.length > 0;
}

static bool read_status(struct parser *parser, const struct note *note)
{
	return read_number(note->value, 200, 299, &parser->draft.endpoint.status);
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
	if (!read_number(digits, 1, TIMEOUT_MS_MAX / unit_ms, timeout_ms))
		return false;
	*timeout_ms *= unit_ms;
	return true;
}

static bool read_max_rows(struct parser *parser, const struct note *note)
{
	return read_number(note->value, 1, MAX_ROWS_MAX, &parser->draft.endpoint.max_rows);
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

static struct db_parameter *find_parameter(struct db_parameter *parameters, unsigned count, struct text name)
{
	for (unsigned i = 0; i < count; i++)
		if (text_equal(text_of(parameters[i].name), name))
			return &parameters[i];
	return NULL;
}

/* The text in a quoted string, '' becoming one quote. */
static char *unquote(struct text quoted, struct arena *arena)
{
	char *value = arena_alloc(arena, quoted.length);
	size_t length = 0;

	for (size_t i = 1; i < quoted.length - 1; i += quoted.at[i] == '\'' ? 2 : 1)
		value[length++] = quoted.at[i];
	value[length] = '\0';
	return value;
}

/* Takes null, a bare word or a quoted string off `rest`. */
static bool take_default(struct parser *parser, struct text *rest, struct db_parameter *parameter)
{
	struct sql_scanner scanner = {.at = rest->at, .end = rest->at + rest->length};
	struct sql_token quoted = sql_token_next(&scanner);
	struct text word;

	parameter->has_default = true;
	if (quoted.kind == SQL_TOKEN_STRING) {
		if (quoted.is_unterminated)
			return false;
		parameter->default_text = unquote(quoted.text, &parser->set->arena);
		*rest = (struct text){rest->at + quoted.text.length, rest->length - quoted.text.length};
		return rest->length == 0 || sql_is_space(rest->at[0]);
	}
	word = take_word(rest);
	if (word.length != 4 || strncasecmp(word.at, "null", 4) != 0)
		parameter->default_text = arena_copy(&parser->set->arena, word);
	return word.length > 0 && memchr(word.at, '\'', word.length) == NULL;
}

/* Reads `NAME`, and the default behind it if there is one; leaves the description in `rest`. */
static bool take_parameter(struct parser *parser, struct text *rest, struct db_parameter *parameter)
{
	struct text name = {rest->at, 0};

	while (name.length < rest->length && sql_continues_name(rest->at[name.length]))
		name.length++;
	*rest = (struct text){rest->at + name.length, rest->length - name.length};
	if (!is_parameter_name(name) || (rest->length > 0 && !sql_is_space(rest->at[0]) && rest->at[0] != '='))
		return false;
	parameter->name = arena_copy(&parser->set->arena, name);
	*rest = trim(*rest);
	if (rest->length == 0 || rest->at[0] != '=')
		return true;
	*rest = trim((struct text){rest->at + 1, rest->length - 1});
	return take_default(parser, rest, parameter);
}

static bool read_param(struct parser *parser, const struct note *note)
{
	struct draft *draft = &parser->draft;
	struct db_parameter parameter = {.line = note->line};
	const struct db_parameter *first;
	struct text rest = note->value;

	if (!take_parameter(parser, &rest, &parameter))
		return false;
	parameter.description = arena_copy(&parser->set->arena, trim(rest));
	first = find_parameter(draft->documented, draft->documented_count, text_of(parameter.name));
	if (first != NULL)
		complain(parser, note->line, "a second `-- param:` for %s; the first is on line %u", first->name,
			 first->line);
	else if (draft->documented_count == DB_PARAMETERS_MAX)
		complain(parser, note->line, "one `-- param:` too many; the most is %d", DB_PARAMETERS_MAX);
	else
		draft->documented[draft->documented_count++] = parameter;
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
    [ANNOTATION_STATUS] = {"status", read_status, "a number from 200 to 299"},
    [ANNOTATION_TIMEOUT] = {"timeout", read_timeout, "a time from 1ms to 600s, such as 500ms or 2s"},
    [ANNOTATION_MAX_ROWS] = {"max-rows", read_max_rows, "a number from 1 to 1000000"},
    [ANNOTATION_STREAM] = {"stream", read_stream, "`true`, or left out"},
    [ANNOTATION_ISOLATED] = {"isolated", read_isolated, "`true`, or left out"},
    [ANNOTATION_PARAM] =
	{"param", read_param,
	 "NAME  DESCRIPTION or NAME = DEFAULT  DESCRIPTION, where DEFAULT is null, a word, a number or a "
	 "'quoted string'"},
};

static enum annotation annotation_of(struct text key)
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
	    TEXT_ARGS(shown(note->key)), TEXT_ARGS(buffer_text(&known)));
}

static void complain_of_place(struct parser *parser, const struct note *note)
{
	if (annotation_of(note->key) == ANNOTATION_NAME)
		complain(parser, note->line, "`-- name:` must stand at the start of its line to begin an endpoint");
	else
		complain(parser, note->line,
			 "`-- %.*s:` belongs between the `-- name:` line and the SQL of its endpoint",
			 TEXT_ARGS(note->key));
}

static void read_note(struct parser *parser, const struct note *note)
{
	enum annotation annotation = annotation_of(note->key);
	unsigned *line;

	if (annotation == ANNOTATION_COUNT) {
		complain_of_unknown(parser, note);
		return;
	}
	line = &parser->draft.lines[annotation];
	if (*line > 0 && annotation == ANNOTATION_NAME)
		complain_of_place(parser, note);
	else if (*line > 0 && annotation != ANNOTATION_PARAM)
		complain(parser, note->line, "a second `-- %s:`; the first is on line %u", annotations[annotation].key,
			 *line);
	else if (!annotations[annotation].read(parser, note))
		complain(parser, note->line, "`-- %s:` must be %s; it is \"%.*s\"", annotations[annotation].key,
			 annotations[annotation].expected, TEXT_ARGS(shown(note->value)));
	if (*line == 0)
		*line = note->line;
}

/* Reads up to the first token of the SQL, the next endpoint or the end. */
static void parse_annotations(struct parser *parser)
{
	for (;;) {
		struct sql_token token = sql_token_next(&parser->scanner);
		struct note note = {.line = token.line};

		if (!sql_token_is_blank(&token) || token.is_unterminated || is_at_endpoint(parser))
			return;
		sql_token_pass(&parser->scanner, &token);
		if (token.kind == SQL_TOKEN_COMMENT && note_from(token.text, &note))
			read_note(parser, &note);
	}
}

/* The SQL */

/* What else there is controls the session or the transaction, which requests share, or belongs to the schema. */
static void check_first_word(struct parser *parser, const struct sql_token *token)
{
	static const char *const allowed[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE",
					      "WITH",   "VALUES", "TABLE",  "CALL"};

	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++)
		if (token->text.length == strlen(allowed[i]) &&
		    strncasecmp(token->text.at, allowed[i], token->text.length) == 0)
			return;
	complain(parser, token->line,
		 "the SQL begins with \"%.*s\"; it must be SELECT, INSERT, UPDATE, DELETE, MERGE, WITH, VALUES, TABLE "
		 "or CALL",
		 TEXT_ARGS(shown(token->text)));
}

/* Writes $n, with n the parameter's place in the order of first appearance. */
static void add_parameter(struct parser *parser, struct buffer *sql, const struct sql_token *token)
{
	const struct sql_scanner *scanner = &parser->scanner; /* behind the token */
	struct draft *draft = &parser->draft;
	struct text name = {token->text.at + 1, token->text.length - 1};
	struct db_parameter *parameter = find_parameter(draft->parameters, draft->parameter_count, name);

	if (!is_parameter_name(name) || (scanner->at < scanner->end && sql_continues_word(*scanner->at))) {
		complain(
		    parser, token->line,
		    "the parameter \":%.*s\" must be a letter or _ followed by letters, digits and _, %d bytes at most",
		    TEXT_ARGS(shown(name)), NAME_BYTES_MAX);
		return;
	}
	if (parameter == NULL && draft->parameter_count == DB_PARAMETERS_MAX) {
		complain(parser, token->line, "\":%.*s\" is one parameter too many; the most is %d",
			 TEXT_ARGS(shown(name)), DB_PARAMETERS_MAX);
		return;
	}
	if (parameter == NULL) {
		parameter = &draft->parameters[draft->parameter_count++];
		*parameter = (struct db_parameter){
		    .name = arena_copy(&parser->set->arena, name), .description = "", .line = token->line};
	}
	/* `IN:a` is two tokens, `IN$1` would be one name. */
	if (sql->length > 0 && sql_continues_word(sql->bytes[sql->length - 1]))
		buffer_add_char(sql, ' ');
	buffer_printf(sql, "$%u", (unsigned)(parameter - draft->parameters) + 1);
}

static void add_token(struct parser *parser, struct buffer *sql, const struct sql_token *token)
{
	switch (token->kind) {
	case SQL_TOKEN_PARAMETER:
		add_parameter(parser, sql, token);
		return;
	case SQL_TOKEN_NUMBERED:
		complain(parser, token->line, "\"%.*s\" in the SQL: a parameter is written :name",
			 TEXT_ARGS(shown(token->text)));
		return;
	default:
		buffer_add(sql, token->text);
	}
	if (!sql_token_is_blank(token) && parser->draft.setting_line == 0 &&
	    mentions(token->text, TEXT("transaction_read_only")))
		parser->draft.setting_line = token->line;
}

/* Returns false when the SQL could not be read to its end. */
static bool parse_sql(struct parser *parser)
{
	struct buffer sql = buffer_in(&parser->set->arena);
	size_t length = 0; /* without the white space and the comments at its end */
	bool has_word = false;

	parser->draft.endpoint.sql_line = parser->scanner.line;
	for (;;) {
		struct sql_token token = sql_token_next(&parser->scanner);

		if (token.kind == SQL_TOKEN_END || is_at_endpoint(parser))
			break;
		if (token.is_unterminated) {
			complain_of_end(parser, &token);
			skip_to_endpoint(parser);
			return false;
		}
		sql_token_pass(&parser->scanner, &token);
		if (token.kind == SQL_TOKEN_SEMICOLON)
			break;
		if (!has_word && !sql_token_is_blank(&token) && !text_equal(token.text, TEXT("("))) {
			check_first_word(parser, &token);
			has_word = true;
		}
		add_token(parser, &sql, &token);
		if (!sql_token_is_blank(&token))
			length = sql.length;
	}
	parser->draft.endpoint.statement.sql = arena_copy(&parser->set->arena, (struct text){sql.bytes, length});
	if (length == 0)
		complain(parser, parser->draft.endpoint.line, "the endpoint has no SQL");
	return length > 0;
}

/* What has to fit together */

static void check_documented_parameters(struct parser *parser)
{
	struct draft *draft = &parser->draft;

	for (unsigned i = 0; i < draft->documented_count; i++) {
		const struct db_parameter *documented = &draft->documented[i];
		struct db_parameter *parameter =
		    find_parameter(draft->parameters, draft->parameter_count, text_of(documented->name));

		if (parameter != NULL)
			*parameter = *documented;
		else
			complain(parser, documented->line, "the SQL does not use the parameter %s: nowhere is :%s",
				 documented->name, documented->name);
	}
}

static void check_path_parameters(struct parser *parser)
{
	struct draft *draft = &parser->draft;
	struct text path = text_of(draft->endpoint.path), segment;
	uint64_t in_path = 0;

	_Static_assert(DB_PARAMETERS_MAX <= 64, "one bit for each parameter");
	while (take_segment(&path, &segment)) {
		struct db_parameter *parameter;
		uint64_t bit;

		if (!is_path_parameter(segment))
			continue;
		parameter = find_parameter(draft->parameters, draft->parameter_count, path_parameter_name(segment));
		if (parameter == NULL) {
			complain(parser, draft->endpoint.route_line, "the SQL does not use the path parameter %.*s",
				 TEXT_ARGS(shown(segment)));
			continue;
		}
		bit = UINT64_C(1) << (parameter - draft->parameters);
		if (in_path & bit)
			complain(parser, draft->endpoint.route_line, "the path holds {%s} twice", parameter->name);
		else if (parameter->has_default)
			complain(parser, parameter->line,
				 "the path parameter %s can not have a default: it is always there", parameter->name);
		in_path |= bit;
	}
}

static void check_shape(struct parser *parser)
{
	const struct endpoint *endpoint = &parser->draft.endpoint;
	const unsigned *lines = parser->draft.lines;
	bool is_many = endpoint->shape == ENDPOINT_MANY;

	if (lines[ANNOTATION_MAX_ROWS] > 0 && !is_many)
		complain(parser, lines[ANNOTATION_MAX_ROWS], "`-- max-rows:` is for :many only");
	if (endpoint->is_stream && (!is_many || (endpoint->path != NULL && endpoint->method != HTTP_GET)))
		complain(parser, lines[ANNOTATION_STREAM], "`-- stream` is for :many on GET only");
	else if (endpoint->is_stream && lines[ANNOTATION_MAX_ROWS] > 0)
		complain(parser, lines[ANNOTATION_MAX_ROWS], "`-- max-rows:` and `-- stream`: a stream has no most");
	if ((endpoint->status == 204 || endpoint->status == 205) && endpoint->shape != ENDPOINT_EXEC)
		complain(parser, lines[ANNOTATION_STATUS], "status %u has no body: it is for :exec only",
			 endpoint->status);
}

static void check_name_is_new(struct parser *parser)
{
	const struct endpoint_set *set = parser->set;

	for (unsigned i = 0; i < set->count; i++)
		if (strcmp(set->endpoints[i].name, parser->draft.endpoint.name) == 0) {
			complain(parser, parser->draft.endpoint.line, "the name %s is taken: the first is at %s:%u",
				 set->endpoints[i].name, set->endpoints[i].file, set->endpoints[i].line);
			return;
		}
}

static void check_draft(struct parser *parser, bool has_sql)
{
	const struct draft *draft = &parser->draft;
	const struct endpoint *endpoint = &draft->endpoint;

	if (endpoint->name != NULL) {
		check_name_is_new(parser);
		check_shape(parser);
	}
	if (draft->lines[ANNOTATION_ROUTE] == 0)
		complain(parser, endpoint->line, "the endpoint has no route: `-- route:` must be %s",
			 annotations[ANNOTATION_ROUTE].expected);
	if (!has_sql)
		return;
	check_documented_parameters(parser);
	if (endpoint->path == NULL)
		return;
	check_path_parameters(parser);
	if (endpoint->method == HTTP_GET && draft->setting_line > 0)
		complain(parser, draft->setting_line,
			 "a GET can not write, so its SQL must not mention transaction_read_only");
}

/* What follows from the rest. */
static void complete(struct endpoint *endpoint)
{
	struct db_statement *statement = &endpoint->statement;
	bool is_limited = endpoint->shape == ENDPOINT_MANY && !endpoint->is_stream;

	if (endpoint->status == 0)
		endpoint->status = endpoint->shape == ENDPOINT_EXEC ? 204 : 200;
	if (endpoint->max_rows == 0 && is_limited)
		endpoint->max_rows = ENDPOINT_MAX_ROWS_DEFAULT;
	statement->name = endpoint->name;
	statement->is_read_only = endpoint->method == HTTP_GET;
	statement->is_isolated = endpoint->is_isolated;
	statement->timeout_ms = endpoint->timeout_ms;
	/* A write is run to its end, whatever it returns. */
	if (statement->is_read_only)
		statement->row_limit = endpoint->shape == ENDPOINT_ONE ? 1 : endpoint->max_rows;
}

static void add_endpoint(struct parser *parser)
{
	struct endpoint_set *set = parser->set;
	struct endpoint *endpoint = &parser->draft.endpoint;
	struct db_statement *statement = &endpoint->statement;

	if (set->count == ENDPOINTS_MAX) {
		complain(parser, endpoint->line, "one endpoint too many; the most is %d", ENDPOINTS_MAX);
		return;
	}
	if (set->count == set->capacity) {
		struct endpoint *grown;

		set->capacity = set->capacity > 0 ? set->capacity * 2 : 16;
		grown = arena_alloc(&set->arena, set->capacity * sizeof(*grown));
		if (set->count > 0)
			memcpy(grown, set->endpoints, set->count * sizeof(*grown));
		set->endpoints = grown;
	}
	complete(endpoint);
	statement->index = set->count;
	statement->parameter_count = parser->draft.parameter_count;
	statement->parameters = arena_alloc(&set->arena, statement->parameter_count * sizeof(*statement->parameters));
	memcpy(statement->parameters, parser->draft.parameters,
	       statement->parameter_count * sizeof(*statement->parameters));
	set->endpoints[set->count++] = *endpoint;
}

static void parse_endpoint(struct parser *parser)
{
	unsigned before = parser->set->diagnostics.count;
	struct draft *draft = &parser->draft;
	struct sql_token token = sql_token_next(&parser->scanner);
	struct note note = {.line = token.line};
	bool has_sql;

	memset(draft, 0, sizeof(*draft));
	draft->endpoint.file = parser->file;
	draft->endpoint.line = token.line;
	draft->endpoint.summary = "";
	if (note_from(token.text, &note))
		read_note(parser, &note);
	sql_token_pass(&parser->scanner, &token);
	parse_annotations(parser);
	draft->endpoint.route_line = draft->lines[ANNOTATION_ROUTE];
	has_sql = parse_sql(parser);
	check_draft(parser, has_sql);
	if (parser->set->diagnostics.count == before)
		add_endpoint(parser);
}

/* Files */

/* Passes white space and comments; false at anything else. An annotation is in the wrong place here. */
static bool pass_blank(struct parser *parser, const struct sql_token *token)
{
	struct note note = {.line = token->line};

	if (token->is_unterminated || (!sql_token_is_blank(token) && token->kind != SQL_TOKEN_SEMICOLON))
		return false;
	if (token->kind == SQL_TOKEN_COMMENT && note_from(token->text, &note) &&
	    annotation_of(note.key) != ANNOTATION_COUNT)
		complain_of_place(parser, &note);
	sql_token_pass(&parser->scanner, token);
	return true;
}

/* Returns false when there are no more endpoints. */
static bool reach_endpoint(struct parser *parser)
{
	while (!is_at_endpoint(parser)) {
		struct sql_token token = sql_token_next(&parser->scanner);

		if (token.kind == SQL_TOKEN_END)
			return false;
		if (pass_blank(parser, &token))
			continue;
		if (token.kind == SQL_TOKEN_BLOCK_COMMENT)
			complain_of_end(parser, &token);
		else if (parser->draft.endpoint.line == 0)
			complain(parser, token.line,
				 "SQL before the first endpoint: one begins with `-- name: NAME :one`");
		else
			complain(
			    parser, token.line,
			    "a second statement after the `;`: the endpoint that begins on line %u is one statement",
			    parser->draft.endpoint.line);
		skip_to_endpoint(parser);
	}
	return true;
}

/* Line by line, so that the place can be named. */
static bool source_is_text(struct parser *parser)
{
	const char *at = parser->scanner.at, *end = parser->scanner.end;

	if (end - at > SQL_FILE_BYTES_MAX) {
		complain(parser, 0, "the file is too large; the most is %d bytes", SQL_FILE_BYTES_MAX);
		return false;
	}
	for (unsigned line = 1; at < end; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct text text = {at, (size_t)((newline != NULL ? newline : end) - at)};

		if (memchr(text.at, '\0', text.length) != NULL) {
			complain(parser, line, "a NUL byte; the file must be text in UTF-8");
			return false;
		}
		if (!utf8_is_valid(text)) {
			complain(parser, line, "invalid UTF-8; the file must be text in UTF-8");
			return false;
		}
		at = newline != NULL ? newline + 1 : end;
	}
	return true;
}

void endpoint_set_init(struct endpoint_set *set)
{
	memset(set, 0, sizeof(*set));
	arena_init(&set->arena, NULL, 0);
	diagnostics_init(&set->diagnostics, &set->arena);
}

void endpoint_set_cleanup(struct endpoint_set *set)
{
	arena_cleanup(&set->arena);
	set->endpoints = NULL;
	set->count = set->capacity = 0;
	diagnostics_init(&set->diagnostics, &set->arena);
}

unsigned sql_file_parse(struct endpoint_set *set, const char *file_name, struct text source)
{
	const struct text mark = TEXT("\xEF\xBB\xBF"); /* some editors begin a file with it */
	unsigned before = set->diagnostics.count;
	struct parser parser = {.set = set};

	if (source.length >= mark.length && memcmp(source.at, mark.at, mark.length) == 0)
		source = (struct text){source.at + mark.length, source.length - mark.length};
	if (source.length == 0)
		return 0;
	parser.file = arena_copy(&set->arena, text_of(file_name));
	parser.begin = source.at;
	parser.scanner = (struct sql_scanner){.at = source.at, .end = source.at + source.length, .line = 1};
	if (source_is_text(&parser))
		while (reach_endpoint(&parser))
			parse_endpoint(&parser);
	return set->diagnostics.count - before;
}

static int is_sql_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".sql") == 0;
}

/* By bytes, whatever the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* One byte more than allowed is read, so that sql_file_parse() sees a file that is too large. */
static void load_file(struct endpoint_set *set, const char *path)
{
	FILE *file = fopen(path, "rb");
	char *bytes = memory_alloc(SQL_FILE_BYTES_MAX + 1);
	size_t length = 0;

	if (file != NULL)
		length = fread(bytes, 1, SQL_FILE_BYTES_MAX + 1, file);
	if (file == NULL || ferror(file))
		diagnostics_add(&set->diagnostics, path, 0, "cannot be read: %s", strerror(errno));
	else
		sql_file_parse(set, path, (struct text){bytes, length});
	if (file != NULL)
		fclose(file);
	free(bytes);
}

int endpoint_set_load(struct endpoint_set *set, const char *folder)
{
	unsigned before = set->diagnostics.count, endpoints_before = set->count;
	struct dirent **names;
	int count = scandir(folder, &names, is_sql_file, compare_names);

	if (count < 0) {
		diagnostics_add(&set->diagnostics, folder, 0, "the folder of endpoints cannot be read: %s",
				strerror(errno));
		return -1;
	}
	for (int i = 0; i < count; i++) {
		load_file(set, arena_printf(&set->arena, "%s/%s", folder, names[i]->d_name));
		free(names[i]);
	}
	free(names);
	if (set->diagnostics.count == before && set->count == endpoints_before)
		diagnostics_add(&set->diagnostics, folder, 0,
				"the folder holds no endpoint: no *.sql file with a `-- name:` line");
	return set->diagnostics.count == before ? 0 : -1;
}
