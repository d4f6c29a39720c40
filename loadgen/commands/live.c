#include "loadgen/commands/live.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

enum { COLUMNS_USUAL = 80 };

void live_init(struct live *live, bool is_quiet)
{
	*live = (struct live){.is_on = !is_quiet && isatty(STDERR_FILENO)};
}

/* Asks each time: a window may be made smaller at any moment. */
static unsigned columns_now(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS_USUAL;
}

static void draw(const struct live *live, const struct load_progress *progress)
{
	char line[LIVE_LINE_BYTES];

	if (!live->is_on)
		return;
	live_line(live, progress, columns_now() - 1, line); /* the cursor needs a place, too */
	fprintf(stderr, "\r\033[K%s", line);
	fflush(stderr);
}

void live_expect(struct live *live, double seconds)
{
	live->expected_s += seconds;
}

static void end_load(struct live *live)
{
	live->done_s += live->load_s;
	live->load_s = live->elapsed_s = 0;
	live->what[0] = '\0';
}

void live_begin(struct live *live, double seconds, const char *format, ...)
{
	va_list values;

	end_load(live);
	live->load_s = seconds;
	live->begun_ns = clock_now_ns();
	if (live->expected_s < live->done_s + seconds)
		live->expected_s = live->done_s + seconds;
	va_start(values, format);
	vsnprintf(live->name, sizeof(live->name), format, values);
	va_end(values);
	draw(live, NULL);
}

void live_detail(struct live *live, const char *text)
{
	snprintf(live->what, sizeof(live->what), "%s", text);
}

void live_say(struct live *live, const char *format, ...)
{
	va_list values;

	end_load(live);
	va_start(values, format);
	vsnprintf(live->name, sizeof(live->name), format, values);
	va_end(values);
	draw(live, NULL);
}

void live_on_progress(void *data, const struct load_progress *progress)
{
	struct live *live = data;

	live->elapsed_s = (double)(clock_now_ns() - live->begun_ns) / 1e9;
	draw(live, progress);
}

void live_end(struct live *live)
{
	if (live->is_on)
		fputs("\r\033[K", stderr);
}
