#include "handlers/queue/claim_query.h"

#include "base/clock.h"
#include "lib/arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct queue_order claim;

static const char *read(const char *query)
{
	claim = (struct queue_order){.errand = ORDER_CLAIM};
	return claim_query_read(text_of(query), &arena, &claim);
}

static void one_job_now_by_default(void **state)
{
	(void)state;
	assert_null(read(""));
	assert_int_equal(claim.want, 1);
	assert_int_equal(claim.wait_ns, 0);
	assert_int_equal(claim.lease_ns, 30 * NS_PER_S);
}

static void parameters_are_read(void **state)
{
	(void)state;
	assert_null(read("lease=12h&max=1000&wait=%36%30s"));
	assert_int_equal(claim.want, 1000);
	assert_int_equal(claim.wait_ns, 60 * NS_PER_S);
	assert_int_equal(claim.lease_ns, 12 * 3600 * NS_PER_S);
}

static void faults_are_named(void **state)
{
	static const char *const faults[][2] = {
	    {"max=0", "\"max\""},         {"max=", "\"max\""},      {"max=1001", "\"max\""},
	    {"wait=61s", "\"wait\""},     {"wait=5", "\"wait\""},   {"lease=999ms", "\"lease\""},
	    {"lease=13h", "\"lease\""},   {"max=1&max=1", "twice"}, {"colour=red", "no others"},
	    {"wait=%", "percent-escape"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		const char *problem = read(faults[i][0]);

		assert_non_null(problem);
		assert_non_null(strstr(problem, faults[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(one_job_now_by_default, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(parameters_are_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(faults_are_named, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
