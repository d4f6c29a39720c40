#include "base/log.h"

#include "base/clock.h"
#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_BYTES = 1024,
	FLUSH_MS = 2000, /* longer than a busy machine keeps a thread waiting */
};

_Static_assert((int)LINE_BYTES <= (int)SINK_LINE_MAX, "a line is one record");

static enum log_level lowest_level = LOG_INFO;
static enum log_output log_output = LOG_TO_STDERR;
static bool has_sinks;
static int fds[] = {[LOG_TO_STDERR] = STDERR_FILENO, [LOG_TO_STDOUT] = STDOUT_FILENO, [LOG_TO_FILE] = -1};
static struct sink sinks[ARRAY_LENGTH(fds)];
static const char *file_path;

void log_set_level(enum log_level level)
{
	lowest_level = level;
}

void log_set_output(enum log_output output)
{
	log_output = output;
}

bool log_is_on(enum log_level level)
{
	return level >= lowest_level;
}

/* Lines */

/* A message may carry what a client or the database sent: it stays one line. */
static void keep_one_line(char *from, const char *end)
{
	for (; from < end; from++)
		if ((unsigned char)*from < 0x20 || *from == 0x7f)
			*from = ' ';
}

static size_t write_prefix(char *line, size_t size, enum log_level level, const char *area)
{
	static const char *const names[] = {"debug", "info", "warning", "error"};
	struct timespec now;
	struct tm utc;
	size_t used;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
	return used + (size_t)snprintf(line + used, size - used, ".%03ldZ %-7s %s: ", now.tv_nsec / 1000000,
				       names[level], area);
}

static void put(struct text line)
{
	/* nothing can be done about a log that cannot be written */
	if (has_sinks)
		sink_put(&sinks[log_output], line);
	else if (write(fds[log_output], line.at, line.length) < 0)
		return;
}

void log_line(enum log_level level, const char *area, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list values;
	size_t used;
	int length;

	if (!log_is_on(level))
		return;
	used = write_prefix(line, sizeof(line), level, area);
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
	put((struct text){line, used});
}

/* Threads that write */

static size_t report_dropped(char line[static SINK_REPORT_MAX], uint64_t dropped)
{
	size_t used = write_prefix(line, SINK_REPORT_MAX, LOG_WARNING, "log");

	return used + (size_t)snprintf(line + used, SINK_REPORT_MAX - used,
				       "%llu line%s dropped: the output did not take %s\n", (unsigned long long)dropped,
				       dropped == 1 ? " was" : "s were", dropped == 1 ? "it" : "them");
}

static ssize_t put_from_stdio(void *sink, const char *bytes, size_t length)
{
	sink_put(sink, (struct text){bytes, length});
	return (ssize_t)length;
}

/* Returns `stream` itself where there is no memory for another. */
static FILE *write_to(struct sink *sink, FILE *stream, char *buffer)
{
	FILE *instead = fopencookie(sink, "w", (cookie_io_functions_t){.write = put_from_stdio});

	fflush(stream);
	if (instead == NULL)
		return stream;
	setvbuf(instead, buffer, _IOLBF, LINE_BYTES);
	return instead;
}

void log_start(void)
{
	static char buffers[ARRAY_LENGTH(sinks)][LINE_BYTES];

	for (size_t i = 0; i < ARRAY_LENGTH(sinks); i++)
		if (fds[i] >= 0)
			sink_start(&sinks[i], fds[i], report_dropped);
	stderr = write_to(&sinks[LOG_TO_STDERR], stderr, buffers[LOG_TO_STDERR]);
	stdout = write_to(&sinks[LOG_TO_STDOUT], stdout, buffers[LOG_TO_STDOUT]);
	has_sinks = true;
}

void log_flush(void)
{
	uint64_t deadline_ns = clock_now_ns() + FLUSH_MS * NS_PER_MS;

	if (!has_sinks)
		return;
	fflush(stderr);
	fflush(stdout);
	for (size_t i = 0; i < ARRAY_LENGTH(sinks); i++)
		if (fds[i] >= 0)
			sink_flush(&sinks[i], deadline_ns);
}

uint64_t log_dropped(void)
{
	return sink_dropped(&sinks[log_output]);
}

/* A file */

/* A named pipe without a reader is refused, and not waited for. */
static int open_to_append(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);

	if (fd >= 0)
		fcntl(fd, F_SETFL, O_APPEND);
	return fd;
}

int log_open_file(const char *path)
{
	int fd = open_to_append(path);

	if (fd < 0)
		return -1;
	fds[LOG_TO_FILE] = fd;
	file_path = path;
	if (has_sinks)
		sink_start(&sinks[LOG_TO_FILE], fd, report_dropped);
	log_output = LOG_TO_FILE;
	return 0;
}

void log_reopen(void)
{
	int fd;

	if (log_output != LOG_TO_FILE)
		return;
	fd = open_to_append(file_path);
	/* under the number that is written to: a line is in the one file or in the other */
	if (fd < 0 || dup3(fd, fds[LOG_TO_FILE], O_CLOEXEC) < 0)
		log_warning("log", "%s cannot be opened again, and the file from before is written on: %s", file_path,
			    strerror(errno));
	if (fd >= 0)
		close(fd);
}
