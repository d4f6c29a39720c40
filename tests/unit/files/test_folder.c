#include "files/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/served_folder.h"

#include <sys/resource.h>

/* No way out: what file_name.h refuses is refused here by itself. */

static void dots_lead_nowhere(void **state)
{
	(void)state;
	expect_missing("../secret.txt");
	expect_missing("sub/../../secret.txt");
	expect_missing("..");
	expect_missing("/etc/passwd");
	expect_missing(at("secret.txt"));
}

static void links_that_lead_out_are_missing(void **state)
{
	(void)state;
	assert_int_equal(symlink("../secret.txt", at("served/out")), 0);
	assert_int_equal(symlink(at("secret.txt"), at("served/absolute")), 0);
	assert_int_equal(symlink("..", at("served/up")), 0);
	assert_int_equal(symlink("/proc/self/root/etc/passwd", at("served/magic")), 0);
	assert_int_equal(symlink("round", at("served/round")), 0);
	expect_missing("out");
	expect_missing("absolute");
	expect_missing("up/secret.txt");
	expect_missing("magic");
	expect_missing("round");
}

static void links_that_stay_inside_are_followed(void **state)
{
	(void)state;
	assert_int_equal(symlink("../a.txt", at("served/sub/inside")), 0);
	assert_int_equal(symlink("sub", at("served/other")), 0);
	assert_int_equal(find("sub/inside"), FILE_FOUND);
	expect_content("content");
	assert_int_equal(find("other/inside"), FILE_FOUND);
	expect_content("content");
}

/* The folder is the one that was opened, whatever stands under its name later. */
static void a_folder_that_was_renamed_is_served_on(void **state)
{
	(void)state;
	assert_int_equal(rename(at("served"), at("before")), 0);
	assert_int_equal(mkdir(at("served"), 0755), 0);
	write_file("served/a.txt", "another");
	assert_int_equal(find("a.txt"), FILE_FOUND);
	expect_content("content");
}

static void a_folder_that_has_moved_out_is_out(void **state)
{
	(void)state;
	write_file("served/sub/b.txt", "b");
	assert_int_equal(symlink("../a.txt", at("served/sub/inside")), 0);
	assert_int_equal(rename(at("served/sub"), at("gone")), 0);
	assert_int_equal(symlink("../gone", at("served/sub")), 0);
	expect_missing("sub/b.txt");
	expect_missing("sub/inside");
}

/* Bounds */

static void more_open_files_than_may_be_are_too_many(void **state)
{
	int fds[FILES_MAX];

	(void)state;
	for (unsigned i = 0; i < FILES_MAX; i++)
		assert_true((fds[i] = folder_enter(folder, "a.txt")) >= 0);
	assert_int_equal(find("a.txt"), FILE_BUSY);
	/* what is not there needs no place, but that is not known */
	assert_int_equal(find("b.txt"), FILE_BUSY);
	folder_leave(folder, fds[0]);
	assert_int_equal(find("a.txt"), FILE_FOUND);
	for (unsigned i = 1; i < FILES_MAX; i++)
		folder_leave(folder, fds[i]);
}

/* What a folder is, its index decides: it needs a place of its own only once the folder's is free. */
static void one_place_is_enough_for_a_folder(void **state)
{
	int fds[FILES_MAX - 1];

	(void)state;
	write_file("served/sub/index.html", "<p>");
	for (unsigned i = 0; i < FILES_MAX - 1; i++)
		assert_true((fds[i] = folder_enter(folder, "a.txt")) >= 0);
	assert_int_equal(find("sub"), FILE_IS_FOLDER);
	for (unsigned i = 0; i < FILES_MAX - 1; i++)
		folder_leave(folder, fds[i]);
}

static void a_process_without_descriptors_is_busy(void **state)
{
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(find("a.txt"), FILE_BUSY);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(find("a.txt"), FILE_FOUND);
	expect_content("content");
}

static void a_folder_that_is_none_is_not_opened(void **state)
{
	char why[300];

	(void)state;
	assert_null(folder_open(at("none"), 1, why, sizeof(why)));
	assert_non_null(strstr(why, "cannot be opened: No such file or directory"));
	assert_null(folder_open(at("secret.txt"), 1, why, sizeof(why)));
	assert_non_null(strstr(why, "Not a directory"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(dots_lead_nowhere),
	    TEST(links_that_lead_out_are_missing),
	    TEST(links_that_stay_inside_are_followed),
	    TEST(a_folder_that_was_renamed_is_served_on),
	    TEST(a_folder_that_has_moved_out_is_out),
	    TEST(more_open_files_than_may_be_are_too_many),
	    TEST(one_place_is_enough_for_a_folder),
	    TEST(a_process_without_descriptors_is_busy),
	    TEST(a_folder_that_is_none_is_not_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
