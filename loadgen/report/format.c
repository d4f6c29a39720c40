#include "loadgen/report/format.h"

#include <math.h>

#include "base/buffer.h"

/* Three digits, whatever the size. */
static int digits_behind(double value)
{
	return value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
}

const char *format_ms(double ms, char text[static FORMATTED])
{
	if (isnan(ms))
		snprintf(text, FORMATTED, "-");
	else if (fabs(ms) >= 999.5)
		snprintf(text, FORMATTED, "%.*f s", digits_behind(ms / 1e3), ms / 1e3);
	else if (fabs(ms) >= 0.9995)
		snprintf(text, FORMATTED, "%.*f ms", digits_behind(ms), ms);
	else if (fabs(ms) < 0.00005)
		snprintf(text, FORMATTED, "0 us");
	else
		snprintf(text, FORMATTED, "%.*f us", ms >= 0.1 ? 0 : 1, ms * 1e3);
	return text;
}

const char *format_bound(double ms, bool is_at_least, char text[static FORMATTED])
{
	char time[FORMATTED];

	snprintf(text, FORMATTED, "%s%s", is_at_least ? ">=" : "", format_ms(ms, time));
	return text;
}

const char *format_count(double count, char text[static FORMATTED])
{
	if (isnan(count))
		snprintf(text, FORMATTED, "-");
	else if (count >= 999500)
		snprintf(text, FORMATTED, "%.2fM", count / 1e6);
	else if (count >= 9999.5)
		snprintf(text, FORMATTED, "%.1fk", count / 1e3);
	else if (fabs(count - round(count)) < 1e-9)
		snprintf(text, FORMATTED, "%.0f", count);
	else
		snprintf(text, FORMATTED, "%.*f", digits_behind(count), count);
	return text;
}

const char *format_bytes(double bytes, char text[static FORMATTED])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	unsigned unit = 0;

	for (; bytes >= 1024 && unit < 4; unit++)
		bytes /= 1024;
	snprintf(text, FORMATTED, "%.*f %s", unit == 0 ? 0 : 1, bytes, units[unit]);
	return text;
}

void format_json_string(FILE *out, const char *text)
{
	char room[1024];
	struct arena arena;
	struct buffer buffer;

	arena_init(&arena, room, sizeof(room));
	buffer = buffer_in(&arena);
	buffer_add_json_string(&buffer, text_of(text));
	fwrite(buffer.bytes, 1, buffer.length, out);
	arena_cleanup(&arena);
}
