#include "base/base64.h"

const char base64_letters[64] = {
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V',
    'W', 'X', 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r',
    's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '+', '/',
};

const uint8_t base64_values_plus_one[256] = {
    ['A'] = 1, 2,  3,  4,  5,          6,  7,  8,  9,  10, 11,         12, 13, 14, 15,         16,
    17,        18, 19, 20, 21,         22, 23, 24, 25, 26, ['a'] = 27, 28, 29, 30, 31,         32,
    33,        34, 35, 36, 37,         38, 39, 40, 41, 42, 43,         44, 45, 46, 47,         48,
    49,        50, 51, 52, ['0'] = 53, 54, 55, 56, 57, 58, 59,         60, 61, 62, ['+'] = 63, ['/'] = 64,
};

void base64_encode_group(const uint8_t bytes[3], unsigned count, char out[4])
{
	base64_put((uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2], out);
	if (count < 3)
		out[3] = '=';
	if (count < 2)
		out[2] = '=';
}

unsigned base64_decode_group(const char in[4], bool is_last, uint8_t bytes[3])
{
	unsigned padding = !is_last || in[3] != '=' ? 0 : in[2] != '=' ? 1 : 2;
	uint32_t bits = 0;

	for (unsigned i = 0; i < 4 - padding; i++) {
		unsigned value = base64_values_plus_one[(uint8_t)in[i]];

		if (value == 0)
			return 0;
		bits |= (value - 1) << (18 - 6 * i);
	}
	/* bits that no byte holds must be zero, or two spellings would mean the same */
	if ((padding == 1 && (bits & 0xff) != 0) || (padding == 2 && (bits & 0xffff) != 0))
		return 0;
	bytes[0] = (uint8_t)(bits >> 16);
	bytes[1] = (uint8_t)(bits >> 8);
	bytes[2] = (uint8_t)bits;
	return 3 - padding;
}
