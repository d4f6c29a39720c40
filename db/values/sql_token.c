#include "db/values/sql_token.h"

/* The after_ and scan_ functions return the place behind what begins at `at`, or NULL when it has no end. */

static const char *after_line_comment(const char *at, const char *end)
{
	while (at < end && *at != '\n' && *at != '\r')
		at++;
	return at;
}

static const char *after_block_comment(const char *at, const char *end)
{
	unsigned depth = 0;

	for (; end - at >= 2; at++) {
		if (at[0] == '/' && at[1] == '*') {
			depth++;
			at++;
		} else if (at[0] == '*' && at[1] == '/') {
			at++;
			if (--depth == 0)
				return at + 1;
		}
	}
	return NULL;
}

static const char *after_quoted(const char *at, const char *end, bool has_escapes)
{
	char quote = *at++;

	for (; at < end; at++) {
		if (has_escapes && *at == '\\' && at + 1 < end) {
			at++;
		} else if (*at == quote) {
			if (at + 1 == end || at[1] != quote)
				return at + 1;
			at++;
		}
	}
	return NULL;
}

static const char *after_word(const char *at, const char *end)
{
	while (at < end && sql_continues_word(*at))
		at++;
	return at;
}

static const char *after_name(const char *at, const char *end)
{
	while (at < end && sql_continues_name(*at))
		at++;
	return at;
}

/* $$...$$ or $tag$...$tag$; `at` is not $1. Returns `at` itself when the dollar begins no such thing. */
static const char *after_dollar_string(const char *at, const char *end)
{
	const char *tag_end = at + 1, *closing;
	size_t tag_length;

	while (tag_end < end && *tag_end != '$' && sql_continues_word(*tag_end))
		tag_end++;
	if (tag_end == end || *tag_end != '$')
		return at;
	tag_end++;
	tag_length = (size_t)(tag_end - at);
	closing = memmem(tag_end, (size_t)(end - tag_end), at, tag_length);
	return closing != NULL ? closing + tag_length : NULL;
}

/* A word; or E'...', which one letter decides. */
static const char *scan_word(const char *at, const char *end, enum sql_token_kind *kind)
{
	const char *after = after_word(at, end);

	*kind = SQL_TOKEN_WORD;
	if (after != at + 1 || (*at != 'e' && *at != 'E') || after == end || *after != '\'')
		return after;
	*kind = SQL_TOKEN_ESCAPE_STRING;
	return after_quoted(after, end, true);
}

/* :name, or a colon of PostgreSQL's own: a cast (of two colons), an assignment, an array slice. */
static const char *scan_colon(const char *at, const char *end, enum sql_token_kind *kind)
{
	*kind = SQL_TOKEN_OTHER;
	if (at + 1 == end)
		return at + 1;
	if (at[1] == ':')
		return at + 2;
	if (!sql_begins_name(at[1]))
		return at + 1;
	*kind = SQL_TOKEN_PARAMETER;
	return after_name(at + 1, end);
}

static const char *scan_dollar(const char *at, const char *end, enum sql_token_kind *kind)
{
	const char *after;

	if (at + 1 < end && sql_is_digit(at[1])) {
		*kind = SQL_TOKEN_NUMBERED;
		return after_name(at + 1, end);
	}
	after = after_dollar_string(at, end);
	*kind = after == at ? SQL_TOKEN_OTHER : SQL_TOKEN_DOLLAR_STRING;
	return after == at ? at + 1 : after;
}

/* 'a' on a line after E'b' continues it, backslashes included: hence the previous token. */
static const char *scan_quote(const char *at, const char *end, enum sql_token_kind previous_kind,
			      enum sql_token_kind *kind)
{
	if (*at == '"')
		*kind = SQL_TOKEN_QUOTED_NAME;
	else
		*kind = previous_kind == SQL_TOKEN_ESCAPE_STRING ? SQL_TOKEN_ESCAPE_STRING : SQL_TOKEN_STRING;
	return after_quoted(at, end, *kind == SQL_TOKEN_ESCAPE_STRING);
}

static const char *scan_space(const char *at, const char *end, enum sql_token_kind *kind)
{
	*kind = SQL_TOKEN_SPACE;
	while (at < end && sql_is_space(*at))
		at++;
	return at;
}

static const char *scan(const char *at, const char *end, enum sql_token_kind previous_kind, enum sql_token_kind *kind)
{
	char next = at + 1 < end ? at[1] : '\0';

	if (sql_is_space(*at))
		return scan_space(at, end, kind);
	if (sql_begins_word(*at))
		return scan_word(at, end, kind);
	if (*at == ':')
		return scan_colon(at, end, kind);
	if (*at == '$')
		return scan_dollar(at, end, kind);
	if (*at == '\'' || *at == '"')
		return scan_quote(at, end, previous_kind, kind);
	if (*at == '-' && next == '-') {
		*kind = SQL_TOKEN_COMMENT;
		return after_line_comment(at, end);
	}
	if (*at == '/' && next == '*') {
		*kind = SQL_TOKEN_BLOCK_COMMENT;
		return after_block_comment(at, end);
	}
	*kind = *at == ';' ? SQL_TOKEN_SEMICOLON : SQL_TOKEN_OTHER;
	return at + 1;
}

struct sql_token sql_token_next(const struct sql_scanner *scanner)
{
	struct sql_token token = {.kind = SQL_TOKEN_END, .text = {scanner->at, 0}, .line = scanner->line};
	const char *after;

	if (scanner->at == scanner->end)
		return token;
	after = scan(scanner->at, scanner->end, scanner->previous_kind, &token.kind);
	token.is_unterminated = after == NULL;
	token.text.length = (size_t)((after != NULL ? after : scanner->end) - scanner->at);
	return token;
}

void sql_token_pass(struct sql_scanner *scanner, const struct sql_token *token)
{
	const char *newline = scanner->at;

	scanner->at += token->text.length;
	while ((newline = memchr(newline, '\n', (size_t)(scanner->at - newline))) != NULL) {
		newline++;
		scanner->line++;
	}
	if (!sql_token_is_blank(token))
		scanner->previous_kind = token->kind;
}

bool sql_token_is_blank(const struct sql_token *token)
{
	return token->kind == SQL_TOKEN_SPACE || token->kind == SQL_TOKEN_COMMENT ||
	       token->kind == SQL_TOKEN_BLOCK_COMMENT;
}
