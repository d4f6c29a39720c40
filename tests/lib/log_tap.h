/* log_tap.h - what is logged between two points of a test, as text.
 *
 * Life:    log_tap_begin() -> the code under test -> log_tap_end(), whose text is good until the next.
 * Thread:  the test's; before log_start().
 * Limits:  what is beyond LOG_TAP_BYTES is cut off.
 */
#pragma once

#include "base/log.h"
#include "base/require.h"

#include <stdio.h>
#include <unistd.h>

enum { LOG_TAP_BYTES = 4096 };

static FILE *log_tap_file;
static int log_tap_stderr;

static inline void log_tap_begin(enum log_level level)
{
	log_tap_file = tmpfile();
	log_tap_stderr = dup(STDERR_FILENO);
	REQUIRE(log_tap_file != NULL && log_tap_stderr >= 0);
	REQUIRE(dup2(fileno(log_tap_file), STDERR_FILENO) >= 0);
	log_set_level(level);
}

static inline const char *log_tap_end(void)
{
	static char text[LOG_TAP_BYTES];
	ssize_t count = pread(fileno(log_tap_file), text, sizeof(text) - 1, 0);

	text[count > 0 ? count : 0] = '\0';
	REQUIRE(dup2(log_tap_stderr, STDERR_FILENO) >= 0);
	close(log_tap_stderr);
	fclose(log_tap_file);
	log_set_level(LOG_ERROR + 1);
	return text;
}
