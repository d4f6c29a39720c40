#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level lowest_level = LOG_INFO;
static int log_fd = STDERR_FILENO;

void log_set_level(enum log_level level)
{
	lowest_level = level;
}

void log_set_output(enum log_output output)
{
	log_fd = output == LOG_TO_STDOUT ? STDOUT_FILENO : STDERR_FILENO;
}

bool log_is_on(enum log_level level)
{
	return level >= lowest_level;
}

/* A message may carry what a client or the database sent: it stays one line. */
static void keep_one_line(char *from, const char *end)
{
	for (; from < end; from++)
		if ((unsigned char)*from < 0x20 || *from == 0x7f)
			*from = ' ';
}

void log_line(enum log_level level, const char *area, const char *format, ...)
{
	static const char *const names[] = {"debug", "info", "warning", "error"};
	char line[1024];
	struct timespec now;
	struct tm utc;
	va_list values;
	size_t used;
	int length;

	if (!log_is_on(level))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &utc);
	used += (size_t)snprintf(line + used, sizeof(line) - used, ".%03ldZ %-7s %s: ", now.tv_nsec / 1000000,
				 names[level], area);
	va_start(values, format);
	length = vsnprintf(line + used, sizeof(line) - used, format, values);
	va_end(values);
	if (length > 0) {
		size_t end = used + (size_t)length;

		end = end < sizeof(line) - 1 ? end : sizeof(line) - 2;
		keep_one_line(line + used, line + end);
		used = end;
	}
	line[used++] = '\n';
	/* nothing can be done about a log that cannot be written */
	if (write(log_fd, line, used) < 0)
		return;
}
