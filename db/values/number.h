/* number.h - does PostgreSQL take this text as a number? Decimal forms only: no spaces, no 0x, no "1." and no ".5".
 *
 * Thread:  any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Digits with an optional sign. */
bool number_is_integer(struct text text, int64_t min, int64_t max);

/* Digits, optionally a sign, a fraction, an exponent; false where PostgreSQL says "out of range": too large, or so
 * small that it would be 0. `number` is NUL-terminated. */
bool number_is_float8(struct text number);
bool number_is_float4(struct text number);

/* The same form, within the digits that PostgreSQL's numeric holds. */
bool number_is_numeric(struct text text);

/* How many digits PostgreSQL's numeric writes for a number that has an exponent, since it writes none: 4 for 1e3. 0: it has
 * none, or is no numeric. */
unsigned long number_digits_written(struct text text);

/* NaN, Infinity, -Infinity: what the forms above leave out. */
bool number_is_special(struct text text);
