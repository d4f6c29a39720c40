/* step_value.h - a column of one step that a later step uses: `:take.id`.
 *
 * All steps leave together, so no value can go by way of the program. PostgreSQL hands it on by itself. The step that has
 * it also sets a setting of its transaction, and the later one reads that, as the column's own type. A setting is text:
 * "" is NULL, and before any other value stands a letter.
 *
 * Life:    by the parser -> describe.h learns the column's type -> sql_step_values_put_in() -> constant.
 * Owner:   the endpoint set's arena.
 * Thread:  one at a time, at start.
 * Limits:  STEP_VALUES_MAX of them in a step.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"

enum { STEP_VALUES_MAX = 32 };

/* What stands for it in the SQL begins and ends so: place.h finds it by that. */
#define STEP_VALUE_BEGIN "(pg_catalog.substr(NULLIF(pg_catalog.current_setting("
#define STEP_VALUE_END   "/**/)"

struct step_value {
	const char *column;  /* as PostgreSQL has it, so that unquoted ones are in lower case */
	const char *step;    /* the name of the part that has it */
	unsigned part;       /* its place among the parts */
	unsigned line;       /* of the file */
	size_t at;           /* where it belongs in the statement of the step that uses it */
	const char *setting; /* "meantime.moved_1" */
	const char *type;    /* as a cast names it; NULL: not known yet */
};

/* Returns the statement with its values, all of whose types are known. */
const char *sql_step_values_put_in(const char *sql, const struct step_value *values, unsigned count,
				   struct arena *arena);
/* Adds what sets the setting, in a SELECT from rows with this column. */
void sql_step_value_set(struct buffer *list, const struct step_value *value);
