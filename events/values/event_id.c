#include "events/values/event_id.h"

#include <inttypes.h>
#include <stdio.h>

enum { EPOCH_DIGITS = 16 };

size_t event_id_write(struct event_id id, char text[EVENT_ID_BYTES])
{
	return (size_t)snprintf(text, EVENT_ID_BYTES, "%016" PRIx64 "-%" PRIu64, id.epoch, id.number);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_epoch(struct text text, uint64_t *epoch)
{
	*epoch = 0;
	for (size_t i = 0; i < text.length; i++) {
		int digit = hex_digit(text.at[i]);

		if (digit < 0)
			return false;
		*epoch = *epoch << 4 | (unsigned)digit;
	}
	return text.length == EPOCH_DIGITS;
}

static bool read_number(struct text text, uint64_t *number)
{
	*number = 0;
	if (text.length == 0 || (text.length > 1 && text.at[0] == '0'))
		return false;
	for (size_t i = 0; i < text.length; i++)
		if (text.at[i] < '0' || text.at[i] > '9' || __builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(text.at[i] - '0'), number))
			return false;
	return true;
}

bool event_id_read(struct text text, struct event_id *id)
{
	struct text number = text, epoch = text_cut_at(&number, '-');

	return read_epoch(epoch, &id->epoch) && read_number(number, &id->number);
}
