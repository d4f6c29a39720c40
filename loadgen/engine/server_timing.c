#include "loadgen/engine/server_timing.h"

#include "loadgen/engine/record.h"

void server_timing_init(struct server_timing *timing)
{
	timing->queue_us = timing->database_us = timing->total_us = TIMING_UNKNOWN;
}

/* "12.345" milliseconds as microseconds, rounded down; TIMING_UNKNOWN when it is no such number. */
static uint32_t microseconds_of(struct text text)
{
	uint64_t us = 0;
	size_t i = 0, decimals = 0;

	for (; i < text.length && text.at[i] >= '0' && text.at[i] <= '9'; i++)
		us = us > UINT32_MAX ? us : us * 10 + (uint64_t)(text.at[i] - '0');
	if (i == 0)
		return TIMING_UNKNOWN;
	if (i < text.length && text.at[i] == '.')
		for (i++; i < text.length && text.at[i] >= '0' && text.at[i] <= '9'; i++)
			if (decimals < 3) {
				us = us * 10 + (uint64_t)(text.at[i] - '0');
				decimals++;
			}
	for (; decimals < 3; decimals++)
		us *= 10;
	return i == text.length && us < TIMING_UNKNOWN ? (uint32_t)us : TIMING_UNKNOWN;
}

void server_timing_read(struct server_timing *timing, struct text value)
{
	while (value.length > 0) {
		struct text entry = text_cut_at(&value, ','), name = text_trimmed(text_cut_at(&entry, ';'));
		uint32_t *place = text_equal_nocase(name, TEXT("queue"))   ? &timing->queue_us
				  : text_equal_nocase(name, TEXT("db"))    ? &timing->database_us
				  : text_equal_nocase(name, TEXT("total")) ? &timing->total_us
									   : NULL;

		while (place != NULL && entry.length > 0) {
			struct text parameter = text_trimmed(text_cut_at(&entry, ';')),
				    key = text_trimmed(text_cut_at(&parameter, '='));

			if (text_equal_nocase(key, TEXT("dur")))
				*place = microseconds_of(text_trimmed(parameter));
		}
	}
}
