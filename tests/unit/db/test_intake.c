#include "db/intake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];

static int set_up(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
}

static int tear_down(void **state)
{
	(void)state;
	intake_end();
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* Reads as libpq does, into a buffer with room for all, until the kernel says that there is no more; the other end writes
 * as fast as that. */
static size_t read_all(int socket, size_t endless)
{
	static char bytes[65536];
	size_t sum = 0;
	ssize_t count;

	do {
		if (endless > 0)
			(void)!write(ends[1], bytes, sizeof(bytes));
		count = recv(socket, bytes, sizeof(bytes), 0);
		sum += count > 0 ? (size_t)count : 0;
	} while (count > 0 && sum < endless + 1000);
	if (count < 0)
		assert_int_equal(errno, EAGAIN);
	return sum;
}

static void one_call_reads_so_much(void **state)
{
	(void)state;
	intake_begin(ends[0]);
	assert_int_equal(read_all(ends[0], (size_t)4 * INTAKE_BYTES), INTAKE_BYTES);
	assert_int_equal(recv(ends[0], &(char){0}, 1, 0), -1);
	assert_int_equal(intake_end(), INTAKE_BYTES);
	/* what has come meanwhile is still there */
	intake_begin(ends[0]);
	assert_true(read_all(ends[0], 0) > 0);
	assert_true(intake_end() > 0);
}

static void what_was_read_is_counted(void **state)
{
	(void)state;
	intake_begin(ends[0]);
	assert_int_equal(intake_end(), 0);
	assert_int_equal(write(ends[1], "abcde", 5), 5);
	intake_begin(ends[0]);
	assert_int_equal(read_all(ends[0], 0), 5);
	assert_int_equal(intake_end(), 5);
}

static void other_calls_and_other_sockets_are_not_metered(void **state)
{
	char byte;

	(void)state;
	assert_true(read_all(ends[0], (size_t)4 * INTAKE_BYTES) > INTAKE_BYTES);
	intake_begin(ends[1]);
	assert_true(read_all(ends[0], (size_t)4 * INTAKE_BYTES) > INTAKE_BYTES);
	assert_int_equal(intake_end(), 0);
	close(ends[1]);
	while (recv(ends[0], &byte, 1, 0) > 0)
		continue;
	intake_begin(ends[0]);
	assert_int_equal(recv(ends[0], &byte, 1, 0), 0);
	assert_int_equal(intake_end(), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_call_reads_so_much),
	    TEST(what_was_read_is_counted),
	    TEST(other_calls_and_other_sockets_are_not_metered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
