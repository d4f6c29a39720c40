#include "handlers/sql/column_notes.h"

#include "handlers/sql/draft.h"

bool sql_read_column(struct parser *parser, const struct note *note)
{
	struct endpoint *endpoint = &parser->draft.endpoint;
	struct text rest = note->value, name;
	struct column_note *column;

	if (!sql_take_column(&rest, &name) || !text_equal_nocase(sql_take_word(&rest), TEXT("not")) ||
	    !text_equal_nocase(rest, TEXT("null")))
		return false;
	column = arena_alloc_zeroed(&parser->set->arena, sizeof(*column));
	column->name = arena_copy(&parser->set->arena, name);
	column->line = note->line;
	column->next = endpoint->column_notes;
	endpoint->column_notes = column;
	return true;
}

static bool mark(struct db_signature *signature, const char *name)
{
	for (unsigned i = 0; i < signature->column_count; i++) {
		if (strcmp(signature->columns[i].name, name) != 0)
			continue;
		signature->columns[i].is_never_null = true;
		return true;
	}
	return false;
}

void column_notes_apply(struct endpoint *endpoint, struct diagnostics *diagnostics)
{
	for (const struct column_note *note = endpoint->column_notes; note != NULL; note = note->next)
		if (!mark(&endpoint->statement.signature, note->name))
			diagnostics_add(diagnostics, endpoint->file, note->line,
					"`-- column:` names %s, and the SQL of %s returns no such column", note->name,
					endpoint->name);
}
