#include "base/secret_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static char path[] = "/tmp/secret_file_XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd >= 0 && write(fd, "a\0secret\n", 9) == 9 && close(fd) == 0 ? 0 : -1;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void the_whole_file_is_read(void **state)
{
	struct text content;
	const char *why;

	(void)state;
	assert_int_equal(secret_file_read(path, 9, &content, &why), 0);
	assert_null(why);
	assert_true(text_equal(content, (struct text){"a\0secret\n", 9}));
	assert_int_equal(content.at[9], '\0');
	secret_file_forget(&content);
	assert_null(content.at);
	assert_int_equal(content.length, 0);
	secret_file_forget(&content);
}

static void what_cannot_be_read_is_told(void **state)
{
	struct text content;
	const char *why;

	(void)state;
	assert_int_equal(secret_file_read(path, 8, &content, &why), -1);
	assert_string_equal(why, "it is too long");
	assert_null(content.at);
	assert_int_equal(secret_file_read("/nonexistent/file", 8, &content, &why), -1);
	assert_string_equal(why, "No such file or directory");
	assert_int_equal(secret_file_read("/tmp", 8, &content, &why), -1);
	assert_string_equal(why, "Is a directory");
}

/* A pipe gives what it has in pieces. */
static void a_pipe_is_read_to_its_end(void **state)
{
	struct text content;
	const char *why;
	char name[40];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "one", 3), 3);
	assert_int_equal(write(ends[1], "two", 3), 3);
	close(ends[1]);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[0]);
	assert_int_equal(secret_file_read(name, 100, &content, &why), 0);
	assert_string_equal(content.at, "onetwo");
	secret_file_forget(&content);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_whole_file_is_read),
	    cmocka_unit_test(what_cannot_be_read_is_told),
	    cmocka_unit_test(a_pipe_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
