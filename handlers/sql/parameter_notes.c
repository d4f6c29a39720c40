/* `-- param: NAME = DEFAULT  DESCRIPTION`: what an author says of a parameter. */
#include "handlers/sql/draft.h"

#include <strings.h>

struct db_parameter *sql_find_parameter(struct db_parameter *parameters, unsigned count, struct text name)
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
	word = sql_take_word(rest);
	if (word.length != 4 || strncasecmp(word.at, "null", 4) != 0)
		parameter->default_text = arena_copy(&parser->set->arena, word);
	return word.length > 0 && memchr(word.at, '\'', word.length) == NULL;
}

/* Reads `NAME`, and the default or the source behind it if there is one; leaves the description in `rest`. */
static bool take_parameter(struct parser *parser, struct text *rest, struct db_parameter *parameter,
			   struct source *source)
{
	struct text name = {rest->at, 0};

	while (name.length < rest->length && sql_continues_name(rest->at[name.length]))
		name.length++;
	*rest = (struct text){rest->at + name.length, rest->length - name.length};
	if (!sql_is_parameter_name(name) || (rest->length > 0 && !sql_is_space(rest->at[0]) && rest->at[0] != '='))
		return false;
	parameter->name = arena_copy(&parser->set->arena, name);
	*rest = sql_trim(*rest);
	if (rest->length == 0 || rest->at[0] != '=')
		return true;
	*rest = sql_trim((struct text){rest->at + 1, rest->length - 1});
	if (!sql_take_source(parser, rest, source))
		return false;
	return source->kind != SOURCE_CLIENT || take_default(parser, rest, parameter);
}

bool sql_read_param(struct parser *parser, const struct note *note)
{
	struct draft *draft = &parser->draft;
	struct db_parameter parameter = {.line = note->line};
	struct source source = {SOURCE_CLIENT, NULL};
	const struct db_parameter *first;
	struct text rest = note->value;

	if (!take_parameter(parser, &rest, &parameter, &source))
		return false;
	parameter.description = arena_copy(&parser->set->arena, sql_trim(rest));
	first = sql_find_parameter(draft->documented, draft->documented_count, text_of(parameter.name));
	if (first != NULL)
		complain(parser, note->line, "a second `-- param:` for %s; the first is on line %u", first->name,
			 first->line);
	else if (draft->documented_count == DB_PARAMETERS_MAX)
		complain(parser, note->line, "one `-- param:` too many; the most is %d", DB_PARAMETERS_MAX);
	else {
		draft->documented_sources[draft->documented_count] = source;
		draft->documented[draft->documented_count++] = parameter;
	}
	return true;
}
