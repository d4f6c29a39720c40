/* The first lines of a head, as libh2o's sprintf() would write them: the formats are libh2o's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD        "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: %s\r\n"
#define WITH_LENGTH HEAD "Content-Length: %zu\r\n"

int __sprintf_chk(char *out, int flag, size_t size, const char *format, ...);

static const char date[] = "Fri, 27 Nov 2026 11:54:47 GMT";
static char expected[400], written[400];

static void assert_written(int length)
{
	assert_int_equal(length, (int)strlen(expected));
	assert_string_equal(written, expected);
}

static void the_head_of_a_response_is_written_as_by_libc(void **state)
{
	static const struct {
		int status;
		const char *reason, *connection;
		size_t length;
	} cases[] = {
	    {200, "OK", "keep-alive", 0},
	    {204, "", "close", 7},
	    {503, "Service Unavailable", "close", 4294967296},
	    {999, "%s %d %n", "keep-alive", SIZE_MAX - 1},
	    {100, "Continue", "", 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(expected, sizeof(expected), WITH_LENGTH, cases[i].status, cases[i].reason, date,
			 cases[i].connection, cases[i].length);
		memset(written, '#', sizeof(written));
		assert_written(__sprintf_chk(written, 1, SIZE_MAX, WITH_LENGTH, cases[i].status, cases[i].reason, date,
					     cases[i].connection, cases[i].length));
		snprintf(expected, sizeof(expected), HEAD, cases[i].status, cases[i].reason, date, cases[i].connection);
		memset(written, '#', sizeof(written));
		assert_written(__sprintf_chk(written, 1, SIZE_MAX, HEAD, cases[i].status, cases[i].reason, date,
					     cases[i].connection));
	}
}

static void all_else_is_libcs(void **state)
{
	(void)state;
	snprintf(expected, sizeof(expected), "Server: %s\r\n", "x");
	assert_written(__sprintf_chk(written, 1, SIZE_MAX, "Server: %s\r\n", "x"));
	snprintf(expected, sizeof(expected), "%5d|%.3f|%-4s|%zu", -3, 2.5, "ab", (size_t)9);
	assert_written(__sprintf_chk(written, 1, sizeof(written), "%5d|%.3f|%-4s|%zu", -3, 2.5, "ab", (size_t)9));
	snprintf(expected, sizeof(expected), HEAD "X", 200, "OK", date, "close");
	assert_written(__sprintf_chk(written, 1, SIZE_MAX, HEAD "X", 200, "OK", date, "close"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_head_of_a_response_is_written_as_by_libc),
	    cmocka_unit_test(all_else_is_libcs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
