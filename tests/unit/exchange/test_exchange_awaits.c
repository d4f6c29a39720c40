/* What an exchange asks for beside the database, and what comes of it: a timer, a computation, pages of other hosts. */
#include "exchange/exchange.h"

#include "base/clock.h"
#include "lib/fake_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct awaitable_class timer_class, compute_class, pages_class, file_class;
static struct exchange_settings settings = {
    .request_timeout_ms = 700,
    .await_timer = &timer_class,
    .await_compute = &compute_class,
    .await_pages = &pages_class,
    .await_file = &file_class,
};
static struct exchange x;

static int set_up(void **state)
{
	(void)state;
	exchange_begin(&x, &settings, clock_now_ns());
	x.deadline_ns = 99;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exchange_recycle(&x);
	exchange_cleanup(&x);
	return 0;
}

static enum step end(struct exchange *ended)
{
	return respond_empty(ended, 204);
}

static void assert_awaits(const struct awaitable_class *class, uint64_t since_ns)
{
	assert_ptr_equal(x.awaited.class, class);
	assert_ptr_equal(x.next, end);
	assert_in_range(x.awaited.submitted_ns, since_ns, clock_now_ns());
	assert_int_equal(exchange_await_error(&x), ERROR_NONE);
	expect_assert_failure(exchange_db_error(&x));
}

static void a_timer_ends_so_long_after_it_was_asked_for(void **state)
{
	uint64_t now_ns = clock_now_ns();

	(void)state;
	x.awaited.error = ERROR_BUSY;
	assert_int_equal(await_timer(&x, 30, end), STEP_AWAIT);
	assert_awaits(&timer_class, now_ns);
	assert_int_equal(x.awaited.deadline_ns, 99);
	assert_int_equal(x.wake_ns, x.awaited.submitted_ns + 30 * NS_PER_MS);
}

static void a_computation_knows_its_deadline_and_its_client(void **state)
{
	struct computation computation = {.parts = 1}, nothing = {.parts = 0};
	uint64_t now_ns = clock_now_ns();

	(void)state;
	assert_int_equal(await_compute(&x, &computation, end), STEP_AWAIT);
	assert_awaits(&compute_class, now_ns);
	assert_ptr_equal(x.computation, &computation);
	assert_int_equal(computation.deadline_ns, 99);
	assert_false(computation_is_over(
	    &(struct computation){.deadline_ns = UINT64_MAX, .is_abandoned = computation.is_abandoned}));
	x.is_abandoned = true;
	assert_true(computation_is_over(
	    &(struct computation){.deadline_ns = UINT64_MAX, .is_abandoned = computation.is_abandoned}));
	expect_assert_failure(await_compute(&x, &nothing, end));
}

static void pages_are_asked_for_by_their_order(void **state)
{
	static const struct fetch_order *const order = (const void *)&order;
	uint64_t now_ns = clock_now_ns();

	(void)state;
	assert_int_equal(await_pages(&x, order, end), STEP_AWAIT);
	assert_awaits(&pages_class, now_ns);
	assert_ptr_equal(x.fetch_order, order);
	assert_int_equal(x.awaited.deadline_ns, 99);
}

static void pages_are_taken_in_the_order_they_came_in(void **state)
{
	struct fetch_page pages[2];

	(void)state;
	assert_null(exchange_next_page(&x));
	x.pages_left = 3;
	assert_int_equal(exchange_pages_left(&x), 3);
	list_append(&x.pages, &pages[0].link);
	list_append(&x.pages, &pages[1].link);
	assert_ptr_equal(exchange_next_page(&x), &pages[0]);
	assert_ptr_equal(exchange_next_page(&x), &pages[1]);
	assert_null(exchange_next_page(&x));
}

static void a_file_is_asked_for_by_its_order(void **state)
{
	struct file_order order;
	uint64_t now_ns = clock_now_ns();

	(void)state;
	file_order_init(&order, NULL, &x.arena, "a.txt");
	assert_int_equal(await_file(&x, &order, end), STEP_AWAIT);
	assert_awaits(&file_class, now_ns);
	assert_ptr_equal(x.file, &order);
	assert_int_equal(x.awaited.deadline_ns, 99);
	/* the next part has a time of its own */
	respond_part_of(&x, 200, "text/plain", 5, TEXT("abc"), end);
	await_file(&x, &order, end);
	assert_in_range(x.awaited.deadline_ns, now_ns + 700 * NS_PER_MS, clock_now_ns() + 700 * NS_PER_MS);
	exchange_recycle(&x);
	exchange_begin(&x, &settings, now_ns);
	assert_null(x.file);
}

/* A stream may go on for hours; what each of its parts waits for has the time of a request, or of its route. */
static void each_later_part_has_a_deadline_of_its_own(void **state)
{
	static const struct route hasty = {.timeout_ms = 50}, usual = {.timeout_ms = 0};
	const struct fetch_order *order = NULL;
	struct computation computation = {.parts = 1};
	uint64_t now_ns = clock_now_ns();

	(void)state;
	respond_part(&x, 200, "application/json", TEXT("["), end);
	await_pages(&x, order, end);
	assert_in_range(x.awaited.deadline_ns, now_ns + 700 * NS_PER_MS, clock_now_ns() + 700 * NS_PER_MS);
	x.request.match.route = &usual;
	await_compute(&x, &computation, end);
	assert_in_range(x.awaited.deadline_ns, now_ns + 700 * NS_PER_MS, clock_now_ns() + 700 * NS_PER_MS);
	assert_int_equal(computation.deadline_ns, x.awaited.deadline_ns);
	x.request.match.route = &hasty;
	await_pages(&x, order, end);
	assert_in_range(x.awaited.deadline_ns, now_ns + 50 * NS_PER_MS, clock_now_ns() + 50 * NS_PER_MS);
}

static void the_time_of_work_adds_up_over_the_steps(void **state)
{
	(void)state;
	x.db_ns = 7;
	x.awaited.submitted_ns = 100;
	exchange_note_work(&x, "timer", 150, 400);
	x.awaited.submitted_ns = 500;
	exchange_note_work(&x, "compute", 510, 540);
	assert_int_equal(x.queue_ns, 60);
	assert_int_equal(x.work_ns, 280);
	assert_string_equal(x.work_name, "compute");
	assert_int_equal(exchange_busy_ns(&x), 287);
}

static void what_never_began_has_only_queued_and_says_why(void **state)
{
	(void)state;
	await_timer(&x, 30, end);
	x.awaited.submitted_ns -= 5 * NS_PER_MS;
	exchange_fail_work(&x, "fetch", ERROR_DEADLINE, "it was \"too\" late");
	assert_int_equal(exchange_await_error(&x), ERROR_DEADLINE);
	assert_int_equal(x.work_ns, 0);
	assert_string_equal(x.work_name, "fetch");
	assert_true(x.queue_ns >= 5 * NS_PER_MS);
	assert_int_equal(respond_await_problem(&x), STEP_RESPOND);
	assert_int_equal(x.response.status, 504);
	assert_string_equal(arena_printf(&x.arena, "%.*s", TEXT_ARGS(x.response.body)),
			    "{\"type\":\"urn:meantime:problem:deadline\",\"title\":\"deadline passed\",\"status\":504,"
			    "\"detail\":\"it was \\\"too\\\" late\"}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_timer_ends_so_long_after_it_was_asked_for),
	    TEST(a_computation_knows_its_deadline_and_its_client),
	    TEST(pages_are_asked_for_by_their_order),
	    TEST(pages_are_taken_in_the_order_they_came_in),
	    TEST(a_file_is_asked_for_by_its_order),
	    TEST(each_later_part_has_a_deadline_of_its_own),
	    TEST(the_time_of_work_adds_up_over_the_steps),
	    TEST(what_never_began_has_only_queued_and_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
