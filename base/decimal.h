/* decimal.h - a number in digits, where a printf() would cost more than the number is worth.
 *
 * Thread:  any.
 */
#pragma once

#include <stdint.h>

enum { DECIMAL_BYTES = 20 }; /* of the longest */

/* Writes at most DECIMAL_BYTES, without a 0 byte. Returns the end. */
static inline char *decimal_write(char *out, uint64_t number)
{
	char digits[DECIMAL_BYTES];
	unsigned count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	while (count > 0)
		*out++ = digits[--count];
	return out;
}
