/* Pages that are waited for by a thread or started on a loop; the fetcher is the test's. */
#include "server/run/fetch_awaitable.h"

#include "fetch/fetcher.h"
#include "fetch/task.h"
#include "lib/awaiting.h"

#include <stdlib.h>

enum { PAGES = 3 };

static const char *const urls[PAGES] = {"http://a.test/1", "http://a.test/2", "http://b.test/"};
static const struct fetch_order order = {.urls = urls, .count = PAGES, .concurrency = 1};
static struct fetcher *no_fetcher;

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

static void begin(void)
{
	awaiting_begin(LONG_MS);
	submissions = ends = published = 0;
}

static void start(void)
{
	await_pages(&x, &order, awaiting_end);
	awaiting_start();
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
	awaiting_open();
	runner.resources.fetcher = &no_fetcher;
	settings.await_pages = &fetch_awaitable;
	is_full = false;
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
	awaiting_close();
	fetch_inbox_destroy(runner.resources.fetches);
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
	awaiting_run_until_done();
	assert_int_equal(exchange_pages_left(&x), 2);
	assert_pages(0, 1);
	assert_string_equal(x.work_name, "fetch");
	assert_int_equal(x.queue_ns, 0);
	assert_true(x.work_ns > 0);
	start();
	publish(2);
	awaiting_run_until_done();
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
	awaiting_run_until_done();
	publish(2);
	start();
	awaiting_run_until_done();
	assert_pages(1, 2); /* a page that was not taken is gone with the wait after it */
}

static void a_thread_waits_for_the_same(void **state)
{
	(void)state;
	start();
	publish(1);
	awaiting_run_until_done();
	publish(2);
	await_pages(&x, &order, awaiting_end);
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
	awaiting_run_until_done();
	assert_int_equal(exchange_await_error(&x), ERROR_BUSY);
	assert_string_equal(x.awaited.why, "as many requests as fetch_requests allows are fetching pages already");
	await_pages(&x, &order, awaiting_end);
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
	awaiting_run_until_done();
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
