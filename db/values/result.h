/* result.h - typed access to the rows of one query.
 *
 * Life:    a result belongs to the batch that fetched it; views into it are valid as long as that.
 * Thread:  one at a time.
 * Errors:  rows and columns out of range are the caller's mistake.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct db_signature;
struct db_result; /* opaque: libpq's PGresult in the service, rows made by hand in unit tests */

unsigned db_row_count(const struct db_result *result);
unsigned db_column_count(const struct db_result *result);
/* The columns have the names and types of the signature. */
bool db_columns_are_those_of(const struct db_result *result, const struct db_signature *signature);
/* The memory that it takes, its columns included. */
size_t db_result_bytes(const struct db_result *result);
/* Rows that the statement inserted, updated or deleted, or selected. */
unsigned long db_affected_rows(const struct db_result *result);
bool db_is_null(const struct db_result *result, unsigned row, unsigned column);
/* Returns a view of the value's text form; empty for NULL. */
struct text db_value(const struct db_result *result, unsigned row, unsigned column);
void db_result_destroy(struct db_result *result);
