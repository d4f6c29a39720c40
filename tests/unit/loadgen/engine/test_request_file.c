#include "loadgen/engine/request_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"

static const struct request_options options = {.is_keep_alive = true, .seed = 1};
static struct request_set set;
static char why[512];

static int tear_down(void **state)
{
	(void)state;
	request_set_cleanup(&set);
	return 0;
}

static int load(const char *text)
{
	char file[] = "/tmp/meantime-requests-XXXXXX";
	int fd = mkstemp(file), status;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	request_set_init(&set, &options);
	status = request_file_load(&set, "http://127.0.0.1:1/", file, &options, why, sizeof(why));
	unlink(file);
	return status;
}

static void assert_request(unsigned index, const char *expected)
{
	static char copy[4096];
	struct text bytes;

	request_set_bytes(&set, index, &bytes);
	snprintf(copy, sizeof(copy), "%.*s", TEXT_ARGS(bytes));
	if (strstr(copy, expected) == NULL)
		fail_msg("'%s' has no '%s'", copy, expected);
}

static void weights_are_kept(void **state)
{
	unsigned counts[3] = {0};

	(void)state;
	assert_int_equal(load("[{\"path\":\"/a\",\"weight\":6},{\"path\":\"/b\",\"weight\":3},"
			      "{\"method\":\"PUT\",\"path\":\"/c\",\"body\":\"text\",\"headers\":{\"X-Y\":\"z\"}}]"),
			 0);
	assert_int_equal(set.count, 3);
	for (unsigned i = 0; i < 10000; i++) {
		struct text bytes;

		counts[request_set_next(&set, &bytes)]++;
	}
	assert_in_range(counts[0], 5700, 6300);
	assert_in_range(counts[1], 2750, 3250);
	assert_request(2, "PUT /c HTTP/1.1\r\n");
	assert_request(2, "X-Y: z\r\n");
	assert_request(2, "\r\n\r\ntext");
}

static void lines_are_requests_too(void **state)
{
	(void)state;
	assert_int_equal(load("{\"path\":\"/a\"}\n \n{\"path\":\"/b\",\"body\":{\"c\":[1]}}\n"), 0);
	assert_int_equal(set.count, 2);
	assert_request(0, "GET /a HTTP/1.1\r\n");
	assert_request(1, "POST /b HTTP/1.1\r\n");
	assert_request(1, "\r\n\r\n{\"c\":[1]}");
}

static void wrong_ones_are_named(void **state)
{
	static const struct {
		const char *text, *expected;
	} wrongs[] = {
	    {"", "there is no request in it"},
	    {"{\"path\":\"/a\"}\n{\"path\":1}", ":2: \"path\" is no text"},
	    {"{\"path\":\"/a\"}\n\n[]", ":3: expected an object"},
	    {"{\"path\":\"/a\",\"wait\":1}", ":1: \"wait\" is unknown"},
	    {"{\"method\":\"GET\"}", ":1: \"path\" is missing"},
	    {"{\"path\":\"/a\",\"weight\":0}", ":1: \"weight\" is no integer from 1 to 1000000"},
	    {"{\"path\":\"/a\",\"headers\":[]}", ":1: \"headers\" is no object"},
	    {"{\"path\":\"/a\",\"headers\":{\"A\":1}}", ":1: the header \"A\" is no text"},
	    {"{\"path\":\"/a\",\"headers\":{\"Expect\":\"1\"}}", ":1: the header Expect is written by"},
	    {"[{\"path\":\"/a\"},{\"path\":\"b\"}]", "entry:2: the path 'b' does not begin with /"},
	    {"[{\"path\":\"/a\"}", ":1: "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wrongs); i++) {
		assert_int_equal(load(wrongs[i].text), -1);
		if (strstr(why, wrongs[i].expected) == NULL)
			fail_msg("'%s' does not say '%s'", why, wrongs[i].expected);
		if (i + 1 < ARRAY_LENGTH(wrongs))
			request_set_cleanup(&set);
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(weights_are_kept),
	    TEST(lines_are_requests_too),
	    TEST(wrong_ones_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
