#include "base/siphash.h"

static uint64_t rotated(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void rounds(uint64_t v[4], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotated(v[1], 13) ^ v[0];
		v[3] = rotated(v[3], 16) ^ v[2];
		v[0] = rotated(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotated(v[1], 17) ^ v[2];
		v[3] = rotated(v[3], 21) ^ v[0];
		v[2] = rotated(v[2], 32);
	}
}

/* Little-endian; what is missing of 8 bytes is 0. */
static uint64_t word_at(const char *at, size_t bytes)
{
	uint64_t word = 0;

	for (size_t i = 0; i < bytes && i < 8; i++)
		word |= (uint64_t)(unsigned char)at[i] << 8 * i;
	return word;
}

static void take_in(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

uint64_t siphash(const uint64_t seed[2], struct text text)
{
	uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du, seed[0] ^ 0x6c7967656e657261u,
			 seed[1] ^ 0x7465646279746573u};
	size_t whole = text.length & ~(size_t)7;

	for (size_t at = 0; at < whole; at += 8)
		take_in(v, word_at(text.at + at, 8));
	take_in(v, (uint64_t)text.length << 56 |
		       (text.length > whole ? word_at(text.at + whole, text.length - whole) : 0));
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
