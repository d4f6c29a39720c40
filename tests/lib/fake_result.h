/* fake_result.h - rows made by hand, where the service has libpq's: db/values/result.h for tests that link no libpq.
 *
 *     struct db_result *countries = FAKE_RESULT(2, {"DE", "Germany"}, {"FR", NULL});
 *
 * Life:    FAKE_RESULT() and FAKE_AFFECTED(): the block they stand in. db_result_destroy() frees nothing, it counts.
 * Errors:  a row or column out of range aborts, as does a second db_result_destroy() of one result.
 */
#pragma once

#include "db/values/result.h"

struct db_result {
	const char *const *values; /* row by row, NULL is SQL NULL; borrowed */
	unsigned row_count, column_count;
	unsigned long affected_rows;
	unsigned destroyed_count;
	bool has_other_types; /* than the statement was described with */
};

/* Rows of `columns` values each, every row in braces; at least one row: for none, FAKE_EMPTY(columns). */
#define FAKE_RESULT(columns, ...)                                                                                      \
	(&(struct db_result){                                                                                          \
	    .values = &((const char *const[][columns]){__VA_ARGS__})[0][0],                                            \
	    .row_count = sizeof((const char *const[][columns]){__VA_ARGS__}) / (sizeof(char *) * (columns)),           \
	    .column_count = (columns),                                                                                 \
	    .affected_rows = sizeof((const char *const[][columns]){__VA_ARGS__}) / (sizeof(char *) * (columns)),       \
	})
#define FAKE_EMPTY(columns) (&(struct db_result){.column_count = (columns)})

/* What an INSERT, UPDATE or DELETE without RETURNING gives. */
#define FAKE_AFFECTED(rows) (&(struct db_result){.affected_rows = (rows)})
