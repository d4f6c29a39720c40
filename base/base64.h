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

extern const char base64_letters[64];

/* Writes the four characters that stand for three bytes, the first of which is the highest of `bits`. */
static inline void base64_put(uint32_t bits, char out[4])
{
	out[0] = base64_letters[bits >> 18 & 63];
	out[1] = base64_letters[bits >> 12 & 63];
	out[2] = base64_letters[bits >> 6 & 63];
	out[3] = base64_letters[bits & 63];
}

/* Writes the four characters that stand for `count` bytes (1 to 3, the rest 0) of `bytes`. */
void base64_encode_group(const uint8_t bytes[3], unsigned count, char out[4]);

/* One more than the six bits that a letter stands for; 0: it is none. */
extern const uint8_t base64_values_plus_one[256];

/* Reads four letters: three bytes, the first the highest of 24 bits; more bits are set when one is no letter. */
static inline uint32_t base64_get(const char in[4])
{
	/* what is none becomes all ones */
	uint32_t a = base64_values_plus_one[(uint8_t)in[0]] - 1U, b = base64_values_plus_one[(uint8_t)in[1]] - 1U,
		 c = base64_values_plus_one[(uint8_t)in[2]] - 1U, d = base64_values_plus_one[(uint8_t)in[3]] - 1U;

	return a << 18 | b << 12 | c << 6 | d;
}

/* Reads four characters; those of the last group may end in padding. Returns how many bytes they are, or 0 when they
 * are no base64. */
unsigned base64_decode_group(const char in[4], bool is_last, uint8_t bytes[3]);
