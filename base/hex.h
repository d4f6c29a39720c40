/* hex.h - the value of a hexadecimal digit, and the digits of a byte.
 *
 * Thread:  any.
 */
#pragma once

#include <stdint.h>

/* -1: it is none. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static inline void hex_put(uint8_t byte, char out[2])
{
	static const char digits[] = "0123456789abcdef";

	out[0] = digits[byte >> 4];
	out[1] = digits[byte & 15];
}
