/* log.h - one line a message on stderr, or stdout: time, level, area, text.
 *
 * Thread:  any; a line is written by one write(2).
 * Limits:  a line is cut at 1 KiB. Nothing is logged per request above debug, but errors and slow ones.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

enum log_output { LOG_TO_STDERR, LOG_TO_STDOUT };

/* Both are set once, before threads start. */
void log_set_level(enum log_level level);
void log_set_output(enum log_output output);
bool log_is_on(enum log_level level);

void log_line(enum log_level level, const char *area, const char *format, ...) PRINTF_LIKE(3, 4);

#define log_debug(area, ...)   (log_is_on(LOG_DEBUG) ? log_line(LOG_DEBUG, area, __VA_ARGS__) : (void)0)
#define log_info(area, ...)    log_line(LOG_INFO, area, __VA_ARGS__)
#define log_warning(area, ...) log_line(LOG_WARNING, area, __VA_ARGS__)
#define log_error(area, ...)   log_line(LOG_ERROR, area, __VA_ARGS__)
