/* log.h - one line a message on stderr, stdout or in a file: time, level, area, text.
 *
 * Life:    log_set_level(), log_set_output() and log_start() once, before other threads start; log_flush() before
 *          the process ends.
 * Thread:  any. From log_start() on no thread waits for a reader of stderr or stdout: two threads write (base/sink.h).
 *          Before, and in a program that does not call it, a line is written by one write(2).
 * Limits:  a line is cut at 1 KiB. Nothing is logged per request above debug, but errors and slow ones.
 * Errors:  a line that the output does not take is dropped. The next one that it takes says how many were.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

enum log_output { LOG_TO_STDERR, LOG_TO_STDOUT, LOG_TO_FILE };

void log_set_level(enum log_level level);
void log_set_output(enum log_output output);
/* Appends to a file from now on; `path` is borrowed until the end. Returns -1 and errno when it cannot be opened. */
MUST_CHECK int log_open_file(const char *path);
/* When the log goes to a file: opens it again under its name, since it may have been moved away. When that fails the
 * file from before is written on. Any thread, one at a time. */
void log_reopen(void);
bool log_is_on(enum log_level level);

/* From now on, what stdio's stderr and stdout are given is written by those threads, too. */
void log_start(void);
/* Gives the lines that wait a bounded time to be written. */
void log_flush(void);
/* Lines, since log_start(). */
uint64_t log_dropped(void);

void log_line(enum log_level level, const char *area, const char *format, ...) PRINTF_LIKE(3, 4);

#define log_debug(area, ...)   (log_is_on(LOG_DEBUG) ? log_line(LOG_DEBUG, area, __VA_ARGS__) : (void)0)
#define log_info(area, ...)    log_line(LOG_INFO, area, __VA_ARGS__)
#define log_warning(area, ...) log_line(LOG_WARNING, area, __VA_ARGS__)
#define log_error(area, ...)   log_line(LOG_ERROR, area, __VA_ARGS__)
