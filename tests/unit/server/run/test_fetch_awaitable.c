/* Pages that are waited for by a thread or started on a loop; the fetcher is the test's. */
#include "server/run/fetch_awaitable.h"

#include "base/clock.h"
#include "fetch/fetcher.h"
#include "fetch/task.h"
#include "exchange/exchange.h"
#include "server/run/resources.h"
#include "server/run/runner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PAGES = 3 };

static const char *const urls[PAGES] = {"http://a.test/1", "http://a.test/2", "http://b.test/"};
static const struct fetch_order order = {.urls = urls, .count = PAGES, .concurrency = 1};
static uv_loop_t loop;
static struct exchange_settings settings;
static struct fetcher *no_fetcher;
static struct runner runner;
static struct exchange x;
static unsigned done_count;
static bool is_inside_start;

/* The fetcher */

static struct task *submitted;
static unsigned submissions, ends, published;
static bool is_full;

bool fetcher_submit(struct fetcher *fetcher, struct task *task)
{
	assert_null(fetcher);
	submissions++;
	submitted = task;
	return !is_full;
}

void fetcher_end(struct fetcher *fetcher, struct task *task)
{
	assert_null(fetcher);
	assert_ptr_equal(task, submitted);
	ends++;
	task_destroy(task);
}

static void publish(unsigned count)
{
	while (count-- > 0)
		task_publish(submitted, &submitted->pages[published++]);
}

/* The exchange */

static enum step end(struct exchange *exchange)
{
	return respond_empty(exchange, 204);
}

static void on_done(struct awaitable *awaitable)
{
	assert_ptr_equal(awaitable, &x.awaited);
	assert_false(is_inside_start);
	done_count++;
}

static void begin(void)
{
	exchange_begin(&x, &settings, clock_now_ns());
	x.deadline_ns = x.arrived_ns + 600 * NS_PER_S;
	x.runner = &runner;
	x.awaited.done = on_done;
	submissions = ends = published = done_count = 0;
}

static void start(void)
{
	await_pages(&x, &order, end);
	done_count = 0;
	is_inside_start = true;
	x.awaited.class->start(&x.awaited, &runner.resources);
	is_inside_start = false;
}

static void run_until_done(void)
{
	while (done_count == 0)
		uv_run(&loop, UV_RUN_ONCE);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(done_count, 1);
}

static void assert_pages(unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct fetch_page *page = exchange_next_page(&x);

		assert_non_null(page);
		assert_string_equal(page->url, urls[first + i]);
	}
	assert_null(exchange_next_page(&x));
}

static int set_up(void **state)
{
	(void)state;
	memset(&runner, 0, sizeof(runner));
	memset(&settings, 0, sizeof(settings));
	memset(&x, 0, offsetof(struct exchange, inline_bytes));
	runner.resources.fetcher = &no_fetcher;
	settings.await_pages = &fetch_awaitable;
	is_full = false;
	assert_int_equal(uv_loop_init(&loop), 0);
	runner.resources.fetches = fetch_inbox_create(&loop);
	begin();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fetch_awaitable_end(&x, &runner.resources);
	exchange_recycle(&x);
	exchange_cleanup(&x);
	fetch_inbox_close(runner.resources.fetches);
	uv_run(&loop, UV_RUN_DEFAULT);
	fetch_inbox_destroy(runner.resources.fetches);
	assert_int_equal(uv_loop_close(&loop), 0);
	return 0;
}

/* Each wait ends with what has come since the last, in one order that is handed over once. */
static void pages_come_as_they_are_over(void **state)
{
	(void)state;
	start();
	assert_int_equal(submitted->deadline_ns, x.deadline_ns);
	assert_ptr_equal(submitted->is_abandoned, &x.is_abandoned);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(done_count, 0);
	publish(1);
	run_until_done();
	assert_int_equal(exchange_pages_left(&x), 2);
	assert_pages(0, 1);
	assert_string_equal(x.work_name, "fetch");
	assert_int_equal(x.queue_ns, 0);
	assert_true(x.work_ns > 0);
	start();
	publish(2);
	run_until_done();
	assert_int_equal(exchange_pages_left(&x), 0);
	assert_pages(1, 2);
	assert_int_equal(submissions, 1);
	assert_int_equal(exchange_await_error(&x), ERROR_NONE);
}

static void what_has_come_before_is_not_handed_out_inside_start(void **state)
{
	(void)state;
	start();
	publish(1);
	run_until_done();
	publish(2);
	start();
	run_until_done();
	assert_pages(1, 2); /* a page that was not taken is gone with the wait after it */
}

static void a_thread_waits_for_the_same(void **state)
{
	(void)state;
	start();
	publish(1);
	run_until_done();
	publish(2);
	await_pages(&x, &order, end);
	x.awaited.class->wait(&x.awaited, &runner.resources);
	assert_int_equal(exchange_pages_left(&x), 0);
	assert_pages(1, 2);
	assert_int_equal(submissions, 1);
}

static void where_too_many_fetch_already_it_is_busy(void **state)
{
	(void)state;
	is_full = true;
	start();
	run_until_done();
	assert_int_equal(exchange_await_error(&x), ERROR_BUSY);
	assert_string_equal(x.awaited.why, "as many requests as fetch_requests allows are fetching pages already");
	await_pages(&x, &order, end);
	x.awaited.class->wait(&x.awaited, &runner.resources);
	assert_int_equal(exchange_await_error(&x), ERROR_BUSY);
	assert_null(exchange_next_page(&x));
	assert_int_equal(x.work_ns, 0);
	fetch_awaitable_end(&x, &runner.resources);
	assert_int_equal(ends, 0);
}

static void its_task_ends_once(void **state)
{
	(void)state;
	start();
	publish(1);
	run_until_done();
	fetch_awaitable_end(&x, &runner.resources);
	fetch_awaitable_end(&x, &runner.resources);
	assert_int_equal(ends, 1);
	assert_null(x.fetch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(pages_come_as_they_are_over), TEST(what_has_come_before_is_not_handed_out_inside_start),
	    TEST(a_thread_waits_for_the_same), TEST(where_too_many_fetch_already_it_is_busy),
	    TEST(its_task_ends_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
