#include "guard_fixture.h"

static void assert_text(struct text text, const char *expected)
{
	assert_int_equal(text.length, strlen(expected));
	assert_memory_equal(text.at, expected, text.length);
}

static void what_is_read_are_views_of_the_head(void **state)
{
	static const char raw[] =
	    "\r\nPUT /a?b=c HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nAccept: \t a, b \r\n\r\nbody\r\n\r\n";
	struct http_head head;

	(void)state;
	assert_int_equal(read_head(&head, raw, sizeof(raw) - 1).error, ERROR_NONE);
	assert_text(head.method, "PUT");
	assert_text(head.target, "/a?b=c");
	assert_int_equal(head.minor_version, 1);
	assert_int_equal(head.field_count, 3);
	assert_text(fields[1].name, "X-Empty");
	assert_text(fields[1].value, "");
	assert_text(fields[2].name, "Accept");
	assert_text(fields[2].value, "a, b");
	assert_int_equal(head.bytes, sizeof(raw) - 1 - strlen("body\r\n\r\n"));
	assert_int_equal(read_head(&head, "GET / HTTP/1.0\r\n\r\n", 18).error, ERROR_NONE);
	assert_int_equal(head.minor_version, 0);
	assert_int_equal(head.field_count, 0);
}

/* The second header line as it was read; NULL: it was left out. */
static const char *second_value(const char *version, const char *line)
{
	static char raw[256], value[128];
	struct http_head head;
	int length = snprintf(raw, sizeof(raw), "GET / HTTP/%s\r\nHost: a\r\n%s\r\n\r\n", version, line);

	assert_int_equal(read_head(&head, raw, (size_t)length).error, ERROR_NONE);
	if (head.field_count == 1)
		return NULL;
	assert_int_equal(head.field_count, 2);
	snprintf(value, sizeof(value), "%.*s", TEXT_ARGS(fields[1].value));
	return value;
}

static void close_and_keep_alive_are_all_that_counts_of_connection(void **state)
{
	static const char *const closing[] = {"close",         "Close",     "close, keep-alive", "keep-alive,close",
					      "a , CLOSE\t,b", ",,close,,", "Keep-Alive, close"};
	static const char *const others[] = {
	    "keep-alive", "closed", "clos", "", "TE", "Upgrade, HTTP2-Settings", "a close", ",", "Keep-Alive, TE"};
	static const char *const keeping_1_0[] = {"keep-alive", "TE, Keep-Alive", "keep-alive , x"};
	static const char *const closing_1_0[] = {"TE", "keep-alives", "", "close, keep-alive"};
	char line[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(closing); i++) {
		snprintf(line, sizeof(line), "connection: %s", closing[i]);
		assert_string_equal(second_value("1.1", line), "close");
	}
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		snprintf(line, sizeof(line), "Connection: %s", others[i]);
		assert_string_equal(second_value("1.1", line), "keep-alive");
	}
	for (size_t i = 0; i < ARRAY_LENGTH(keeping_1_0); i++) {
		snprintf(line, sizeof(line), "Connection: %s", keeping_1_0[i]);
		assert_string_equal(second_value("1.0", line), "keep-alive");
	}
	for (size_t i = 0; i < ARRAY_LENGTH(closing_1_0); i++) {
		snprintf(line, sizeof(line), "Connection: %s", closing_1_0[i]);
		assert_string_equal(second_value("1.0", line), "close");
	}
	assert_string_equal(second_value("1.1", "connectiom: a, close"), "a, close");
}

static void close_counts_on_whichever_line_it_is(void **state)
{
	static const char raw[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n";
	struct http_head head;

	(void)state;
	assert_int_equal(read_head(&head, raw, sizeof(raw) - 1).error, ERROR_NONE);
	assert_text(fields[2].name, "Connection");
	assert_text(fields[2].value, "close");
}

static void keep_alive_counts_on_whichever_line_it_is(void **state)
{
	static const char raw[] = "GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: TE\r\n\r\n";
	struct http_head head;

	(void)state;
	assert_int_equal(read_head(&head, raw, sizeof(raw) - 1).error, ERROR_NONE);
	assert_text(fields[1].value, "keep-alive");
}

static void of_a_url_the_path_and_query_are_left(void **state)
{
	static const char *const urls[][2] = {{"http://a/b?c=/d", "/b?c=/d"},
					      {"hTTp://a:80/", "/"},
					      {"https://a?b/c", "?b/c"},
					      {"http://a", ""},
					      {"/a?b", "/a?b"},
					      {"https://[::1]/b", "/b"}};
	char raw[128];
	struct http_head head;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(urls); i++) {
		int length = snprintf(raw, sizeof(raw), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", urls[i][0]);

		assert_int_equal(read_head(&head, raw, (size_t)length).error, ERROR_NONE);
		assert_text(head.target, urls[i][1]);
		assert_ptr_equal(head.target.at + head.target.length, raw + 4 + strlen(urls[i][0]));
	}
}

static void http_1_0_expects_nothing(void **state)
{
	(void)state;
	assert_null(second_value("1.0", "Expect: 100-continue"));
	assert_string_equal(second_value("1.1", "Expect: 100-continue"), "100-continue");
	assert_string_equal(second_value("1.0", "Expecu: 100-continue"), "100-continue");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_read_are_views_of_the_head),
	    cmocka_unit_test(close_and_keep_alive_are_all_that_counts_of_connection),
	    cmocka_unit_test(close_counts_on_whichever_line_it_is),
	    cmocka_unit_test(keep_alive_counts_on_whichever_line_it_is),
	    cmocka_unit_test(of_a_url_the_path_and_query_are_left),
	    cmocka_unit_test(http_1_0_expects_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
