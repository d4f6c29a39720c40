#include "server/descriptors.h"

#include "config/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct options options;

static int set_up(void **state)
{
	(void)state;
	options = (struct options){
	    .mode = MODE_ASYNC,
	    .loops = 1,
	    .threads = 8,
	    .db_connections = 40,
	    .max_streams = 4,
	    .max_connections = 1000,
	    .fetch_connections = 100,
	    .admin = "",
	};
	return 0;
}

static uint64_t needed(void)
{
	return descriptors_within(&options, false, 100000).needed;
}

static void what_is_needed_grows_with_the_options(void **state)
{
	uint64_t plain = needed(), of_two_loops;

	(void)state;
	assert_true(plain > 1044 && plain < 1200);
	options.max_connections += 10;
	assert_int_equal(needed(), plain + 10);
	options.db_connections += 10;
	assert_int_equal(needed(), plain + 20);
	options.max_streams += 10;
	assert_int_equal(needed(), plain + 30);
	options.loops = 2;
	of_two_loops = needed();
	assert_true(of_two_loops > 2 * (1010 + 50 + 14) && of_two_loops < 2 * (plain + 30));
	options.admin = "127.0.0.1:0";
	assert_true(needed() >= of_two_loops + 64);
}

static void each_mode_needs_its_own_connections(void **state)
{
	uint64_t async = needed();

	(void)state;
	options.mode = MODE_SYNC;
	assert_int_equal(needed(), async - 40 + 2);
	options.mode = MODE_THREADS;
	assert_int_equal(needed(), async - 40 + 16);
}

static void pages_need_some_where_they_are_fetched(void **state)
{
	uint64_t without = needed();

	(void)state;
	assert_true(descriptors_within(&options, true, 100000).needed >= without + 300);
}

static void a_limit_that_is_enough_leaves_the_clients_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(descriptors_within(&options, false, needed()).clients_max, 1000);
	assert_int_equal(descriptors_within(&options, false, UINT64_MAX).clients_max, 1000);
}

static void a_lower_one_takes_from_the_clients_alone(void **state)
{
	uint64_t all = needed();

	(void)state;
	assert_int_equal(descriptors_within(&options, false, all - 1).clients_max, 999);
	assert_int_equal(descriptors_within(&options, false, all - 900).clients_max, 100);
	options.loops = 2;
	assert_int_equal(descriptors_within(&options, false, needed() - 1).clients_max, 999);
	assert_int_equal(descriptors_within(&options, false, needed() - 200).clients_max, 900);
}

static void there_are_always_some_clients(void **state)
{
	(void)state;
	assert_int_equal(descriptors_within(&options, false, 0).clients_max, 8);
	options.max_connections = 3;
	assert_int_equal(descriptors_within(&options, false, 0).clients_max, 3);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_needed_grows_with_the_options),    TEST(each_mode_needs_its_own_connections),
	    TEST(pages_need_some_where_they_are_fetched),   TEST(a_limit_that_is_enough_leaves_the_clients_as_they_are),
	    TEST(a_lower_one_takes_from_the_clients_alone), TEST(there_are_always_some_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
