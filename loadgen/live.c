#include "loadgen/live.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR_LENGTH = 20, COLUMNS_USUAL = 80 };

void live_init(struct live *live, bool is_quiet)
{
	struct winsize size;

	*live = (struct live){.is_on = !is_quiet && isatty(STDERR_FILENO), .columns = COLUMNS_USUAL};
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		live->columns = size.ws_col;
}

void live_say(struct live *live, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(live->what, sizeof(live->what), format, values);
	va_end(values);
	live->step++;
}

void live_write_count(double count, char *text, size_t size)
{
	if (count >= 1e6)
		snprintf(text, size, "%.2fM", count / 1e6);
	else if (count >= 1e4)
		snprintf(text, size, "%.1fk", count / 1e3);
	else
		snprintf(text, size, "%.0f", count);
}

static void write_bar(char *bar, const struct live *live, const struct load_progress *progress)
{
	double share = progress->total_s > 0 ? progress->elapsed_s / progress->total_s : 0;
	unsigned full;

	share = share < 0 ? 0 : share > 1 ? 1 : share;
	if (live->steps > 0 && live->step > 0)
		share = ((double)(live->step - 1) + share) / live->steps;
	full = (unsigned)((share > 1 ? 1 : share) * BAR_LENGTH);
	for (unsigned i = 0; i < BAR_LENGTH; i++)
		bar[i] = i < full ? '#' : '.';
	bar[BAR_LENGTH] = '\0';
}

void live_on_progress(void *data, const struct load_progress *progress)
{
	struct live *live = data;
	char line[512], bar[BAR_LENGTH + 1], rate[16], under_way[16], p99[32] = "";
	int length;

	if (!live->is_on)
		return;
	write_bar(bar, live, progress);
	live_write_count(progress->rate, rate, sizeof(rate));
	live_write_count((double)progress->in_flight, under_way, sizeof(under_way));
	if (progress->p99_ms >= 0)
		snprintf(p99, sizeof(p99), ", p99 %.3g ms", progress->p99_ms);
	length = snprintf(line, sizeof(line), "[%s] %s%s: %s/s, %s under way%s%s%s", bar,
			  progress->is_draining ? "draining, "
			  : progress->is_warmup ? "warm-up, "
						: "",
			  live->what, rate, under_way, p99, progress->failed > 0 ? ", failed " : "", "");
	if (progress->failed > 0 && length > 0 && (size_t)length < sizeof(line))
		snprintf(line + length, sizeof(line) - (size_t)length, "%llu", (unsigned long long)progress->failed);
	fprintf(stderr, "\r\033[K%.*s", (int)live->columns - 1, line);
	fflush(stderr);
}

void live_end(struct live *live)
{
	if (live->is_on)
		fputs("\r\033[K", stderr);
}
