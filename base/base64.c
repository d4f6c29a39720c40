#include "base/base64.h"

void base64_encode_group(const uint8_t bytes[3], unsigned count, char out[4])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];

	out[0] = letters[bits >> 18];
	out[1] = letters[bits >> 12 & 63];
	out[2] = count > 1 ? letters[bits >> 6 & 63] : '=';
	out[3] = count > 2 ? letters[bits & 63] : '=';
}

/* The six bits of a letter, or -1. */
static int letter_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

unsigned base64_decode_group(const char in[4], bool is_last, uint8_t bytes[3])
{
	unsigned padding = !is_last || in[3] != '=' ? 0 : in[2] != '=' ? 1 : 2;
	uint32_t bits = 0;

	for (unsigned i = 0; i < 4 - padding; i++) {
		int value = letter_value(in[i]);

		if (value < 0)
			return 0;
		bits |= (uint32_t)value << (18 - 6 * i);
	}
	/* bits that no byte holds must be zero, or two spellings would mean the same */
	if ((padding == 1 && (bits & 0xff) != 0) || (padding == 2 && (bits & 0xffff) != 0))
		return 0;
	bytes[0] = (uint8_t)(bits >> 16);
	bytes[1] = (uint8_t)(bits >> 8);
	bytes[2] = (uint8_t)bits;
	return 3 - padding;
}
