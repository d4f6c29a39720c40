/* The SQL of an endpoint, or of each of its parts: read to its end, with its parameters numbered. */
#include "handlers/sql/draft.h"

#include "base/buffer.h"

#include <strings.h>

static bool mentions(struct text text, struct text word)
{
	for (size_t i = 0; i + word.length <= text.length; i++)
		if (strncasecmp(text.at + i, word.at, word.length) == 0)
			return true;
	return false;
}

void sql_complain_of_end(struct parser *parser, const struct sql_token *token)
{
	static const char *const names[] = {
	    [SQL_TOKEN_BLOCK_COMMENT] = "comment (/*)",         [SQL_TOKEN_STRING] = "string literal (')",
	    [SQL_TOKEN_ESCAPE_STRING] = "string literal (')",   [SQL_TOKEN_QUOTED_NAME] = "quoted identifier (\")",
	    [SQL_TOKEN_DOLLAR_STRING] = "dollar-quoted string",
	};

	complain(parser, token->line, "the %s that begins here has no end", names[token->kind]);
}

void sql_skip_to_endpoint(struct parser *parser)
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
	if (scanner->at < scanner->end && *scanner->at == '.' && draft->endpoint.parts_kind == PARTS_STEPS)
		draft->dotted_lines[parameter - draft->parameters] = token->line;
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
		if (!sql_add_step_value(parser, sql, token))
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
			sql_complain_of_end(parser, &token);
			sql_skip_to_endpoint(parser);
			return false;
		}
		sql_token_pass(&parser->scanner, &token);
		if (begins_line(parser, &token) && refuse_annotation(parser, &token)) {
			sql_skip_to_endpoint(parser);
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

bool sql_pass_blank(struct parser *parser, const struct sql_token *token)
{
	if (token->is_unterminated || (!sql_token_is_blank(token) && token->kind != SQL_TOKEN_SEMICOLON))
		return false;
	sql_token_pass(&parser->scanner, token);
	if (refuse_annotation(parser, token))
		sql_skip_to_endpoint(parser);
	return true;
}

/* Passes what stands between two parts. Returns whether another one begins. */
static bool reach_part(struct parser *parser)
{
	while (!sql_is_at_part(parser)) {
		struct sql_token token = sql_token_next(&parser->scanner);

		if (token.kind == SQL_TOKEN_END || sql_is_at_endpoint(parser) || !sql_pass_blank(parser, &token))
			return false;
	}
	return true;
}

bool sql_parse_statements(struct parser *parser)
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
