#include "handlers/sql/step_value.h"

const char *sql_step_values_put_in(const char *sql, const struct step_value *values, unsigned count,
				   struct arena *arena)
{
	struct buffer out = buffer_in(arena);
	size_t at = 0;

	for (unsigned i = 0; i < count; i++) {
		buffer_add(&out, (struct text){sql + at, values[i].at - at});
		buffer_printf(&out, STEP_VALUE_BEGIN "'%s', true), ''), 2)::%s" STEP_VALUE_END, values[i].setting,
			      values[i].type);
		at = values[i].at;
	}
	buffer_add(&out, text_of(sql + at));
	return arena_copy(arena, buffer_text(&out));
}

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

/* concat() writes a value as PostgreSQL sends it, so that character(n) keeps its blanks. IS NULL holds for a composite of
 * nothing but NULLs, too. */
void sql_step_value_set(struct buffer *list, const struct step_value *value)
{
	buffer_printf(list, "%spg_catalog.set_config('%s', CASE pg_catalog.num_nonnulls(", list->length > 0 ? ", " : "",
		      value->setting);
	add_name(list, value->column);
	buffer_add(list, TEXT(") WHEN 0 THEN '' ELSE pg_catalog.concat('v', "));
	add_name(list, value->column);
	buffer_printf(list, ") END, true) AS \"%s\"", value->setting);
}
