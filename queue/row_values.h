/* row_values.h - what the store reads of its tables' rows.
 *
 * Owner:   a text is in the arena that is given.
 * Thread:  any.
 */
#pragma once

#include "base/arena.h"
#include "db/values/result.h"

#include <stdlib.h>

/* NULL is 0. */
static inline int64_t row_number(const struct db_result *rows, unsigned row, unsigned column)
{
	return db_is_null(rows, row, column) ? 0 : strtoll(db_value(rows, row, column).at, NULL, 10);
}

/* NULL has no bytes, and is at NULL. */
static inline struct text row_text(const struct db_result *rows, unsigned row, unsigned column, struct arena *arena)
{
	struct text text = db_value(rows, row, column);

	if (db_is_null(rows, row, column))
		return (struct text){NULL, 0};
	return (struct text){arena_copy(arena, text), text.length};
}
