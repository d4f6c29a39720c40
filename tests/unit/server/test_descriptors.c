#include "server/descriptors.h"

#include "config/options.h"
#include "lib/log_tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static struct options options;

/* What the system says of the limit, in place of libc. A sanitizer asks and sets other limits, before it is ready. */
#define BARE __attribute__((no_sanitize("address", "thread", "undefined")))

static struct rlimit allowed;
static int limit_status;

BARE int getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
	if (resource != RLIMIT_NOFILE)
		return (int)syscall(SYS_prlimit64, 0, resource, NULL, limit);
	*limit = allowed;
	return limit_status;
}

BARE int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	if (resource != RLIMIT_NOFILE)
		return (int)syscall(SYS_prlimit64, 0, resource, limit, NULL);
	allowed = *limit;
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	options = (struct options){
	    .files = "",
	    .max_files = 9,
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
	assert_int_equal(plain, 48 + (8 + 40 + 4) + 1000);
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
	assert_int_equal(needed(), of_two_loops + 72);
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
	assert_int_equal(descriptors_within(&options, true, 100000).needed, without + 8 + 3 * 100);
}

static void the_limit_is_raised_to_what_it_may_be(void **state)
{
	(void)state;
	allowed = (struct rlimit){.rlim_cur = 256, .rlim_max = 5000};
	assert_int_equal(descriptors_plan(&options, false).limit, 5000);
	assert_int_equal(allowed.rlim_cur, 5000);
	allowed = (struct rlimit){.rlim_cur = 256, .rlim_max = RLIM_INFINITY};
	assert_true(descriptors_plan(&options, false).limit == UINT64_MAX);
}

/* Then it is not known to be too low. */
static void a_limit_that_is_not_told_is_none(void **state)
{
	(void)state;
	allowed = (struct rlimit){.rlim_cur = 256, .rlim_max = 256};
	limit_status = -1;
	assert_true(descriptors_plan(&options, false).limit == UINT64_MAX);
	limit_status = 0;
}

static const char *warned_of(uint64_t limit)
{
	struct descriptors descriptors = descriptors_within(&options, false, limit);

	log_tap_begin(LOG_WARNING);
	descriptors_warn(&descriptors, &options);
	return log_tap_end();
}

static void too_low_a_limit_is_told(void **state)
{
	const char *warning;

	(void)state;
	assert_string_equal(warned_of(needed()), "");
	warning = warned_of(needed() - 1);
	assert_non_null(strstr(warning, "1099 file descriptors are allowed, and the options may need 1100"));
	assert_non_null(strstr(warning, "999 client connections a loop are accepted at once, not 1000"));
	options.max_connections = 8; /* there are always so many */
	warning = warned_of(needed() - 1);
	assert_non_null(strstr(warning, "file descriptors are allowed"));
	assert_null(strstr(warning, "client connections"));
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
	    TEST(what_is_needed_grows_with_the_options),
	    TEST(each_mode_needs_its_own_connections),
	    TEST(pages_need_some_where_they_are_fetched),
	    TEST(a_limit_that_is_enough_leaves_the_clients_as_they_are),
	    TEST(a_lower_one_takes_from_the_clients_alone),
	    TEST(there_are_always_some_clients),
	    TEST(the_limit_is_raised_to_what_it_may_be),
	    TEST(a_limit_that_is_not_told_is_none),
	    TEST(too_low_a_limit_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
