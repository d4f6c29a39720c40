#include "identity/base64url.h"

#include "base/base64.h"

static char to_base64(char c)
{
	/* the two letters of the other alphabet become no letters */
	return c == '-' ? '+' : c == '_' ? '/' : c == '+' || c == '/' || c == '=' ? '\0' : c;
}

/* Reads one to four characters. Returns how many bytes they are, 0: they are no base64url. */
static unsigned decode_group(const char *in, size_t count, uint8_t bytes[3])
{
	char group[4] = {'=', '=', '=', '='};

	for (size_t i = 0; i < count; i++)
		group[i] = to_base64(in[i]);
	return base64_decode_group(group, true, bytes);
}

bool base64url_decode(struct text encoded, struct arena *arena, struct text *decoded)
{
	char *out = arena_alloc(arena, encoded.length / 4 * 3 + 4);
	size_t length = 0;

	for (size_t at = 0; at < encoded.length; at += 4) {
		size_t left = encoded.length - at, count = left < 4 ? left : 4;
		uint8_t bytes[3];
		unsigned got = decode_group(encoded.at + at, count, bytes);

		/* that is so of one character alone, too */
		if (got == 0)
			return false;
		memcpy(out + length, bytes, got);
		length += got;
	}
	out[length] = '\0';
	*decoded = (struct text){out, length};
	return true;
}

void base64url_add(struct buffer *buffer, struct text bytes)
{
	for (size_t at = 0; at < bytes.length; at += 3) {
		unsigned count = bytes.length - at < 3 ? (unsigned)(bytes.length - at) : 3;
		uint8_t group[3] = {0};
		char out[4];

		memcpy(group, bytes.at + at, count);
		base64_encode_group(group, count, out);
		for (unsigned i = 0; i <= count; i++)
			buffer_add_char(buffer, out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i]);
	}
}
