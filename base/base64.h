/* base64.h - bytes as base64 (RFC 4648, section 4) and back, strict: padding required, one spelling a value.
 *
 * Thread:  any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

static inline size_t base64_length(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}

/* Writes the four characters that stand for `count` bytes (1 to 3, the rest 0) of `bytes`. */
void base64_encode_group(const uint8_t bytes[3], unsigned count, char out[4]);

/* Reads four characters; those of the last group may end in padding. Returns how many bytes they are, or 0 when they
 * are no base64. */
unsigned base64_decode_group(const char in[4], bool is_last, uint8_t bytes[3]);
