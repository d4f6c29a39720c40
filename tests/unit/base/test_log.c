#include "base/log.h"

#include "base/memory.h"
#include "base/require.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_MALLOC_OF_ITS_OWN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_MALLOC_OF_ITS_OWN 1
#endif
#endif
#ifndef HAS_MALLOC_OF_ITS_OWN
#define HAS_MALLOC_OF_ITS_OWN 0
#endif

static int ends[2];
static char said[8192];

static int set_up(void **state)
{
	(void)state;
	return pipe(ends);
}

static int tear_down(void **state)
{
	(void)state;
	close(ends[0]);
	return 0;
}

static void fill_pipe(void)
{
	static const char zeros[4096];
	int flags = fcntl(ends[1], F_GETFL);

	fcntl(ends[1], F_SETFL, flags | O_NONBLOCK);
	while (write(ends[1], zeros, sizeof(zeros)) > 0)
		;
	fcntl(ends[1], F_SETFL, flags);
}

/* Runs `body` in a process whose `output` is the pipe; returns its status, and what it said in `said`. */
static int run(void (*body)(void), int output, bool is_read)
{
	pid_t child = fork();
	size_t used = 0;
	ssize_t count = 1;
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit no_core = {0, 0};

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL); /* cmocka has a handler of its own */
		dup2(ends[1], output);
		log_start();
		body();
		log_flush();
		_exit(0);
	}
	close(ends[1]);
	while (is_read && count > 0) {
		count = read(ends[0], said + used, sizeof(said) - 1 - used);
		used += count > 0 ? (size_t)count : 0;
	}
	said[used] = '\0';
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* Each must be said, and after the one before. */
static void assert_said(const char *const *words, size_t count)
{
	const char *at = said;

	for (size_t i = 0; i < count; i++) {
		at = strstr(at, words[i]);
		if (at == NULL)
			fail_msg("not said, or not in this order: \"%s\", in \"%s\"", words[i], said);
	}
}

#define ASSERT_SAID(...)                                                                                               \
	assert_said((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void say_in_turn(void)
{
	log_info("area", "%d", 1);
	fprintf(stderr, "meantime: two\n");
	log_warning("area", "three");
	fprintf(stderr, "meantime: half");
}

static void test_the_log_and_stderr_keep_their_order(void **state)
{
	(void)state;
	assert_int_equal(run(say_in_turn, STDERR_FILENO, true), 0);
	ASSERT_SAID("info    area: 1\n", "meantime: two\n", "warning area: three\n", "meantime: half");
}

static void log_to_stdout(void)
{
	log_set_output(LOG_TO_STDOUT);
	log_info("area", "one");
	printf("meantime: two\n");
	log_info("area", "three");
	printf("meantime: half");
}

static void test_the_log_and_stdout_keep_their_order(void **state)
{
	(void)state;
	assert_int_equal(run(log_to_stdout, STDOUT_FILENO, true), 0);
	ASSERT_SAID("area: one\n", "meantime: two\n", "area: three\n", "meantime: half");
}

static void drop_and_count(void)
{
	const char line[] = "x";

	for (unsigned i = 0; log_dropped() == 0; i++)
		log_info("area", "%s", line);
	_exit(log_dropped() == 1 ? 0 : 1);
}

static void test_what_is_dropped_is_counted(void **state)
{
	(void)state;
	fill_pipe();
	assert_int_equal(run(drop_and_count, STDERR_FILENO, false), 0);
}

static void log_twice_on_a_full_disk(void)
{
	int full = open("/dev/full", O_WRONLY);

	dup2(full, STDERR_FILENO);
	log_info("area", "one");
	log_flush();
	dup2(ends[1], STDERR_FILENO);
	log_info("area", "two");
}

static void test_the_log_says_how_many_lines_were_dropped(void **state)
{
	(void)state;
	assert_int_equal(run(log_twice_on_a_full_disk, STDERR_FILENO, true), 0);
	ASSERT_SAID("warning log: 1 line was dropped: the output did not take it\n", "area: two\n");
	assert_null(strstr(said, "one"));
}

static void crash(void)
{
	log_info("area", "before");
	REQUIRE(1 == 2);
}

static void test_a_crash_is_said_after_what_was_logged(void **state)
{
	int status;

	(void)state;
	status = run(crash, STDERR_FILENO, true);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	ASSERT_SAID("area: before\n", "this must hold and does not: 1 == 2\n");
}

static void test_a_crash_ends_the_process_though_nothing_is_read(void **state)
{
	int status;

	(void)state;
	fill_pipe();
	status = run(crash, STDERR_FILENO, false);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void take_all_memory(void)
{
	memory_alloc(SIZE_MAX / 4);
}

static void test_the_end_of_memory_is_said(void **state)
{
	int status;

	(void)state;
	if (HAS_MALLOC_OF_ITS_OWN)
		skip();
	status = run(take_all_memory, STDERR_FILENO, true);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	ASSERT_SAID("meantime: out of memory (", " bytes wanted)\n");
}

/* A file */

static char folder[64], file[96], moved[96];

static void read_file(const char *path)
{
	FILE *from = fopen(path, "r");

	assert_non_null(from);
	said[fread(said, 1, sizeof(said) - 1, from)] = '\0';
	fclose(from);
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_log.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/log", folder);
	snprintf(moved, sizeof(moved), "%s/log.1", folder);
	return pipe(ends);
}

static int remove_folder(void **state)
{
	unlink(file);
	unlink(moved);
	rmdir(folder);
	return tear_down(state);
}

static void log_around_a_move(void)
{
	REQUIRE(log_open_file(file) == 0);
	log_info("area", "before");
	log_flush();
	REQUIRE(rename(file, moved) == 0);
	log_info("area", "still in the first");
	log_flush();
	log_reopen();
	log_info("area", "after");
	log_flush();
}

static void a_file_is_opened_again_under_its_name(void **state)
{
	(void)state;
	assert_int_equal(run(log_around_a_move, STDERR_FILENO, true), 0);
	assert_string_equal(said, "");
	read_file(moved);
	assert_non_null(strstr(said, "area: before\n"));
	assert_non_null(strstr(said, "area: still in the first\n"));
	assert_null(strstr(said, "after"));
	read_file(file);
	assert_non_null(strstr(said, "area: after\n"));
	assert_null(strstr(said, "before"));
}

static void log_where_no_file_can_be_opened(void)
{
	REQUIRE(log_open_file(file) == 0);
	REQUIRE(rename(file, moved) == 0);
	REQUIRE(mkdir(file, 0700) == 0);
	log_reopen();
	log_info("area", "after");
	log_flush();
	REQUIRE(rmdir(file) == 0);
}

static void one_that_cannot_be_opened_again_is_written_on(void **state)
{
	(void)state;
	assert_int_equal(run(log_where_no_file_can_be_opened, STDERR_FILENO, true), 0);
	read_file(moved);
	assert_non_null(
	    strstr(said, "log cannot be opened again, and the file from before is written on: Is a directory"));
	assert_non_null(strstr(said, "area: after\n"));
}

static void open_what_is_no_file(void)
{
	REQUIRE(log_open_file(folder) == -1);
	REQUIRE(mkfifo(file, 0600) == 0);
	REQUIRE(log_open_file(file) == -1); /* it has no reader, and is not waited for */
	REQUIRE(unlink(file) == 0);
	log_info("area", "elsewhere");
}

static void what_cannot_be_opened_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(run(open_what_is_no_file, STDERR_FILENO, true), 0);
	assert_non_null(strstr(said, "area: elsewhere\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_the_log_and_stderr_keep_their_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_log_and_stdout_keep_their_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_dropped_is_counted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_log_says_how_many_lines_were_dropped, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_crash_is_said_after_what_was_logged, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_crash_ends_the_process_though_nothing_is_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_end_of_memory_is_said, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_file_is_opened_again_under_its_name, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(one_that_cannot_be_opened_again_is_written_on, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(what_cannot_be_opened_changes_nothing, make_folder, remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
