/* Levels of a curve, what is kept of them, and their bounds. What measures is the test's: it answers at once as a service
 * would whose workers each wait for 20 ms. */
#include "loadgen/commands/curve.h"
#include "curve_fixture.h"

/* Bounds */

static void the_bounds_are_those_of_the_service(void **state)
{
	const struct report_curve *curve = &report->curves[0];

	(void)state;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	curves_finish(&curves);
	curve = &report->curves[0];
	assert_near(curve->little, 400, 1e-9);
	assert_near(curve->little_threads, 8, 0);
	assert_near(curve->little_wait_ms, 20, 1e-9);
	assert_int_equal(curve->knee_state, KNEE_REACHED);
	assert_near(curve->knee, 8, 1e-6);
	assert_true(curve->usl.is_fitted);
	assert_near(curve->usl.lambda, 60, 15);
	assert_near(curve->others_share, 0.25, 1e-9);
	assert_non_null(curve->bound_sentence);
	curves_cleanup(&curves);
}

static void a_knee_that_was_not_reached_has_no_place(void **state)
{
	(void)state;
	workers[0] = 64;
	report->arms[0].threads = 64;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 32), 0);
	curves_finish(&curves);
	assert_int_equal(report->curves[0].knee_state, KNEE_NOT_REACHED);
	assert_true(isnan(report->curves[0].knee));
	curves_cleanup(&curves);
}

/* Quick statements share connections: more than one a connection is under way. */
static void a_rate_above_littles_bound_takes_the_wider_one(void **state)
{
	(void)state;
	start(1, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	curves_finish(&curves);
	assert_near(report->curves[0].little, 3200, 1e-9);
	assert_near(report->curves[0].little_threads, 64, 0);
	curves_cleanup(&curves);
}

static void without_the_time_in_the_database_there_is_no_bound_of_littles(void **state)
{
	(void)state;
	says_no_database = true;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	curves_finish(&curves);
	assert_true(isnan(report->curves[0].little));
	curves_cleanup(&curves);
}

static void without_known_threads_there_is_no_bound_of_littles(void **state)
{
	(void)state;
	report->arms[0].threads = 0;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	curves_finish(&curves);
	assert_true(isnan(report->curves[0].little));
	curves_cleanup(&curves);
}

/* The rows of the fit are in the order of the levels, too. */
static void the_order_of_measuring_does_not_change_the_fit(void **state)
{
	static const uint64_t given[] = {16, 1, 8, 2, 32, 4};
	struct usl usl;

	(void)state;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, NULL, 0, 32), 0);
	curves_finish(&curves);
	usl = report->curves[0].usl;
	curves_cleanup(&curves);
	call_count = 0;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, given, ARRAY_LENGTH(given), 0), 0);
	curves_finish(&curves);
	assert_near(report->curves[1].usl.lambda, usl.lambda, 1e-6);
	assert_near(report->curves[1].usl.sigma, usl.sigma, 1e-9);
	assert_near(report->curves[1].knee, report->curves[0].knee, 1e-9);
	assert_true(report->curves[1].levels[5].p99_is_supported);
	curves_cleanup(&curves);
}

/* The round in the middle says how long one alone takes. */
static void the_knee_is_of_the_middle_round(void **state)
{
	(void)state;
	plan.rounds = 5;
	spread[0] = 0.5;
	spread[1] = 0.4;
	spread[3] = -0.4;
	spread[4] = -0.5;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, (const uint64_t[]){1, 8, 12}, 3, 0), 0);
	curves_finish(&curves);
	assert_int_equal(report->curves[0].knee_state, KNEE_REACHED); /* 12 are 1.5 times 8 */
	assert_near(report->curves[0].knee, 8, 1e-4);
	curves_cleanup(&curves);
}

/* Above Little's bound, and nothing is said of more than one a connection; or at the bound, and it is. */
static void the_wider_bound_needs_both(void **state)
{
	(void)state;
	workers[0] = 16;
	workers[1] = 8;
	start(0, 2);
	assert_int_equal(curves_measure(&curves, NULL, 0, 64), 0);
	curves_finish(&curves);
	for (unsigned i = 0; i < 2; i++) {
		assert_near(report->curves[i].little, 400, 1e-9);
		assert_near(report->curves[i].little_threads, 8, 0);
	}
	curves_cleanup(&curves);
}

static void one_thread_and_less_than_a_millisecond_have_bounds_too(void **state)
{
	(void)state;
	wait_ms = 0.5;
	workers[0] = report->arms[0].threads = 1;
	start(0, 1);
	assert_int_equal(curves_measure(&curves, (const uint64_t[]){1, 2}, 2, 0), 0);
	curves_finish(&curves);
	assert_near(report->curves[0].little, 2000, 1e-6);
	assert_near(report->curves[0].knee, 1, 1e-6);
	curves_cleanup(&curves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_bounds_are_those_of_the_service),
	    TEST(a_knee_that_was_not_reached_has_no_place),
	    TEST(a_rate_above_littles_bound_takes_the_wider_one),
	    TEST(without_the_time_in_the_database_there_is_no_bound_of_littles),
	    TEST(without_known_threads_there_is_no_bound_of_littles),
	    TEST(the_order_of_measuring_does_not_change_the_fit),
	    TEST(the_knee_is_of_the_middle_round),
	    TEST(the_wider_bound_needs_both),
	    TEST(one_thread_and_less_than_a_millisecond_have_bounds_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
