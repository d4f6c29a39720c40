#include "queue/values/lease_token.h"

static size_t write_hex(uint64_t value, char *at)
{
	size_t length = 1;

	while (length < 16 && value >> 4 * length != 0)
		length++;
	for (size_t i = 0; i < length; i++)
		at[i] = "0123456789abcdef"[value >> 4 * (length - 1 - i) & 15];
	return length;
}

size_t lease_token_write(struct lease_token token, char text[static LEASE_TOKEN_BYTES_MAX])
{
	size_t length = write_hex(token.epoch, text);

	text[length++] = '-';
	return length + write_hex(token.number, text + length);
}

static bool read_hex(struct text digits, uint64_t *value)
{
	*value = 0;
	if (digits.length == 0 || digits.length > 16 || (digits.at[0] == '0' && digits.length > 1))
		return false;
	for (size_t i = 0; i < digits.length; i++) {
		char c = digits.at[i];

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	return true;
}

bool lease_token_read(struct text text, struct lease_token *token)
{
	struct text rest = text, epoch = text_cut_at(&rest, '-');

	return read_hex(epoch, &token->epoch) && read_hex(rest, &token->number);
}
