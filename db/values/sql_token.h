/* sql_token.h - an SQL text as tokens, as far as they decide where a literal, a name or a comment ends.
 *
 * The rules are PostgreSQL's own (src/backend/parser/scan.l, standard_conforming_strings on), and one more: :name is a
 * parameter.
 *
 * Owner:   tokens are views of the text.
 * Thread:  any.
 * Limits:  the text is UTF-8 without NUL.
 */
#pragma once

#include "base/text.h"

enum sql_token_kind {
	SQL_TOKEN_END,
	SQL_TOKEN_SPACE,
	SQL_TOKEN_COMMENT, /* -- to the end of its line */
	SQL_TOKEN_BLOCK_COMMENT,
	SQL_TOKEN_WORD,
	SQL_TOKEN_STRING,
	SQL_TOKEN_ESCAPE_STRING, /* E'...' */
	SQL_TOKEN_QUOTED_NAME,
	SQL_TOKEN_DOLLAR_STRING,
	SQL_TOKEN_PARAMETER, /* :name */
	SQL_TOKEN_NUMBERED,  /* $1 */
	SQL_TOKEN_SEMICOLON,
	SQL_TOKEN_OTHER
};

struct sql_token {
	enum sql_token_kind kind;
	struct text text;
	unsigned line;        /* on which it begins */
	bool is_unterminated; /* its closing quote, tag or star and slash are missing; it reaches to the end of the text
			       */
};

struct sql_scanner {
	/* set by the caller; `line` is that of `at` */
	const char *at, *end;
	unsigned line;

	enum sql_token_kind previous_kind; /* private: of the last token that is not blank */
};

/* Returns the token at `at`, without moving. */
struct sql_token sql_token_next(const struct sql_scanner *scanner);
/* Moves behind that token. */
void sql_token_pass(struct sql_scanner *scanner, const struct sql_token *token);

/* White space and comments: nothing to PostgreSQL. */
bool sql_token_is_blank(const struct sql_token *token);

/* Kinds of characters */

static inline bool sql_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool sql_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool sql_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Of a parameter's name: [A-Za-z_][A-Za-z0-9_]* */
static inline bool sql_begins_name(char c)
{
	return sql_is_letter(c) || c == '_';
}

static inline bool sql_continues_name(char c)
{
	return sql_begins_name(c) || sql_is_digit(c);
}

/* Of a key word or an identifier, which may hold any character beyond ASCII, and a dollar. */
static inline bool sql_begins_word(char c)
{
	return sql_begins_name(c) || ((unsigned char)c & 0x80) != 0;
}

static inline bool sql_continues_word(char c)
{
	return sql_begins_word(c) || sql_is_digit(c) || c == '$';
}
