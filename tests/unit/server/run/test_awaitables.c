/* Timers and computations, waited for by a thread and started on a loop: each ends once, well or badly, by its deadline. */
#include "server/run/compute_awaitable.h"

#include "files/folder.h"
#include "loop/compute_pool.h"
#include "loop/waiter.h"
#include "lib/awaiting.h"

#include <pthread.h>

static struct compute_pool *pool;

/* The part of a computation: holds its thread while the test wants that. */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_held, has_begun;
static atomic_uint parts_run;

static void run_part(struct computation *computation, unsigned part)
{
	(void)computation;
	(void)part;
	atomic_fetch_add(&parts_run, 1);
}

static void hold(struct computation *computation, unsigned part)
{
	(void)computation;
	(void)part;
	pthread_mutex_lock(&lock);
	has_begun = true;
	pthread_cond_broadcast(&changed);
	while (is_held)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

/* Runs until its deadline, as a part that asks does. */
static void run_to_the_end(struct computation *computation, unsigned part)
{
	(void)part;
	while (!computation_is_over(computation))
		;
}

static void ignore_end(struct computation *computation)
{
	(void)computation;
}

static atomic_bool is_never_abandoned;

static struct computation holding;

/* Takes the pool's only thread. */
static void hold_the_thread(void)
{
	holding = (struct computation){
	    .parts = 1,
	    .run = hold,
	    .deadline_ns = UINT64_MAX,
	    .is_abandoned = &is_never_abandoned,
	    .over = ignore_end,
	};
	is_held = true;
	has_begun = false;
	assert_true(compute_pool_submit(pool, &holding, false));
	pthread_mutex_lock(&lock);
	while (!has_begun)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void let_the_thread_go(void)
{
	pthread_mutex_lock(&lock);
	is_held = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void start_and_run(void)
{
	awaiting_start();
	awaiting_run_until_done();
}

static void (*const ways[])(void) = {awaiting_wait, start_and_run};

static int set_up(void **state)
{
	(void)state;
	awaiting_open();
	settings.await_timer = &timer_awaitable;
	settings.await_compute = &compute_awaitable;
	settings.await_file = &file_awaitable;
	pool = compute_pool_create(1, 1);
	runner.resources.pool = runner.resources.file_pool = pool;
	runner.resources.compute = compute_inbox_create(&loop);
	atomic_store(&parts_run, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exchange_cleanup(&x);
	compute_inbox_close(runner.resources.compute);
	awaiting_close();
	compute_inbox_destroy(runner.resources.compute);
	assert_int_equal(compute_pool_count(pool), 0);
	compute_pool_destroy(pool);
	return 0;
}

/* Timers */

static void a_timer_ends_when_its_time_has_come(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(ways); i++) {
		awaiting_begin(LONG_MS);
		await_timer(&x, SHORT_MS, awaiting_end);
		ways[i]();
		assert_true(clock_now_ns() >= x.wake_ns);
		assert_int_equal(exchange_await_error(&x), ERROR_NONE);
		assert_string_equal(x.work_name, "timer");
		assert_true(x.work_ns > 0);
		exchange_recycle(&x);
	}
}

static void a_timer_beyond_the_deadline_ends_at_the_deadline(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(ways); i++) {
		awaiting_begin(SHORT_MS);
		await_timer(&x, LONG_MS, awaiting_end);
		ways[i]();
		assert_true(clock_now_ns() >= x.deadline_ns);
		assert_true(clock_now_ns() < x.wake_ns);
		assert_int_equal(exchange_await_error(&x), ERROR_DEADLINE);
		assert_string_equal(x.awaited.why, "the deadline came before the time to wait was over");
		exchange_recycle(&x);
	}
}

static void a_timer_that_ends_at_the_deadline_has_ended(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(ways); i++) {
		awaiting_begin(SHORT_MS);
		await_timer(&x, LONG_MS, awaiting_end);
		x.wake_ns = x.awaited.deadline_ns;
		ways[i]();
		assert_int_equal(exchange_await_error(&x), ERROR_NONE);
		exchange_recycle(&x);
	}
}

/* The loop's clock is coarse: a timer of its own may be there early. */
static void a_timer_is_never_early(void **state)
{
	(void)state;
	awaiting_begin(LONG_MS);
	await_timer(&x, SHORT_MS, awaiting_end);
	x.awaited.class->start(&x.awaited, &runner.resources);
	x.wake_ns += SHORT_MS * NS_PER_MS;
	while (done_count == 0)
		uv_run(&loop, UV_RUN_ONCE);
	assert_true(clock_now_ns() >= x.wake_ns);
	assert_int_equal(exchange_await_error(&x), ERROR_NONE);
	uv_run(&loop, UV_RUN_NOWAIT);
}

/* A worker that comes late to it does not begin the time anew. */
static void the_time_of_a_timer_counts_from_when_it_was_asked_for(void **state)
{
	(void)state;
	awaiting_begin(LONG_MS);
	await_timer(&x, SHORT_MS, awaiting_end);
	while (clock_now_ns() < x.wake_ns)
		;
	awaiting_wait();
	assert_true(x.queue_ns >= SHORT_MS * NS_PER_MS);
	assert_int_equal(exchange_await_error(&x), ERROR_NONE);
}

static void a_timer_that_was_never_started_fails_with_the_words_given(void **state)
{
	(void)state;
	awaiting_begin(LONG_MS);
	await_timer(&x, SHORT_MS, awaiting_end);
	(x.awaited.class->fail)(&x.awaited, ERROR_BUSY, "nothing was free");
	assert_int_equal(exchange_await_error(&x), ERROR_BUSY);
	assert_string_equal(x.awaited.why, "nothing was free");
	assert_string_equal(x.work_name, "timer");
	assert_int_equal(x.work_ns, 0);
}

/* Computations */

static void a_computation_ends_when_all_its_parts_have(void **state)
{
	struct computation computation = {.parts = 5, .run = run_part};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(ways); i++) {
		awaiting_begin(LONG_MS);
		await_compute(&x, &computation, awaiting_end);
		ways[i]();
		assert_int_equal(atomic_load(&parts_run), 5 * (i + 1));
		assert_int_equal(exchange_await_error(&x), ERROR_NONE);
		assert_string_equal(x.work_name, "compute");
		assert_true(x.work_ns > 0);
		exchange_recycle(&x);
	}
}

static void a_computation_that_never_begins_ends_at_its_deadline(void **state)
{
	struct computation computation = {.parts = 2, .run = run_part};

	(void)state;
	hold_the_thread();
	for (unsigned i = 0; i < ARRAY_LENGTH(ways); i++) {
		awaiting_begin(SHORT_MS);
		await_compute(&x, &computation, awaiting_end);
		ways[i]();
		assert_true(clock_now_ns() >= x.deadline_ns);
		assert_int_equal(exchange_await_error(&x), ERROR_DEADLINE);
		assert_string_equal(x.awaited.why, "no compute thread became free before the deadline");
		assert_int_equal(compute_pool_count(pool), 1);
		exchange_recycle(&x);
	}
	let_the_thread_go();
	/* behind it a computation has the thread again */
	awaiting_begin(LONG_MS);
	await_compute(&x, &computation, awaiting_end);
	awaiting_wait();
	assert_int_equal(atomic_load(&parts_run), 2);
}

static void a_computation_that_is_too_long_ends_soon_after_its_deadline(void **state)
{
	struct computation computation = {.parts = 1, .run = run_to_the_end};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(ways); i++) {
		awaiting_begin(SHORT_MS);
		await_compute(&x, &computation, awaiting_end);
		ways[i]();
		assert_int_equal(exchange_await_error(&x), ERROR_DEADLINE);
		assert_string_equal(x.awaited.why, "the deadline passed, or the client closed the connection, while it "
						   "was being computed");
		exchange_recycle(&x);
	}
}

static void a_computation_too_many_is_busy_at_once(void **state)
{
	struct computation waiting = {
	    .parts = 1,
	    .run = run_part,
	    .deadline_ns = UINT64_MAX,
	    .is_abandoned = &is_never_abandoned,
	    .over = ignore_end,
	};
	struct computation computation = {.parts = 1, .run = run_part};

	(void)state;
	hold_the_thread();
	assert_true(compute_pool_submit(pool, &waiting, false));
	for (unsigned i = 0; i < ARRAY_LENGTH(ways); i++) {
		awaiting_begin(LONG_MS);
		await_compute(&x, &computation, awaiting_end);
		ways[i]();
		assert_int_equal(exchange_await_error(&x), ERROR_BUSY);
		assert_string_equal(x.awaited.why, "too many computations are waiting for a compute thread");
		exchange_recycle(&x);
	}
	/* it is not withdrawn at its deadline, too */
	awaiting_begin(0);
	await_compute(&x, &computation, awaiting_end);
	x.awaited.class->start(&x.awaited, &runner.resources);
	usleep(20000);
	while (done_count == 0)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(done_count, 1);
	assert_int_equal(exchange_await_error(&x), ERROR_BUSY);
	assert_int_equal(compute_pool_count(pool), 2);
	exchange_recycle(&x);
	/* one that has had the processor before goes on */
	awaiting_begin(LONG_MS);
	x.has_worked = true;
	await_compute(&x, &computation, awaiting_end);
	awaiting_start();
	let_the_thread_go();
	awaiting_run_until_done();
	assert_int_equal(exchange_await_error(&x), ERROR_NONE);
}

/* With nothing under way the loop sleeps. */
static void no_timer_runs_for_nothing(void **state)
{
	struct computation computation = {.parts = 1, .run = run_part};

	(void)state;
	awaiting_begin(LONG_MS);
	await_compute(&x, &computation, awaiting_end);
	start_and_run();
	usleep(20000);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(uv_backend_timeout(&loop), -1);
}

/* Files */

static void a_file_is_read_by_both_ways(void **state)
{
	char why[200];
	struct folder *folder = folder_open(SOURCE_FOLDER, 5, why, sizeof(why));
	struct file_order order;

	(void)state;
	assert_non_null(folder);
	for (unsigned i = 0; i < ARRAY_LENGTH(ways); i++) {
		awaiting_begin(LONG_MS);
		file_order_init(&order, folder, &x.arena, "LICENSE");
		order.reads_at_once = true;
		await_file(&x, &order, awaiting_end);
		ways[i]();
		assert_int_equal(exchange_await_error(&x), ERROR_NONE);
		assert_int_equal(order.outcome, FILE_FOUND);
		assert_int_equal(order.part_bytes, order.facts.bytes);
		assert_string_equal(x.work_name, "file");
		assert_true(x.work_ns > 0);
		exchange_recycle(&x);
	}
	folder_close(folder);
}

static void a_file_that_no_thread_reads_in_time_is_too_late(void **state)
{
	struct file_order order;

	(void)state;
	hold_the_thread();
	awaiting_begin(SHORT_MS);
	file_order_init(&order, NULL, &x.arena, "LICENSE");
	await_file(&x, &order, awaiting_end);
	start_and_run();
	assert_int_equal(exchange_await_error(&x), ERROR_DEADLINE);
	assert_string_equal(x.awaited.why, "no thread that reads files became free before the deadline");
	assert_string_equal(x.work_name, "file");
	exchange_recycle(&x);
	let_the_thread_go();
	while (compute_pool_count(pool) > 0)
		usleep(200);
}

/* The waiter */

static void *wake(void *waiter)
{
	waiter_wake(waiter);
	return NULL;
}

static void a_waiter_is_woken_or_gives_up(void **state)
{
	struct waiter waiter;
	pthread_t thread;

	(void)state;
	waiter_init(&waiter);
	assert_false(waiter_wait(&waiter, clock_now_ns() + NS_PER_MS));
	assert_int_equal(pthread_create(&thread, NULL, wake, &waiter), 0);
	assert_true(waiter_wait(&waiter, WAITER_NO_DEADLINE));
	pthread_join(thread, NULL);
	assert_true(waiter_wait(&waiter, 0)); /* it is over, whatever the time */
	waiter_cleanup(&waiter);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_timer_ends_when_its_time_has_come),
	    TEST(a_timer_beyond_the_deadline_ends_at_the_deadline),
	    TEST(the_time_of_a_timer_counts_from_when_it_was_asked_for),
	    TEST(a_timer_that_ends_at_the_deadline_has_ended),
	    TEST(a_timer_is_never_early),
	    TEST(a_timer_that_was_never_started_fails_with_the_words_given),
	    TEST(a_computation_ends_when_all_its_parts_have),
	    TEST(a_computation_that_never_begins_ends_at_its_deadline),
	    TEST(a_computation_that_is_too_long_ends_soon_after_its_deadline),
	    TEST(a_computation_too_many_is_busy_at_once),
	    TEST(no_timer_runs_for_nothing),
	    TEST(a_file_is_read_by_both_ways),
	    TEST(a_file_that_no_thread_reads_in_time_is_too_late),
	    TEST(a_waiter_is_woken_or_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
