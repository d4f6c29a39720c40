#include "server/edition/as_json.h"

#include "base/buffer.h"
#include "db/values/record.h"
#include "db/values/sql_token.h"

#include <string.h>
#include <strings.h>

#define OWN_TABLE "\"meantime rows\""

const char as_json_own_table[] = OWN_TABLE;

static void add_name(struct buffer *out, const char *name)
{
	buffer_add_char(out, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			buffer_add_char(out, '"');
		buffer_add_char(out, *name);
	}
	buffer_add_char(out, '"');
}

const char *as_json_list(const struct db_signature *signature, const struct learn_catalog *catalog)
{
	struct buffer list = buffer_in(catalog->arena);
	bool is_any = false;

	for (unsigned i = 0; i < signature->column_count; i++) {
		const struct db_column *column = &signature->columns[i];
		bool is_shown = learn_is_shown_as_json(catalog, column->oid);

		if (i > 0)
			buffer_add(&list, TEXT(", "));
		if (is_shown)
			buffer_add(&list, TEXT("pg_catalog.to_json("));
		add_name(&list, column->name);
		if (is_shown) {
			buffer_add(&list, TEXT(") AS "));
			add_name(&list, column->name);
		}
		is_any |= is_shown;
	}
	return is_any ? arena_copy(catalog->arena, buffer_text(&list)) : NULL;
}

const char *as_json_in_from(const char *sql, const char *list, unsigned row_limit, struct arena *arena)
{
	if (row_limit == 0)
		return arena_printf(arena, "SELECT %s FROM (%s\n) AS rows", list, sql);
	return arena_printf(arena, "SELECT %s FROM (%s\n) AS rows LIMIT %u", list, sql, row_limit + 1);
}

static bool is_word(const struct sql_token *token, const char *word)
{
	return token->kind == SQL_TOKEN_WORD && token->text.length == strlen(word) &&
	       strncasecmp(token->text.at, word, token->text.length) == 0;
}

static bool is_verb(const struct sql_token *token)
{
	return is_word(token, "select") || is_word(token, "insert") || is_word(token, "update") ||
	       is_word(token, "delete") || is_word(token, "values") || is_word(token, "table");
}

/* The first verb that stands in no parentheses; *has_with: common tables are before it. */
static const char *find_verb(const char *sql, bool *has_with)
{
	struct sql_scanner scanner = {.at = sql, .end = sql + strlen(sql)};
	unsigned depth = 0;

	*has_with = false;
	for (;;) {
		struct sql_token token = sql_token_next(&scanner);

		if (token.kind == SQL_TOKEN_END)
			return NULL;
		if (depth == 0 && is_verb(&token))
			return token.text.at;
		*has_with |= depth == 0 && is_word(&token, "with");
		if (text_equal(token.text, TEXT("(")))
			depth++;
		else if (text_equal(token.text, TEXT(")")) && depth > 0)
			depth--;
		sql_token_pass(&scanner, &token);
	}
}

const char *as_json_in_with(const char *sql, const char *list, struct arena *arena)
{
	bool has_with;
	const char *verb = find_verb(sql, &has_with);

	if (verb == NULL)
		return NULL;
	return arena_printf(arena, "%.*s%s " OWN_TABLE " AS (%s\n) SELECT %s FROM " OWN_TABLE, (int)(verb - sql), sql,
			    has_with ? "," : "WITH", verb, list);
}

void as_json_show_text(struct db_signature *signature)
{
	for (unsigned i = 0; i < signature->column_count; i++)
		if (record_is_made(&signature->columns[i].type))
			signature->columns[i].type.kind = DB_TYPE_OTHER;
}

void as_json_note(struct db_signature *shown, const struct db_signature *before, struct arena *arena)
{
	for (unsigned i = 0; i < shown->column_count; i++) {
		struct db_type *type;

		shown->columns[i].is_never_null = before->columns[i].is_never_null;
		if (shown->columns[i].oid == before->columns[i].oid)
			continue;
		type = arena_alloc(arena, sizeof(*type));
		*type = before->columns[i].type;
		shown->columns[i].type.made_from = type;
	}
}
