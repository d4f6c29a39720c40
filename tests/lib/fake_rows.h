/* fake_rows.h - results of statements over tables in memory, and the arrays in their values.
 *
 * Owner:   one arena, until fake_rows_reset().
 * Thread:  one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/fake_result.h"

void fake_rows_reset(void);
/* All of it NULL. */
struct db_result *fake_rows(unsigned rows, unsigned columns, unsigned long affected);
void fake_rows_set(struct db_result *result, unsigned row, unsigned column, const char *value);
struct db_result *fake_rows_one(unsigned columns, const char *const values[]);
const char *fake_rows_number(int64_t value);
/* An array's next number; its values may stand in quotes. False: there is none. */
bool fake_rows_next(const char **array, int64_t *value);
