#include "server/http/server_timing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct exchange x;

static void assert_written(uint64_t total_ns, const char *expected)
{
	char out[SERVER_TIMING_BYTES + 1];
	size_t length;

	memset(out, '#', sizeof(out));
	length = server_timing_write(out, &x, total_ns);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(out, expected, length);
	assert_int_equal(out[length], '#');
}

static int set_up(void **state)
{
	(void)state;
	x.queue_ns = x.db_ns = x.work_ns = 0;
	x.work_name = NULL;
	return 0;
}

static void each_part_of_the_time_has_its_name(void **state)
{
	(void)state;
	x.queue_ns = 20900;
	x.db_ns = 1204000;
	assert_written(13400000, "queue;dur=0.021, db;dur=1.204, total;dur=13.400");
	x.work_name = "fetch";
	x.work_ns = 12100000;
	assert_written(13400000, "queue;dur=0.021, db;dur=1.204, fetch;dur=12.100, total;dur=13.400");
}

static void times_are_rounded_to_microseconds(void **state)
{
	(void)state;
	assert_written(499, "queue;dur=0.000, db;dur=0.000, total;dur=0.000");
	assert_written(500, "queue;dur=0.000, db;dur=0.000, total;dur=0.001");
	assert_written(999499, "queue;dur=0.000, db;dur=0.000, total;dur=0.999");
	assert_written(999500, "queue;dur=0.000, db;dur=0.000, total;dur=1.000");
	assert_written(9876543210, "queue;dur=0.000, db;dur=0.000, total;dur=9876.543");
}

static void the_longest_times_have_room(void **state)
{
	(void)state;
	x.queue_ns = x.db_ns = x.work_ns = UINT64_MAX / 2;
	x.work_name = "compute";
	assert_written(UINT64_MAX / 2, "queue;dur=9223372036854.776, db;dur=9223372036854.776, "
				       "compute;dur=9223372036854.776, total;dur=9223372036854.776");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(each_part_of_the_time_has_its_name, set_up),
	    cmocka_unit_test_setup(times_are_rounded_to_microseconds, set_up),
	    cmocka_unit_test_setup(the_longest_times_have_room, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
