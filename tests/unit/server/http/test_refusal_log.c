#include "server/http/refusal_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "exchange/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct exchange x;
static struct refusal_log refusals;

/* The log goes to stderr, which is a file meanwhile. */
static int begin(void **state)
{
	(void)state;
	memset(&x, 0, sizeof(x));
	x.request.path = TEXT("/types");
	x.response.headers[0] = (struct http_header){"vary", TEXT("accept")};
	x.response.headers[1] = (struct http_header){"allow", TEXT("GET, HEAD")};
	x.response.header_count = 2;
	memset(&refusals, 0, sizeof(refusals));
	return 0;
}

static char said[65536];

static void note(struct text method, unsigned count, uint64_t now_ns)
{
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);
	size_t length;

	assert_non_null(file);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	for (unsigned i = 0; i < count; i++)
		refusal_log_note(&refusals, method, &x, now_ns);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	close(kept);
	rewind(file);
	length = fread(said, 1, sizeof(said) - 1, file);
	said[length] = '\0';
	fclose(file);
}

static unsigned lines(void)
{
	unsigned count = 0;

	for (const char *c = said; *c != '\0'; c++)
		count += *c == '\n';
	return count;
}

static void expect(const char *words)
{
	if (strstr(said, words) == NULL)
		fail_msg("expected ...%s... in %s", words, said);
}

static void a_refusal_is_a_line(void **state)
{
	(void)state;
	note(TEXT("POST"), 1, 5 * NS_PER_S);
	assert_int_equal(lines(), 1);
	expect(" info    http: 405: POST /types: the path takes GET, HEAD\n");
	/* wherever among the headers; a request that cannot be read has none */
	x.response.header_count = 1;
	note(TEXT("POST"), 1, 5 * NS_PER_S);
	expect("the path takes \n");
	x.response.headers[0] = x.response.headers[1];
	note(TEXT("POST"), 1, 5 * NS_PER_S);
	expect("the path takes GET, HEAD\n");
}

static void long_methods_and_paths_are_cut(void **state)
{
	static char path[300];

	(void)state;
	memset(path, 'p', sizeof(path));
	x.request.path = (struct text){path, 200};
	note(TEXT("ABCDEFGHIJKLMNOPQRST"), 1, 1);
	expect("405: ABCDEFGHIJKLMNOPQRST ppp");
	expect("pppp: the path");
	x.request.path.length = 201;
	note(TEXT("ABCDEFGHIJKLMNOPQRSTU"), 1, 1);
	expect("405: ABCDEFGHIJKLMNOPQRST ppp");
	expect("pppp...: the path");
	assert_int_equal(strlen(strchr(strstr(said, "405: ") + 5, ' ') + 1),
			 200 + strlen("...: the path takes GET, HEAD\n"));
}

static void what_is_beyond_ten_a_second_is_counted(void **state)
{
	(void)state;
	note(TEXT("PUT"), REFUSALS_LOGGED_MAX, 7 * NS_PER_S);
	assert_int_equal(lines(), 10);
	note(TEXT("PUT"), 5, 8 * NS_PER_S - 1);
	assert_int_equal(lines(), 0);
	note(TEXT("PUT"), 1, 8 * NS_PER_S);
	assert_int_equal(lines(), 2);
	expect("http: 405: 5 more, one by one not logged\n");
	/* told once; and the line itself counts in its second */
	note(TEXT("PUT"), 10, 8 * NS_PER_S + 5);
	assert_int_equal(lines(), 9);
	assert_null(strstr(said, "more"));
	note(TEXT("PUT"), 1, 20 * NS_PER_S);
	expect("405: 1 more, one by one not logged\n");
	note(TEXT("PUT"), 1, 20 * NS_PER_S);
	assert_int_equal(lines(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_refusal_is_a_line, begin),
	    cmocka_unit_test_setup(long_methods_and_paths_are_cut, begin),
	    cmocka_unit_test_setup(what_is_beyond_ten_a_second_is_counted, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
