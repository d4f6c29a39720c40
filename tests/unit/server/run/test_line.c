/* The line of exchanges, on a clock that the test sets. */
#include "server/run/line.h"

#include "base/clock.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 40 };

static struct options options;
static struct exchange_settings settings;
static struct route quick_route = {.index = 0}, slow_route = {.index = 1};
static struct line line;
static struct exchange *exchanges[COUNT];
static const char *why[COUNT];
static enum error errors[COUNT];

static void note_failure(struct awaitable *awaitable, enum error error, const char *said)
{
	for (unsigned i = 0; i < COUNT; i++)
		if (exchange_of(awaitable) == exchanges[i]) {
			errors[i] = error;
			why[i] = said;
		}
}

static const struct awaitable_class some_class = {NULL, NULL, note_failure}, delays = {NULL, NULL, note_failure};

static int set_up(void **state)
{
	(void)state;
	memset(&settings, 0, sizeof(settings));
	options.queue_limit = 1000;
	options.request_timeout_ms = 5000;
	settings.await_timer = &delays;
	line_init(&line, &options);
	for (unsigned i = 0; i < COUNT; i++) {
		exchanges[i] = memory_alloc_zeroed(1, sizeof(*exchanges[i]));
		exchanges[i]->settings = &settings;
		exchanges[i]->awaited.class = &some_class;
		exchanges[i]->awaited.deadline_ns = 6 * NS_PER_S;
		list_init(&exchanges[i]->link);
		errors[i] = ERROR_NONE;
		why[i] = "";
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	line_cleanup(&line);
	for (unsigned i = 0; i < COUNT; i++)
		free(exchanges[i]);
	return 0;
}

static bool put(unsigned i, const struct route *route, uint64_t now_ms)
{
	exchanges[i]->request.match.route = route;
	return line_put(&line, exchanges[i], 1, now_ms * NS_PER_MS);
}

static struct exchange *take(uint64_t now_ms, bool *is_refused)
{
	return line_take(&line, 1, now_ms * NS_PER_MS, is_refused);
}

static void the_first_in_is_the_first_out(void **state)
{
	bool is_refused;

	(void)state;
	assert_null(take(1000, &is_refused));
	for (unsigned i = 0; i < 3; i++)
		assert_true(put(i, &quick_route, 1000));
	for (unsigned i = 0; i < 3; i++) {
		assert_ptr_equal(take(1000, &is_refused), exchanges[i]);
		assert_false(is_refused);
	}
	assert_null(take(1000, &is_refused));
	assert_int_equal(line.congestion.count, 0);
}

static void what_is_put_back_is_first(void **state)
{
	bool is_refused;

	(void)state;
	put(0, &quick_route, 1000);
	put(1, &quick_route, 1000);
	take(1000, &is_refused);
	line_put_back(&line, exchanges[0], 1000 * NS_PER_MS);
	assert_int_equal(line.congestion.count, 2);
	assert_ptr_equal(take(1000, &is_refused), exchanges[0]);
}

static void a_line_is_bounded_in_number(void **state)
{
	(void)state;
	options.queue_limit = 2;
	assert_true(put(0, &quick_route, 1000));
	assert_true(put(1, &quick_route, 1000));
	assert_false(put(2, &quick_route, 1000));
	assert_int_equal(errors[2], ERROR_BUSY);
	assert_string_equal(why[2], refusal_words(REFUSAL_FULL));
	assert_int_equal(exchanges[2]->retry_s, 1);
}

static void a_line_is_bounded_in_time(void **state)
{
	(void)state;
	line_learn(&line, 1, NS_PER_S);
	for (unsigned i = 0; i < 4; i++)
		assert_true(put(i, &slow_route, 1000));
	assert_false(put(4, &quick_route, 1200));
	assert_int_equal(errors[4], ERROR_BUSY);
	assert_string_equal(why[4], refusal_words(REFUSAL_WAIT));
	assert_int_equal(exchanges[4]->retry_s, 5);
}

/* A closed loop of slow requests whose author gives them a minute is no overload. */
static void more_time_of_its_own_keeps_a_longer_line(void **state)
{
	const struct route patient_route = {.name = "patient", .index = 1, .timeout_ms = 60000};

	(void)state;
	line_learn(&line, 1, NS_PER_S);
	for (unsigned i = 0; i < 4; i++) {
		exchanges[i]->awaited.deadline_ns = 61 * NS_PER_S;
		assert_true(put(i, &patient_route, 1000));
	}
	exchanges[4]->awaited.deadline_ns = 61 * NS_PER_S;
	assert_true(put(4, &patient_route, 1200));
}

static void what_was_learnt_is_of_its_route(void **state)
{
	(void)state;
	line_learn(&line, 0, NS_PER_MS);
	line_learn(&line, 1, NS_PER_S);
	line_learn(&line, LINE_NO_ROUTE, 9 * NS_PER_S);
	for (unsigned i = 0; i < 30; i++)
		assert_true(put(i, &quick_route, 1000));
	assert_int_equal(line.congestion.expected_ns, 30 * (NS_PER_MS + 1));
	assert_true(put(30, &slow_route, 1200));
}

static void a_stream_that_has_begun_goes_on(void **state)
{
	bool is_refused;

	(void)state;
	options.queue_limit = 1;
	line_learn(&line, 1, 9 * NS_PER_S);
	put(0, &slow_route, 1000);
	exchanges[1]->response.part_count = 1;
	assert_true(put(1, &slow_route, 1200));
	take(5900, &is_refused);
	assert_true(is_refused);
	assert_ptr_equal(take(5900, &is_refused), exchanges[1]);
	assert_false(is_refused);
}

static void at_its_turn_too_little_time_is_left(void **state)
{
	bool is_refused = false;

	(void)state;
	line_learn(&line, 1, NS_PER_S);
	put(0, &slow_route, 1000);
	assert_ptr_equal(take(5600, &is_refused), exchanges[0]);
	assert_true(is_refused);
	assert_int_equal(errors[0], ERROR_BUSY);
	assert_string_equal(why[0], refusal_words(REFUSAL_TIME));
	put(1, &slow_route, 1000);
	take(5400, &is_refused);
	assert_false(is_refused);
}

/* It counts from when it was asked for. */
static void delays_make_nobody_wait(void **state)
{
	(void)state;
	line_learn(&line, 1, 4 * NS_PER_S);
	for (unsigned i = 0; i < 30; i++) {
		exchanges[i]->awaited.class = &delays;
		assert_true(put(i, &slow_route, 1000 + 250 * i));
	}
	assert_int_equal(line.congestion.expected_ns, 0);
}

static void what_is_over_leaves_the_line(void **state)
{
	struct list expired;

	(void)state;
	exchanges[0]->awaited.deadline_ns = 2 * NS_PER_S;
	put(0, &quick_route, 1000);
	put(1, &quick_route, 1000);
	line_expire(&line, &expired, 2 * NS_PER_S - 1);
	assert_true(list_is_empty(&expired));
	line_expire(&line, &expired, 2 * NS_PER_S);
	assert_ptr_equal(expired.next, &exchanges[0]->link);
	assert_ptr_equal(expired.previous, &exchanges[0]->link);
	assert_int_equal(line.congestion.count, 1);
	line_fail_expired(exchanges[0]);
	assert_int_equal(errors[0], ERROR_DEADLINE);
	assert_string_equal(why[0], "its turn did not come before the deadline");
}

static void what_waits_for_a_client_that_has_left_leaves_the_line(void **state)
{
	bool is_refused;

	(void)state;
	put(0, &quick_route, 1000);
	put(1, &quick_route, 1000);
	assert_false(line_note_departure(&line, exchanges[2]));
	assert_true(line_note_departure(&line, exchanges[0]));
	assert_false(line_note_departure(&line, exchanges[0]));
	line_fail_departed(exchanges[0]);
	assert_int_equal(errors[0], ERROR_BUSY);
	assert_string_equal(why[0], db_client_left);
	assert_int_equal(line.congestion.count, 1);
	assert_ptr_equal(take(1000, &is_refused), exchanges[1]);
	assert_false(line_note_departure(&line, exchanges[1]));
}

static void what_comes_for_a_client_that_has_left_is_not_let_in(void **state)
{
	(void)state;
	exchanges[0]->is_abandoned = true;
	assert_false(put(0, &quick_route, 1000));
	assert_string_equal(why[0], db_client_left);
	assert_int_equal(line.congestion.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_first_in_is_the_first_out),
	    TEST(what_is_put_back_is_first),
	    TEST(a_line_is_bounded_in_number),
	    TEST(a_line_is_bounded_in_time),
	    TEST(more_time_of_its_own_keeps_a_longer_line),
	    TEST(what_was_learnt_is_of_its_route),
	    TEST(a_stream_that_has_begun_goes_on),
	    TEST(at_its_turn_too_little_time_is_left),
	    TEST(delays_make_nobody_wait),
	    TEST(what_is_over_leaves_the_line),
	    TEST(what_waits_for_a_client_that_has_left_leaves_the_line),
	    TEST(what_comes_for_a_client_that_has_left_is_not_let_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
