/* `:take.id` in the SQL of a step: a column of a step before it. */
#include "handlers/sql/draft.h"

#include <ctype.h>

/* The parts so far; the last one is at hand. Returns their number: it is none of them. */
static unsigned find_part(const struct draft *draft, struct text name)
{
	unsigned i = 0;

	while (i < draft->part_count && !text_equal(draft->parts[i].name, name))
		i++;
	return i;
}

/* Takes `id` or `"Id"` off the scanner, which is behind the dot. Returns NULL: no name stands there. */
static const char *take_column(struct parser *parser)
{
	struct sql_scanner *scanner = &parser->scanner;
	const char *begin = scanner->at, *end = begin;
	char *name;

	if (begin < scanner->end && *begin == '"') {
		for (end = ++begin; end < scanner->end && *end != '"' && *end != '\n';)
			end++;
		if (end == begin || end == scanner->end || *end != '"')
			return NULL;
		scanner->at = end + 1;
		return arena_copy(&parser->set->arena, (struct text){begin, (size_t)(end - begin)});
	}
	if (end == scanner->end || !sql_begins_name(*end))
		return NULL;
	while (end < scanner->end && sql_continues_name(*end))
		end++;
	scanner->at = end;
	name = arena_copy(&parser->set->arena, (struct text){begin, (size_t)(end - begin)});
	for (char *c = name; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return name;
}

/* Returns whether this step may use a column of that one. */
static bool check_use(struct parser *parser, const struct sql_token *token, unsigned part)
{
	const struct draft *draft = &parser->draft;
	struct text name = draft->parts[part].name;

	if (draft->endpoint.parts_kind != PARTS_STEPS)
		complain(parser, token->line,
			 "\":%.*s.\": parts that are gathered cannot use columns of each other; steps can",
			 TEXT_ARGS(name));
	else if (part + 1 == draft->part_count)
		complain(parser, token->line, "\":%.*s.\": a step can use columns of the steps before it, not its own",
			 TEXT_ARGS(name));
	else if (draft->parts[part].shape != ENDPOINT_ONE)
		complain(parser, token->line,
			 "\":%.*s.\": the step %.*s must be :one to have its columns used, so that there is one row",
			 TEXT_ARGS(name), TEXT_ARGS(name));
	else if (draft->parts[draft->part_count - 1].value_count == STEP_VALUES_MAX)
		complain(parser, token->line, "\":%.*s.\": one column of steps too many; the most in one step is %d",
			 TEXT_ARGS(name), STEP_VALUES_MAX);
	else
		return true;
	return false;
}

/* A column that a step uses twice comes by one setting. */
static const char *setting_of(struct parser *parser, const struct part_draft *own, unsigned part, const char *column)
{
	for (unsigned i = 0; i < own->value_count; i++)
		if (own->values[i].part == part && strcmp(own->values[i].column, column) == 0)
			return own->values[i].setting;
	return arena_printf(&parser->set->arena, "meantime.%.*s_%u", TEXT_ARGS(own->name), own->value_count + 1);
}

static void add_value(struct parser *parser, const struct sql_token *token, size_t at, unsigned part,
		      const char *column)
{
	struct draft *draft = &parser->draft;
	struct part_draft *own = &draft->parts[draft->part_count - 1];
	struct arena *arena = &parser->set->arena;

	own->values[own->value_count] = (struct step_value){
	    .column = column,
	    .step = arena_copy(arena, draft->parts[part].name),
	    .part = part,
	    .line = token->line,
	    .at = at,
	    .setting = setting_of(parser, own, part, column),
	};
	own->value_count++;
}

bool sql_add_step_value(struct parser *parser, const struct buffer *sql, const struct sql_token *token)
{
	struct sql_scanner *scanner = &parser->scanner; /* behind the token */
	struct draft *draft = &parser->draft;
	struct text name = {token->text.at + 1, token->text.length - 1};
	unsigned part = find_part(draft, name);
	const char *column;

	if (part == draft->part_count || scanner->at == scanner->end || *scanner->at != '.')
		return false;
	scanner->at++;
	column = take_column(parser);
	if (column == NULL)
		complain(parser, token->line, "\":%.*s.\" must be followed by the name of a column of that step",
			 TEXT_ARGS(name));
	else if (check_use(parser, token, part))
		add_value(parser, token, sql->length, part, column);
	return true;
}

/* One of a step that comes later was taken for a parameter. */
void sql_check_step_values(struct parser *parser)
{
	const struct draft *draft = &parser->draft;

	for (unsigned i = 0; draft->endpoint.parts_kind == PARTS_STEPS && i < draft->parameter_count; i++) {
		struct text name = text_of(draft->parameters[i].name);

		if (draft->dotted_lines[i] > 0 && find_part(draft, name) < draft->part_count)
			complain(parser, draft->dotted_lines[i],
				 "\":%.*s.\": a step can use columns of the steps before it, and %.*s comes later",
				 TEXT_ARGS(name), TEXT_ARGS(name));
	}
}
