/* What a loop does counts, and what it waits does not. The time is the machine's: what is asserted holds on a slow one. */
#include "loop/turns.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WORK_MS = 30, WAIT_MS = 200 };

static uv_loop_t loop;
static struct turns turns;
static uint64_t longest_ns, all_ns;
static unsigned count;

static void note(void *data, uint64_t ns)
{
	assert_ptr_equal(data, &loop);
	longest_ns = ns > longest_ns ? ns : longest_ns;
	all_ns += ns;
	count++;
}

static void work(uv_timer_t *timer)
{
	uint64_t until_ns = clock_now_ns() + WORK_MS * NS_PER_MS;

	(void)timer;
	while (clock_now_ns() < until_ns)
		;
}

static void do_nothing(uv_timer_t *timer)
{
	(void)timer;
}

/* Runs the loop until the timer is over. */
static void run_timer(uv_timer_cb callback, unsigned after_ms)
{
	uv_timer_t timer;

	uv_timer_init(&loop, &timer);
	uv_update_time(&loop);
	uv_timer_start(&timer, callback, after_ms, 0);
	while (uv_is_active((uv_handle_t *)&timer))
		uv_run(&loop, UV_RUN_ONCE);
	uv_run(&loop, UV_RUN_NOWAIT); /* its turn ends with the next one */
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

static int set_up(void **state)
{
	(void)state;
	longest_ns = all_ns = count = 0;
	uv_loop_init(&loop);
	turns_begin(&turns, &loop, note, &loop);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	turns_end(&turns);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

static void what_a_turn_does_counts(void **state)
{
	(void)state;
	run_timer(work, 1);
	assert_true(longest_ns >= WORK_MS * NS_PER_MS);
	assert_true(count >= 2);
}

static void what_it_waits_does_not(void **state)
{
	uint64_t began_ns = clock_now_ns(), took_ns;

	(void)state;
	run_timer(do_nothing, WAIT_MS);
	took_ns = clock_now_ns() - began_ns;
	/* the loop's clock has milliseconds */
	assert_true(took_ns >= (WAIT_MS - 1) * NS_PER_MS);
	assert_true(all_ns + (WAIT_MS - 10) * NS_PER_MS <= took_ns);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_a_turn_does_counts),
	    TEST(what_it_waits_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
