#include "base/sink.h"

#include "base/clock.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_NS (60 * NS_PER_S)

/* Threads outlive their tests: each has a sink of its own. */
static struct sink *sink;
static int ends[2];

static size_t report(char line[static SINK_REPORT_MAX], uint64_t dropped)
{
	return (size_t)snprintf(line, SINK_REPORT_MAX, "%llu dropped\n", (unsigned long long)dropped);
}

static void start(int fd)
{
	sink = calloc(1, sizeof(*sink));
	sink_start(sink, fd, report);
}

static int set_up(void **state)
{
	(void)state;
	return pipe(ends);
}

static void put(const char *line)
{
	sink_put(sink, text_of(line));
}

static void flush(void)
{
	assert_true(sink_flush(sink, clock_now_ns() + PATIENCE_NS));
}

/* Reads so many lines, and compares. */
static void expect_lines(const char *lines)
{
	char bytes[512];
	size_t length = strlen(lines), used = 0;

	while (used < length) {
		ssize_t count = read(ends[0], bytes + used, length - used);

		assert_true(count > 0);
		used += (size_t)count;
	}
	assert_memory_equal(bytes, lines, length);
}

/* A pipe that takes nothing more. */
static void fill_pipe(void)
{
	static const char zeros[4096];
	int flags = fcntl(ends[1], F_GETFL);

	fcntl(ends[1], F_SETFL, flags | O_NONBLOCK);
	while (write(ends[1], zeros, sizeof(zeros)) > 0)
		;
	fcntl(ends[1], F_SETFL, flags);
}

static void empty_pipe(size_t bytes)
{
	char gone[4096];

	while (bytes > 0) {
		ssize_t count = read(ends[0], gone, bytes < sizeof(gone) ? bytes : sizeof(gone));

		assert_true(count > 0);
		bytes -= (size_t)count;
	}
}

static size_t pipe_bytes(void)
{
	return (size_t)fcntl(ends[1], F_GETPIPE_SZ);
}

static void test_lines_are_written_in_order(void **state)
{
	(void)state;
	start(ends[1]);
	put("one\n");
	put("two\n");
	expect_lines("one\ntwo\n");
	put("three\n");
	expect_lines("three\n");
	flush();
	assert_int_equal(sink_dropped(sink), 0);
}

/* Puts lines of 1,000 bytes until one is dropped; returns how many were not. */
static unsigned put_until_dropped(void)
{
	char line[1001];
	unsigned count = 0;

	for (;; count++) {
		snprintf(line, sizeof(line), "%0999u\n", count);
		put(line);
		if (sink_dropped(sink) > 0)
			return count;
	}
}

static void expect_numbered_line(unsigned number)
{
	char bytes[1000];
	size_t used = 0;

	while (used < sizeof(bytes)) {
		ssize_t count = read(ends[0], bytes + used, sizeof(bytes) - used);

		assert_true(count > 0);
		used += (size_t)count;
	}
	assert_int_equal(strtoul(bytes, NULL, 10), number);
	assert_int_equal(bytes[999], '\n');
}

static void test_who_puts_never_waits_and_what_has_no_room_is_dropped_and_told(void **state)
{
	uint64_t started_ns = clock_now_ns();
	unsigned kept;

	(void)state;
	fill_pipe();
	start(ends[1]);
	kept = put_until_dropped();
	assert_in_range(kept, 1, SINK_RING_BYTES / 1000 + 8);
	if (clock_now_ns() - started_ns < SINK_STUCK_MS * NS_PER_MS)
		assert_in_range(kept, SINK_RING_BYTES / 1100, kept);
	put("no room\n");
	assert_int_equal(sink_dropped(sink), 2);
	assert_false(sink_flush(sink, clock_now_ns() + 1));

	empty_pipe(pipe_bytes());
	for (unsigned i = 0; i < kept; i++)
		expect_numbered_line(i);
	expect_lines("2 dropped\n");
	put("room again\n");
	expect_lines("room again\n");
	flush();
	assert_int_equal(sink_dropped(sink), 2);
}

/* The report stands where the lines are missing, not at the end. */
static void test_the_report_stands_in_the_place_of_the_lines(void **state)
{
	char expected[64];
	uint64_t dropped;
	unsigned kept;

	(void)state;
	fill_pipe();
	start(ends[1]);
	kept = put_until_dropped();
	empty_pipe(pipe_bytes());
	expect_numbered_line(0);
	/* reading goes on until there is room: then one more line is put before the rest is read */
	for (unsigned i = 1; i < kept / 2; i++)
		expect_numbered_line(i);
	do {
		dropped = sink_dropped(sink);
		put("after\n");
	} while (sink_dropped(sink) > dropped);
	for (unsigned i = kept / 2; i < kept; i++)
		expect_numbered_line(i);
	snprintf(expected, sizeof(expected), "%llu dropped\nafter\n", (unsigned long long)dropped);
	expect_lines(expected);
	put("told once\n");
	expect_lines("told once\n");
	flush();
}

static void test_lines_are_whole_where_the_ring_ends(void **state)
{
	char line[1001];

	(void)state;
	start(ends[1]);
	for (unsigned i = 0; i < 3 * SINK_RING_BYTES / 1000; i++) {
		snprintf(line, sizeof(line), "%0999u\n", i);
		put(line);
		expect_numbered_line(i);
	}
	flush();
	assert_int_equal(sink_dropped(sink), 0);
}

static void test_nothing_is_kept_for_a_reader_that_is_gone_for_long(void **state)
{
	(void)state;
	fill_pipe();
	start(ends[1]);
	put("kept\n");
	while (sink_dropped(sink) == 0) {
		put("x\n");
		usleep(10000);
	}
	/* there is room, but no reader: the end does not wait either */
	assert_false(sink_flush(sink, clock_now_ns() + PATIENCE_NS));
	empty_pipe(pipe_bytes());
	expect_lines("kept\nx\n");
}

static void test_a_full_disk_is_counted_and_not_tried_again(void **state)
{
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(full >= 0);
	start(full);
	put("one\n");
	flush();
	assert_int_equal(sink_dropped(sink), 1);
	put("two\n");
	flush();
	assert_int_equal(sink_dropped(sink), 2);
	/* the same descriptor takes lines again */
	assert_int_equal(dup2(ends[1], full), full);
	put("three\n");
	expect_lines("2 dropped\nthree\n");
	put("four\n");
	expect_lines("four\n");
	flush();
	assert_int_equal(sink_dropped(sink), 2);
}

static void test_a_reader_that_left_and_a_closed_descriptor_are_counted(void **state)
{
	int no_file = dup(ends[1]);

	(void)state;
	close(ends[0]);
	start(ends[1]);
	put("one\n");
	flush();
	assert_int_equal(sink_dropped(sink), 1);

	close(no_file);
	start(no_file);
	put("one\n");
	put("two\n");
	flush();
	assert_int_equal(sink_dropped(sink), 2);
}

/* Another process that has the same pipe may set O_NONBLOCK on it. */
static void test_a_descriptor_that_does_not_block_is_waited_for(void **state)
{
	(void)state;
	fill_pipe();
	fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK);
	start(ends[1]);
	put("one\n");
	assert_false(sink_flush(sink, clock_now_ns() + 20 * NS_PER_MS));
	empty_pipe(pipe_bytes());
	expect_lines("one\n");
	flush();
	assert_int_equal(sink_dropped(sink), 0);
}

/* Beyond, a write fails. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A file that is full in the middle of a line: what comes later begins a line of its own. */
static void test_a_line_that_was_cut_ends_before_the_next(void **state)
{
	char path[] = "/tmp/meantime-sink-XXXXXX", bytes[64] = "";
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	unlink(path);
	limit_files(6);
	start(file);
	put("one\ntwo\n");
	flush();
	assert_int_equal(sink_dropped(sink), 1);
	limit_files(RLIM_INFINITY);
	put("three\n");
	flush();
	assert_true(pread(file, bytes, sizeof(bytes), 0) > 0);
	assert_string_equal(bytes, "one\ntw\n1 dropped\nthree\n");
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_lines_are_written_in_order, set_up),
	    cmocka_unit_test_setup(test_who_puts_never_waits_and_what_has_no_room_is_dropped_and_told, set_up),
	    cmocka_unit_test_setup(test_the_report_stands_in_the_place_of_the_lines, set_up),
	    cmocka_unit_test_setup(test_lines_are_whole_where_the_ring_ends, set_up),
	    cmocka_unit_test_setup(test_nothing_is_kept_for_a_reader_that_is_gone_for_long, set_up),
	    cmocka_unit_test_setup(test_a_full_disk_is_counted_and_not_tried_again, set_up),
	    cmocka_unit_test_setup(test_a_reader_that_left_and_a_closed_descriptor_are_counted, set_up),
	    cmocka_unit_test_setup(test_a_descriptor_that_does_not_block_is_waited_for, set_up),
	    cmocka_unit_test_setup(test_a_line_that_was_cut_ends_before_the_next, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
