#include "server/edition/outer_joins.h"

#include "db/values/sql_token.h"

static struct sql_token pass_next(struct sql_scanner *scanner)
{
	struct sql_token token;

	do {
		token = sql_token_next(scanner);
		if (token.kind != SQL_TOKEN_END)
			sql_token_pass(scanner, &token);
	} while (sql_token_is_blank(&token));
	return token;
}

static struct sql_token look_ahead(struct sql_scanner scanner)
{
	return pass_next(&scanner);
}

static bool is_word(const struct sql_token *token, const char *word)
{
	return token->kind == SQL_TOKEN_WORD && text_equal_nocase(token->text, text_of(word));
}

static bool is_sign(const struct sql_token *token, const char *sign)
{
	return token->kind == SQL_TOKEN_OTHER && text_equal(token->text, text_of(sign));
}

static bool is_name(const struct sql_token *token)
{
	return token->kind == SQL_TOKEN_WORD || token->kind == SQL_TOKEN_QUOTED_NAME;
}

/* left() and right() are functions, too. */
static bool is_join(struct sql_scanner *scanner)
{
	struct sql_token next = look_ahead(*scanner);

	if (is_word(&next, "outer")) {
		pass_next(scanner);
		next = look_ahead(*scanner);
	}
	if (!is_word(&next, "join"))
		return false;
	pass_next(scanner);
	return true;
}

/* Passes a.b.c, and returns it as it stands there. */
static struct text pass_table(struct sql_scanner *scanner, struct sql_token first)
{
	struct sql_token last = first, dot = look_ahead(*scanner);

	while (is_sign(&dot, ".")) {
		pass_next(scanner);
		last = pass_next(scanner);
		dot = look_ahead(*scanner);
	}
	return (struct text){first.text.at, (size_t)(last.text.at + last.text.length - first.text.at)};
}

/* Of one table alone the condition comes next. Where another join does, that is what is joined. */
static bool pass_condition(struct sql_scanner *scanner)
{
	struct sql_token token = pass_next(scanner);

	if (is_word(&token, "as"))
		token = pass_next(scanner);
	if (is_word(&token, "on") || is_word(&token, "using"))
		return true;
	token = is_name(&token) ? pass_next(scanner) : token;
	return is_word(&token, "on") || is_word(&token, "using");
}

static void take_left_join(struct outer_joins *found, struct sql_scanner *scanner)
{
	struct sql_token token = pass_next(scanner);
	struct text table;

	if (is_word(&token, "only"))
		token = pass_next(scanner);
	if (!is_name(&token) || is_word(&token, "lateral") || found->count == OUTER_JOINS_MAX) {
		found->is_any = true;
		return;
	}
	table = pass_table(scanner, token);
	found->is_any |= !pass_condition(scanner);
	found->tables[found->count++] = table;
}

/* Words that may make a null of any column. They are the other outer joins, and groups of several kinds. In MERGE and in
 * RETURNING a row may not be there. */
static bool may_empty_any(struct sql_scanner *scanner, const struct sql_token *token)
{
	struct sql_token next = look_ahead(*scanner);

	if (is_word(token, "right") || is_word(token, "full"))
		return is_join(scanner);
	if (is_word(token, "grouping"))
		return is_word(&next, "sets");
	if (is_word(token, "rollup") || is_word(token, "cube"))
		return is_sign(&next, "(");
	if (is_word(token, "returning"))
		return is_word(&next, "with");
	return is_word(token, "natural") || is_word(token, "merge") || is_word(token, "old") || is_word(token, "new");
}

struct outer_joins outer_joins_find(struct text sql)
{
	struct sql_scanner scanner = {.at = sql.at, .end = sql.at + sql.length};
	struct outer_joins found = {0};
	bool has_with = false;

	for (;;) {
		struct sql_token token = pass_next(&scanner);

		if (token.kind == SQL_TOKEN_END)
			break;
		has_with |= is_word(&token, "with");
		if (is_word(&token, "left") && is_join(&scanner))
			take_left_join(&found, &scanner);
		else if (may_empty_any(&scanner, &token))
			found.is_any = true;
	}
	/* a name may be that of a query, and not of the table that is called so */
	found.is_any |= has_with && found.count > 0;
	return found;
}
