/* must_find.h - a statement that fails where it has no row: a step whose transaction is to end with that.
 *
 * The statement becomes a common table, and LIMIT asks how many rows that has. A limit of NULL is none. Where there is no
 * row it is a text that is no number, and PostgreSQL refuses it with 22P02 (steps.h). The aggregate within that text keeps
 * the planner from refusing it beforehand.
 *
 * Thread:  any. No I/O.
 */
#pragma once

#include "base/arena.h"

/* The statement with the columns of `list`, of all its rows or of the first; NULL: its verb is not found. */
const char *must_find_row(const char *sql, const char *list, bool is_first_only, struct arena *arena);
