/* The error table, and the one line that a log message is. */
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void every_error_has_a_status_a_title_and_a_word_of_its_own(void **state)
{
	(void)state;
	for (enum error error = ERROR_NONE + 1; error < ERROR_COUNT; error++) {
		assert_in_range(error_status(error), 400, 504);
		assert_true(strlen(error_title(error)) > 0);
		for (const char *c = error_word(error); *c != '\0'; c++)
			assert_true(isupper((unsigned char)*c) || *c == '_');
		for (enum error other = ERROR_NONE; other < error; other++) {
			assert_string_not_equal(error_word(error), error_word(other));
			assert_string_not_equal(error_title(error), error_title(other));
		}
	}
}

/* A title stands in JSON as it is. */
static void titles_need_no_escape(void **state)
{
	(void)state;
	for (enum error error = ERROR_NONE; error < ERROR_COUNT; error++)
		for (const char *c = error_title(error); *c != '\0'; c++)
			assert_true(*c >= 0x20 && *c < 0x7f && *c != '"' && *c != '\\');
}

static void statuses_are_those_that_clients_rely_on(void **state)
{
	(void)state;
	assert_int_equal(error_status(ERROR_NONE), 200);
	assert_int_equal(error_status(ERROR_BAD_INPUT), 400);
	assert_int_equal(error_status(ERROR_REJECTED), 400);
	assert_int_equal(error_status(ERROR_FORBIDDEN), 403);
	assert_int_equal(error_status(ERROR_READ_ONLY), 405);
	assert_int_equal(error_status(ERROR_CONFLICT), 409);
	assert_int_equal(error_status(ERROR_DATABASE_ERROR), 500);
	assert_int_equal(error_status(ERROR_BUSY), 503);
	assert_int_equal(error_status(ERROR_DATABASE_UNAVAILABLE), 503);
	assert_int_equal(error_status(ERROR_OUTCOME_UNKNOWN), 503);
	assert_int_equal(error_status(ERROR_DEADLINE), 504);
}

/* Log */

/* What log_line() writes to stderr while `write_it` runs. */
static size_t logged(void (*write_it)(void), char *out, size_t bytes)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t length;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	write_it();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	length = read(ends[0], out, bytes - 1);
	close(ends[0]);
	assert_true(length >= 0);
	out[length] = '\0';
	return (size_t)length;
}

static void write_simple(void)
{
	log_warning("area", "%d of %s", 3, "four");
}

static void write_hostile(void)
{
	log_error("db", "one\ntwo\r\x1b[2J\x7f three");
}

static void write_long(void)
{
	log_error("db", "%05000d", 1);
}

static void write_every_level(void)
{
	log_debug("a", "d");
	log_info("a", "i");
	log_warning("a", "w");
	log_error("a", "e");
}

static void a_message_is_one_line_with_time_level_and_area(void **state)
{
	char line[2048];

	(void)state;
	logged(write_simple, line, sizeof(line));
	assert_string_equal(line + strlen("2026-11-22T10:00:00.000Z "), "warning area: 3 of four\n");
	assert_int_equal(line[10], 'T');
	assert_int_equal(line[23], 'Z');
}

static void what_others_sent_cannot_forge_a_line(void **state)
{
	char line[2048];
	size_t length = logged(write_hostile, line, sizeof(line));

	(void)state;
	assert_non_null(strstr(line, "one two  [2J  three\n"));
	for (size_t i = 0; i + 1 < length; i++)
		assert_true(line[i] >= 0x20 && line[i] < 0x7f);
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
	char line[8192];
	size_t length = logged(write_long, line, sizeof(line));

	(void)state;
	assert_in_range(length, 1000, 1024);
	assert_int_equal(line[length - 1], '\n');
	assert_int_equal(line[length - 2], '0');
}

static void what_is_below_the_level_is_not_written(void **state)
{
	char lines[2048];

	(void)state;
	log_set_level(LOG_WARNING);
	logged(write_every_level, lines, sizeof(lines));
	assert_null(strstr(lines, "a: d"));
	assert_null(strstr(lines, "a: i"));
	assert_non_null(strstr(lines, "a: w\n"));
	assert_non_null(strstr(lines, "a: e\n"));
	log_set_level(LOG_DEBUG);
	logged(write_every_level, lines, sizeof(lines));
	assert_non_null(strstr(lines, "debug   a: d\n"));
	log_set_level(LOG_INFO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_error_has_a_status_a_title_and_a_word_of_its_own),
	    cmocka_unit_test(titles_need_no_escape),
	    cmocka_unit_test(statuses_are_those_that_clients_rely_on),
	    cmocka_unit_test(a_message_is_one_line_with_time_level_and_area),
	    cmocka_unit_test(what_others_sent_cannot_forge_a_line),
	    cmocka_unit_test(a_long_line_is_cut_and_still_ends),
	    cmocka_unit_test(what_is_below_the_level_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
