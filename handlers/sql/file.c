#include "handlers/sql/draft.h"

#include "base/percent.h"

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
	sql_check_events(parser);
	sql_check_cache(parser);
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
	has_sql = sql_parse_statements(parser);
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
		if (sql_pass_blank(parser, &token))
			continue;
		if (token.kind == SQL_TOKEN_BLOCK_COMMENT)
			sql_complain_of_end(parser, &token);
		else if (parser->draft.endpoint.line == 0)
			complain(parser, token.line,
				 "SQL before the first endpoint: one begins with `-- name: NAME :one`");
		else
			complain(
			    parser, token.line,
			    "a second statement after the `;`: the endpoint that begins on line %u is one statement",
			    parser->draft.endpoint.line);
		sql_skip_to_endpoint(parser);
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
