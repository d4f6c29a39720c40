#include "wait_ends_fixture.h"

/* Names */

static void a_name_is_looked_up_first(void **state)
{
	(void)state;
	fake_pq.host = "localhost";
	run(0, &country);
	assert_row(0, "country(0)");
	assert_true(fake_pq_is_open(pg()));
}

static void a_name_that_is_none_is_said(void **state)
{
	(void)state;
	fake_pq.host = "no such host";
	run(0, &country);
	assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
	assert_non_null(strstr(wait.reads.error, "no such host"));
	assert_int_equal(fake_pq.opened, 0);
}

static void a_name_that_is_looked_up_for_too_long_is_a_deadline(void **state)
{
	(void)state;
	fake_pq.host = "localhost";
	snprintf(wait.reads.error, sizeof(wait.reads.error), "what was before");
	assert_int_equal(db_wait_open(&wait.reads, clock_now_ns() - 1), 1);
	assert_string_equal(wait.reads.error, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_QUIET(a_name_is_looked_up_first),
	    TEST_QUIET(a_name_that_is_none_is_said),
	    TEST_QUIET(a_name_that_is_looked_up_for_too_long_is_a_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
