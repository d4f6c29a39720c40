#include "handlers/sql/draft.h"

#include "base/buffer.h"
#include "base/percent.h"

#include <strings.h>

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
	} while (!sql_is_at_endpoint(parser));
}

/* The SQL */

/* What else there is controls the session or the transaction, which requests share, or belongs to the schema. */
static void check_first_word(struct parser *parser, const struct sql_token *token)
{
	static const char *const allowed[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE",
					      "WITH",   "VALUES", "TABLE",  "CALL"};

	bool is_call = token->text.length == 4 && strncasecmp(token->text.at, "CALL", 4) == 0;

	/* its transaction may be committed within, and the next one need not be read-only */
	parser->draft.endpoint.statement.may_commit = is_call;
	if (is_call && parser->draft.endpoint.parts_kind == PARTS_STEPS)
		complain(parser, token->line,
			 "a step cannot be CALL: a procedure may commit, and steps are one transaction");
	else if (is_call && parser->draft.endpoint.method == HTTP_GET)
		complain(parser, token->line, "a GET cannot write, and a procedure can: CALL is for the other methods");
	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++)
		if (token->text.length == strlen(allowed[i]) &&
		    strncasecmp(token->text.at, allowed[i], token->text.length) == 0)
			return;
	complain(parser, token->line,
		 "the SQL begins with \"%.*s\"; it must be SELECT, INSERT, UPDATE, DELETE, MERGE, WITH, VALUES, TABLE "
		 "or CALL",
		 TEXT_ARGS(sql_shown(token->text)));
}

/* Which $n of the statement at hand it is. */
static unsigned number_of(struct draft *draft, unsigned parameter)
{
	if (draft->numbers[parameter] == 0) {
		draft->used[draft->used_count++] = (unsigned char)parameter;
		draft->numbers[parameter] = (unsigned char)draft->used_count;
	}
	return draft->numbers[parameter];
}

/* Writes $n, with n the parameter's place in the order of first appearance. */
static void add_parameter(struct parser *parser, struct buffer *sql, const struct sql_token *token)
{
	struct sql_scanner *scanner = &parser->scanner; /* behind the token */
	struct draft *draft = &parser->draft;
	bool asks = sql_asks_given(scanner);
	/* with its question mark the name is one that no client and no author can give */
	struct text name = {token->text.at + 1, token->text.length - 1},
		    full_name = {name.at, name.length + (asks ? 1 : 0)};
	struct db_parameter *parameter = sql_find_parameter(draft->parameters, draft->parameter_count, full_name);

	if (!sql_is_parameter_name(name) || (scanner->at < scanner->end && sql_continues_word(*scanner->at))) {
		complain(
		    parser, token->line,
		    "the parameter \":%.*s\" must be a letter or _ followed by letters, digits and _, %d bytes at most",
		    TEXT_ARGS(sql_shown(name)), NAME_BYTES_MAX);
		return;
	}
	if (parameter == NULL && draft->parameter_count == DB_PARAMETERS_MAX) {
		complain(parser, token->line, "\":%.*s\" is one parameter too many; the most is %d",
			 TEXT_ARGS(sql_shown(name)), DB_PARAMETERS_MAX);
		return;
	}
	if (parameter == NULL) {
		parameter = &draft->parameters[draft->parameter_count++];
		*parameter = (struct db_parameter){
		    .name = arena_copy(&parser->set->arena, full_name), .description = "", .line = token->line};
	}
	/* `IN:a` is two tokens, `IN$1` would be one name. */
	if (sql->length > 0 && sql_continues_word(sql->bytes[sql->length - 1]))
		buffer_add_char(sql, ' ');
	buffer_printf(sql, "$%u%s", number_of(draft, (unsigned)(parameter - draft->parameters)),
		      asks ? GIVEN_CAST : "");
	scanner->at += asks ? 1 : 0;
}

static void add_token(struct parser *parser, struct buffer *sql, const struct sql_token *token)
{
	switch (token->kind) {
	case SQL_TOKEN_PARAMETER:
		add_parameter(parser, sql, token);
		return;
	case SQL_TOKEN_NUMBERED:
		complain(parser, token->line, "\"%.*s\" in the SQL: a parameter is written :name",
			 TEXT_ARGS(sql_shown(token->text)));
		return;
	default:
		buffer_add(sql, token->text);
	}
	if (!sql_token_is_blank(token) && parser->draft.setting_line == 0 &&
	    mentions(token->text, TEXT("transaction_read_only")))
		parser->draft.setting_line = token->line;
}

/* Refuses an annotation where none belongs: it would be a comment without effect. Returns whether an endpoint or a part was
 * meant to begin here. */
static bool refuse_annotation(struct parser *parser, const struct sql_token *token)
{
	struct note note = {.line = token->line};
	enum annotation annotation;
	struct text value;

	if (token->kind != SQL_TOKEN_COMMENT)
		return false;
	if (sql_note_from(token->text, &note) && sql_annotation_of(note.key) != ANNOTATION_COUNT) {
		sql_complain_of_place(parser, &note);
		return sql_begins_part(sql_annotation_of(note.key));
	}
	/* in the SQL itself a comment has more to say of rows and times */
	annotation = sql_slip_from(token->text, &value);
	if (annotation == ANNOTATION_NAME || annotation == ANNOTATION_ROUTE || sql_begins_part(annotation))
		sql_complain_of_slip(parser, token, annotation, value);
	sql_refuse_guard(parser, token);
	return annotation == ANNOTATION_NAME;
}

static bool begins_line(const struct parser *parser, const struct sql_token *token)
{
	const char *at = token->text.at;

	return at == parser->begin || at[-1] == '\n' || at[-1] == '\r';
}

/* The SQL reaches from `begin` to `end`. */
static void keep_source(struct parser *parser, const char *begin, const char *end)
{
	struct endpoint *endpoint = &parser->draft.endpoint;
	const char *line = begin;

	while (line > parser->begin && line[-1] != '\n')
		line--;
	while (end < parser->scanner.end && *end != '\n')
		end++;
	endpoint->source = arena_copy(&parser->set->arena, (struct text){line, (size_t)(end - line)});
	endpoint->source_begin = (size_t)(begin - line);
}

/* Returns false when the SQL could not be read to its end. */
static bool parse_sql(struct parser *parser)
{
	struct buffer sql = buffer_in(&parser->set->arena);
	size_t length = 0; /* without the white space and the comments at its end */
	const char *begin = parser->scanner.at, *end = begin;
	bool has_word = false;

	parser->draft.endpoint.sql_line = parser->scanner.line;
	for (;;) {
		struct sql_token token = sql_token_next(&parser->scanner);

		if (token.kind == SQL_TOKEN_END || sql_is_at_endpoint(parser) || sql_is_at_part(parser))
			break;
		if (token.is_unterminated) {
			complain_of_end(parser, &token);
			skip_to_endpoint(parser);
			return false;
		}
		sql_token_pass(&parser->scanner, &token);
		if (begins_line(parser, &token) && refuse_annotation(parser, &token)) {
			skip_to_endpoint(parser);
			return false;
		}
		if (token.kind == SQL_TOKEN_SEMICOLON)
			break;
		if (!has_word && !sql_token_is_blank(&token) && !text_equal(token.text, TEXT("("))) {
			check_first_word(parser, &token);
			has_word = true;
		}
		add_token(parser, &sql, &token);
		if (!sql_token_is_blank(&token)) {
			length = sql.length;
			end = parser->scanner.at;
		}
	}
	keep_source(parser, begin, end);
	parser->draft.endpoint.statement.sql = arena_copy(&parser->set->arena, (struct text){sql.bytes, length});
	if (length > 0)
		return true;
	if (parser->draft.part_count == 0)
		complain(parser, parser->draft.endpoint.line, "the endpoint has no SQL");
	else
		sql_check_part_has_sql(parser);
	return false;
}

/* Passes white space and comments; false at anything else. An annotation is in the wrong place here. */
static bool pass_blank(struct parser *parser, const struct sql_token *token)
{
	if (token->is_unterminated || (!sql_token_is_blank(token) && token->kind != SQL_TOKEN_SEMICOLON))
		return false;
	sql_token_pass(&parser->scanner, token);
	if (refuse_annotation(parser, token))
		skip_to_endpoint(parser);
	return true;
}

/* Passes what stands between two parts. Returns whether another one begins. */
static bool reach_part(struct parser *parser)
{
	while (!sql_is_at_part(parser)) {
		struct sql_token token = sql_token_next(&parser->scanner);

		if (token.kind == SQL_TOKEN_END || sql_is_at_endpoint(parser) || !pass_blank(parser, &token))
			return false;
	}
	return true;
}

/* Reads the SQL of the endpoint, or that of its parts, the first of which has begun. */
static bool parse_statements(struct parser *parser)
{
	bool has_sql = parse_sql(parser);

	if (parser->draft.part_count == 0)
		return has_sql;
	sql_keep_part(parser);
	while (reach_part(parser)) {
		sql_parse_annotations(parser);
		has_sql &= parse_sql(parser);
		sql_keep_part(parser);
	}
	return has_sql;
}

/* What has to fit together */

static void check_documented_parameters(struct parser *parser)
{
	struct draft *draft = &parser->draft;

	for (unsigned i = 0; i < draft->documented_count; i++) {
		const struct db_parameter *documented = &draft->documented[i];
		struct db_parameter *parameter =
		    sql_find_parameter(draft->parameters, draft->parameter_count, text_of(documented->name));

		if (parameter != NULL) {
			*parameter = *documented;
			draft->sources[parameter - draft->parameters] = draft->documented_sources[i];
		} else
			complain(parser, documented->line, "the SQL does not use the parameter %s: nowhere is :%s",
				 documented->name, documented->name);
	}
}

static void check_shape(struct parser *parser)
{
	const struct endpoint *endpoint = &parser->draft.endpoint;
	const unsigned *lines = parser->draft.lines;
	bool is_many = endpoint->shape == ENDPOINT_MANY;

	if (lines[ANNOTATION_MAX_ROWS] > 0 && !is_many)
		complain(parser, lines[ANNOTATION_MAX_ROWS], "`-- max-rows:` is for :many only");
	/* a work says itself which methods it is for */
	if (endpoint->is_stream &&
	    (!is_many || (endpoint->path != NULL && endpoint->method != HTTP_GET && endpoint->work == NULL)))
		complain(parser, lines[ANNOTATION_STREAM], "`-- stream` is for :many on GET only");
	else if (endpoint->is_stream && lines[ANNOTATION_MAX_ROWS] > 0)
		complain(parser, lines[ANNOTATION_MAX_ROWS], "`-- max-rows:` and `-- stream`: a stream has no most");
	if (endpoint->work != NULL && lines[ANNOTATION_ERRORS] > 0)
		complain(parser, lines[ANNOTATION_ERRORS],
			 "`-- errors:` and `-- work:`: the SQL of a work does not run, so it has no errors");
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
		sql_check_parts(parser);
		check_shape(parser);
		sql_check_answer(parser);
	}
	if (draft->lines[ANNOTATION_ROUTE] == 0)
		complain(parser, endpoint->line, "the endpoint has no route: `-- route:` must be %s",
			 sql_annotation_expected(ANNOTATION_ROUTE));
	if (!has_sql)
		return;
	check_documented_parameters(parser);
	if (endpoint->path == NULL)
		return;
	sql_check_path_parameters(parser);
	sql_check_access(parser);
	sql_check_representation(parser);
	sql_check_given(parser);
	sql_check_body(parser);
	if (endpoint->method == HTTP_GET && draft->setting_line > 0)
		complain(parser, draft->setting_line,
			 "a GET cannot write, so its SQL must not mention transaction_read_only");
}

void sql_complete_endpoint(struct endpoint *endpoint)
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
		statement->row_limit = endpoint->max_rows;
}

static const struct db_status_choice *keep_choices(struct parser *parser)
{
	const struct draft *draft = &parser->draft;
	size_t bytes = draft->endpoint.statement.choice_count * sizeof(*draft->choices);

	return bytes > 0 ? memcpy(arena_alloc(&parser->set->arena, bytes), draft->choices, bytes) : NULL;
}

static void add_endpoint(struct parser *parser)
{
	struct endpoint_set *set = parser->set;
	struct endpoint *endpoint = &parser->draft.endpoint;
	struct db_statement *statement = &endpoint->statement;

	if (set->statement_count + parser->draft.part_count >= ENDPOINTS_MAX) {
		complain(parser, endpoint->line, "one endpoint too many; the most is %d, each part counted",
			 ENDPOINTS_MAX);
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
	sql_complete_endpoint(endpoint);
	statement->index = set->statement_count++;
	statement->needs_columns = endpoint->shape != ENDPOINT_EXEC;
	statement->parameter_count = parser->draft.parameter_count;
	statement->parameters = arena_alloc(&set->arena, statement->parameter_count * sizeof(*statement->parameters));
	memcpy(statement->parameters, parser->draft.parameters,
	       statement->parameter_count * sizeof(*statement->parameters));
	statement->choices = keep_choices(parser);
	endpoint->sources = sql_keep_sources(parser);
	endpoint->answer = sql_keep_answer(parser);
	statement->signature.parameters = statement->parameters;
	sql_make_parts(parser, endpoint);
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
	if (sql_note_from(token.text, &note))
		sql_read_note(parser, &note);
	sql_token_pass(&parser->scanner, &token);
	sql_parse_annotations(parser);
	draft->endpoint.route_line = draft->lines[ANNOTATION_ROUTE];
	has_sql = parse_statements(parser);
	check_draft(parser, has_sql);
	if (parser->set->diagnostics.count == before)
		add_endpoint(parser);
}

/* Files */

/* Returns false when there are no more endpoints. */
static bool reach_endpoint(struct parser *parser)
{
	while (!sql_is_at_endpoint(parser)) {
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
