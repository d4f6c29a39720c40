/* What `meantime check` says of a folder. */
#include "files/survey.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char place[64], said[4096];

static void note(const char *name, const char *why)
{
	strncat(said, name, sizeof(said) - strlen(said) - 1);
	strncat(said, ": ", sizeof(said) - strlen(said) - 1);
	strncat(said, why, sizeof(said) - strlen(said) - 1);
	strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(place, "/tmp/test_survey_XXXXXX");
	assert_non_null(mkdtemp(place));
	said[0] = '\0';
	return chdir(place);
}

static int tear_down(void **state)
{
	char command[80];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", place);
	return chdir("/") + system(command);
}

static void look(void)
{
	survey(".", note);
}

static void make(const char *name)
{
	FILE *out = fopen(name, "w");

	assert_non_null(out);
	fclose(out);
}

static void nothing_is_said_of_what_is_served(void **state)
{
	(void)state;
	make("a.txt");
	assert_int_equal(mkdir("sub", 0755), 0);
	make("sub/b.txt");
	assert_int_equal(symlink("../a.txt", "sub/inside"), 0);
	/* nor of what is not to be served */
	assert_int_equal(symlink("/etc/passwd", ".hidden"), 0);
	look();
	assert_string_equal(said, "");
}

static void all_else_is_named_with_its_reason(void **state)
{
	static const char *const expected[] = {
	    "sub/out: leads out of the folder\n",    "sub/nothing: leads to nothing\n", "fifo: is no regular file\n",
	    "l?tin: has a name that is not UTF-8\n", "a?b\xc3\xbc: leads to nothing\n",
	};

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	assert_int_equal(symlink("/etc/passwd", "sub/out"), 0);
	assert_int_equal(symlink("none", "sub/nothing"), 0);
	assert_int_equal(mkfifo("fifo", 0644), 0);
	make("l\xe4tin");
	assert_int_equal(symlink("none", "a\nb\xc3\xbc"), 0);
	look();
	for (unsigned i = 0; i < ARRAY_LENGTH(expected); i++)
		if (strstr(said, expected[i]) == NULL)
			fail_msg("%s is not in:\n%s", expected[i], said);
}

/* Through a link to itself a folder is as deep as one likes. */
static void the_depth_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(symlink(".", "self"), 0);
	look();
	assert_non_null(strstr(said, "/self: is too deep\n"));
}

static void a_folder_that_is_gone_is_said(void **state)
{
	(void)state;
	survey("gone", note);
	assert_string_equal(said, "gone: the folder \"gone\" cannot be opened: No such file or directory\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_is_said_of_what_is_served, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(all_else_is_named_with_its_reason, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_depth_is_bounded, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_folder_that_is_gone_is_said, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
