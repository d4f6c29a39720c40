#include "loadgen/figures/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/compiler.h"
#include "lib/near.h"

/* Every limit that there can be is found within the precision, in few steps. */
static void the_search_finds_the_limit(void **state)
{
	(void)state;
	for (unsigned limit = 0; limit <= 1100; limit++) {
		struct search search;
		double next;

		search_init(&search, 1024, 1.1);
		while ((next = search_next(&search)) > 0) {
			assert_true(next <= 1024 && search.steps < 30);
			search_tell(&search, next, next <= limit);
		}
		if (limit >= 1024)
			assert_near(search.highest_good, 1024, 0);
		else if (limit == 0)
			assert_near(search.highest_good, 0, 0);
		else
			assert_true(search.highest_good <= limit && search.highest_good >= floor(limit / 1.1));
	}
}

static void what_was_good_and_is_bad_is_bad(void **state)
{
	struct search search;

	(void)state;
	search_init(&search, 100, 1.1);
	search_tell(&search, 16, true);
	search_tell(&search, 16, false);
	assert_true(search.highest_good < 16);
	assert_near(search.lowest_bad, 16, 0);
}

/* Every load that is tried, with a limit of `good_up_to`. */
static void assert_tries(double limit, double precision, double good_up_to, const double *expected, unsigned count)
{
	struct search search;

	search_init(&search, limit, precision);
	for (unsigned i = 0; i < count; i++) {
		assert_near(search_next(&search), expected[i], 0);
		assert_int_equal(search.steps, i);
		search_tell(&search, expected[i], expected[i] <= good_up_to);
	}
	assert_near(search_next(&search), 0, 0);
	assert_int_equal(search.steps, count);
}

static void it_doubles_and_then_halves(void **state)
{
	static const double up[] = {1, 2, 4, 8, 16, 11, 9}, to_the_limit[] = {1, 2, 4, 5}, none[] = {1};
	/* 64 to 128: sqrt(64 * 128) = 90, sqrt(90 * 128) = 107, 98, and 107 / 98 is below the precision */
	static const double precise[] = {1, 2, 4, 8, 16, 32, 64, 128, 90, 107, 98};

	(void)state;
	assert_tries(100, 1.1, 10, up, ARRAY_LENGTH(up));
	assert_tries(5, 1.1, 5, to_the_limit, ARRAY_LENGTH(to_the_limit));
	assert_tries(100, 1.1, 0, none, ARRAY_LENGTH(none));
	assert_tries(1000, 1.1, 100, precise, ARRAY_LENGTH(precise));
}

/* The difference to the precision is as large as it: then it goes on. */
static void the_precision_is_a_bound(void **state)
{
	struct search search;

	(void)state;
	search_init(&search, 1000, 1.5);
	search_tell(&search, 100, true);
	search_tell(&search, 150, false);
	assert_near(search_next(&search), 122, 0);
	search_tell(&search, 149, false);
	assert_near(search_next(&search), 0, 0);
}

static void a_level_that_nothing_is_known_of_is_passed_over(void **state)
{
	struct search search;

	(void)state;
	search_init(&search, 100, 1.1);
	search_pass_over(&search, 1);
	assert_int_equal(search.steps, 1);
	assert_near(search_next(&search), 2, 0);
	search_pass_over(&search, 2);
	search_pass_over(&search, 1);
	assert_near(search.passed_over, 2, 0);
	assert_near(search_next(&search), 4, 0);
	search_tell(&search, 4, true);
	assert_near(search_next(&search), 8, 0);
	search_tell(&search, 8, false);
	assert_near(search_next(&search), 5, 0);
	assert_near(search.highest_good, 4, 0);
}

static void only_higher_good_and_lower_bad_count(void **state)
{
	struct search search;

	(void)state;
	search_init(&search, 100, 1.1);
	search_tell(&search, 16, true);
	search_tell(&search, 8, true);
	assert_near(search.highest_good, 16, 0);
	search_tell(&search, 64, false);
	search_tell(&search, 80, false);
	assert_near(search.lowest_bad, 64, 0);
	assert_near(search.highest_good, 16, 0);
	search_tell(&search, 16, false); /* at a second look */
	assert_near(search.highest_good, 8, 0);
	search_tell(&search, 1, false);
	assert_near(search.highest_good, 0, 0);
	assert_near(search_next(&search), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_search_finds_the_limit),
	    cmocka_unit_test(what_was_good_and_is_bad_is_bad),
	    cmocka_unit_test(it_doubles_and_then_halves),
	    cmocka_unit_test(the_precision_is_a_bound),
	    cmocka_unit_test(a_level_that_nothing_is_known_of_is_passed_over),
	    cmocka_unit_test(only_higher_good_and_lower_bad_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
