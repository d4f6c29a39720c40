#include "server/http/server_timing.h"

#include "base/decimal.h"

static char *add_text(char *out, struct text text)
{
	memcpy(out, text.at, text.length);
	return out + text.length;
}

/* Adds "1.234" (milliseconds). Returns the end. */
static char *add_duration(char *out, uint64_t ns)
{
	uint64_t us = (ns + 500) / 1000, ms = us / 1000;

	us -= 1000 * ms;
	if (LIKELY(ms < 10))
		*out++ = (char)('0' + ms);
	else
		out = decimal_write(out, ms);
	*out++ = '.';
	*out++ = (char)('0' + us / 100);
	*out++ = (char)('0' + us / 10 % 10);
	*out++ = (char)('0' + us % 10);
	return out;
}

size_t server_timing_write(char *out, const struct exchange *x, uint64_t total_ns)
{
	char *end;

	end = add_duration(add_text(out, TEXT("queue;dur=")), x->queue_ns);
	end = add_duration(add_text(end, TEXT(", db;dur=")), x->db_ns);
	if (x->work_name != NULL) {
		end = add_text(add_text(end, TEXT(", ")), text_of(x->work_name));
		end = add_duration(add_text(end, TEXT(";dur=")), x->work_ns);
	}
	end = add_duration(add_text(end, TEXT(", total;dur=")), total_ns);
	return (size_t)(end - out);
}
