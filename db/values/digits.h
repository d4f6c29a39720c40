/* digits.h - how many digits PostgreSQL writes for the numbers of a value that is bound.
 *
 * numeric and jsonb have no exponent: PostgreSQL writes the eight bytes 1e131071 as 131,072 digits in every row that shows
 * them. So a small body could ask for a result of hundreds of megabytes.
 *
 * Thread:  any.
 * Limits:  DIGITS_MAX for all parameters of one request; the caller sums them up.
 */
#pragma once

#include "base/arena.h"
#include "db/values/type.h"

#include <stdint.h>

enum { DIGITS_MAX = 1048576 };

/* Counts the numbers that have an exponent; the text of any other is as long as what is written for it. Strings inside a
 * JSON value count when that keeps the sum within DIGITS_MAX, and are left out where it would not. `bound` may be NULL. */
uint64_t digits_written(const struct db_type *type, const char *bound, struct arena *arena);
