/* as_json.h - a statement whose rows hold composite values, hstore or what else has a cast to json. PostgreSQL is asked
 * to show these columns with its own to_json().
 *
 * Thread:  any. No I/O.
 */
#pragma once

#include "db/learn.h"

/* The name of the common table below, quoted. */
extern const char as_json_own_table[];

/* The list of columns, `"a", to_json("b") AS "b"`; NULL: all are shown by their text. */
const char *as_json_list(const struct db_signature *signature, const struct learn_catalog *catalog);
/* The statement as one of those that may stand in FROM. `row_limit` 0: without a limit. */
const char *as_json_in_from(const char *sql, const char *list, unsigned row_limit, struct arena *arena);
/* The statement as the last of its common tables, where INSERT may stand as well; NULL: its verb is not found. */
const char *as_json_in_with(const char *sql, const char *list, struct arena *arena);
/* They are shown by their text after all. */
void as_json_show_text(struct db_signature *signature);
/* What the columns were before they were shown as JSON: for OpenAPI. */
void as_json_note(struct db_signature *shown, const struct db_signature *before, struct arena *arena);
