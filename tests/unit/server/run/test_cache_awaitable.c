/* Another request's query, waited for by a thread or on a loop; the test leads. */
#include "server/run/cache_awaitable.h"

#include "base/clock.h"
#include "cache/response_cache.h"
#include "exchange/exchange.h"
#include "server/run/resources.h"
#include "server/run/runner.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 600 * 1000, SHORT_MS = 20 };

static uv_loop_t loop;
static struct exchange_settings settings;
static struct runner runner;
static struct exchange x;
static struct cache_ticket ticket, leader;
static unsigned done_count;
static bool is_inside_start;

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

static void never_ready(struct cache_ticket *unused)
{
	(void)unused;
	fail();
}

/* The leader */

static void lead(void)
{
	leader = (struct cache_ticket){.key = TEXT("key"), .fresh_ns = NS_PER_S, .stale_ns = NS_PER_S};
	assert_int_equal(response_cache_enter(settings.cache, &leader, never_ready, clock_now_ns()), CACHE_LEADS);
}

static void finish(enum cache_outcome outcome)
{
	struct cache_answer *answer = outcome != CACHE_FAILED ? cache_answer_create(1) : NULL;

	response_cache_finish(settings.cache, &leader, outcome, answer, clock_now_ns());
	if (answer != NULL)
		cache_answer_release(answer);
}

static void *finish_later(void *outcome)
{
	usleep(SHORT_MS * 1000);
	finish(*(enum cache_outcome *)outcome);
	return NULL;
}

/* The exchange */

static void begin(uint64_t deadline_ms)
{
	exchange_begin(&x, &settings, clock_now_ns());
	x.deadline_ns = x.arrived_ns + deadline_ms * NS_PER_MS;
	x.runner = &runner;
	ticket = (struct cache_ticket){.key = TEXT("key"), .fresh_ns = NS_PER_S, .stale_ns = NS_PER_S};
	await_kept(&x, &ticket, end);
	x.awaited.done = on_done;
	done_count = 0;
}

static void start(void)
{
	is_inside_start = true;
	x.awaited.class->start(&x.awaited, &runner.resources);
	is_inside_start = false;
}

static void run_until_done(void)
{
	uint64_t latest_ns = clock_now_ns() + 60 * NS_PER_S;

	while (done_count == 0 && clock_now_ns() < latest_ns) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(200);
	}
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(done_count, 1);
}

static void both_ways(bool is_on_loop)
{
	if (!is_on_loop) {
		x.awaited.class->wait(&x.awaited, &runner.resources);
		return;
	}
	start();
	run_until_done();
}

static void over(enum cache_turn turn)
{
	assert_int_equal(ticket.turn, turn);
	assert_string_equal(x.work_name, "cache");
	if (turn == CACHE_LEADS)
		response_cache_finish(settings.cache, &ticket, CACHE_FAILED, NULL, clock_now_ns());
	if (turn == CACHE_HIT)
		cache_answer_release(ticket.answer);
	response_cache_forget_all(settings.cache);
	exchange_recycle(&x);
}

static int set_up(void **state)
{
	(void)state;
	memset(&runner, 0, sizeof(runner));
	memset(&settings, 0, sizeof(settings));
	memset(&x, 0, offsetof(struct exchange, inline_bytes));
	settings.cache = response_cache_create(100000);
	settings.await_kept = &cache_awaitable;
	assert_int_equal(uv_loop_init(&loop), 0);
	runner.resources.cache_inbox = cache_inbox_create(&loop);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exchange_cleanup(&x);
	cache_inbox_close(runner.resources.cache_inbox);
	uv_run(&loop, UV_RUN_DEFAULT);
	cache_inbox_destroy(runner.resources.cache_inbox);
	assert_int_equal(uv_loop_close(&loop), 0);
	response_cache_destroy(settings.cache);
	return 0;
}

static void the_first_one_leads_at_once(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		begin(LONG_MS);
		both_ways(way);
		assert_int_equal(exchange_await_error(&x), ERROR_NONE);
		assert_false(x.has_worked);
		over(CACHE_LEADS);
	}
}

static void what_came_meanwhile_is_taken_at_once(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		begin(LONG_MS);
		lead();
		finish(CACHE_KEEP);
		both_ways(way);
		over(CACHE_HIT);
	}
}

static void the_leaders_answer_ends_the_wait(void **state)
{
	static enum cache_outcome outcomes[] = {CACHE_KEEP, CACHE_SHARE_ONLY, CACHE_FAILED};

	(void)state;
	for (int way = 0; way < 2; way++)
		for (unsigned i = 0; i < ARRAY_LENGTH(outcomes); i++) {
			pthread_t thread;

			begin(LONG_MS);
			lead();
			assert_int_equal(pthread_create(&thread, NULL, finish_later, &outcomes[i]), 0);
			both_ways(way);
			pthread_join(thread, NULL);
			assert_int_equal(exchange_await_error(&x), ERROR_NONE);
			assert_true(x.has_worked);
			over(outcomes[i] == CACHE_FAILED ? CACHE_LEADS : CACHE_HIT);
		}
}

static void the_deadline_is_its_own(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		begin(SHORT_MS);
		lead();
		both_ways(way);
		assert_int_equal(exchange_await_error(&x), ERROR_DEADLINE);
		assert_string_equal(x.awaited.why, "another request's query, which this one waited for, did not end "
						   "before the deadline");
		finish(CACHE_KEEP);
		over(CACHE_NOTHING);
	}
}

static void a_client_that_leaves_ends_its_wait(void **state)
{
	(void)state;
	begin(LONG_MS);
	lead();
	start();
	assert_true(cache_awaitable_note_departure(runner.resources.cache_inbox, &x));
	assert_int_equal(done_count, 1);
	assert_false(cache_awaitable_note_departure(runner.resources.cache_inbox, &x));
	assert_int_equal(done_count, 1);
	finish(CACHE_KEEP);
	over(CACHE_NOTHING);
}

/* No thread became free in time. */
static void it_may_fail_before_it_is_started(void **state)
{
	(void)state;
	begin(LONG_MS);
	(x.awaited.class->fail)(&x.awaited, ERROR_BUSY, "no worker");
	assert_int_equal(exchange_await_error(&x), ERROR_BUSY);
	over(CACHE_NOTHING);
}

static void one_that_leads_may_give_up(void **state)
{
	struct cache_ticket next = {.key = TEXT("key")};

	(void)state;
	begin(LONG_MS);
	both_ways(false);
	assert_int_equal(ticket.turn, CACHE_LEADS);
	cache_awaitable_give_up(&x);
	assert_int_equal(ticket.turn, CACHE_NOTHING);
	cache_awaitable_give_up(&x);
	assert_int_equal(response_cache_enter(settings.cache, &next, never_ready, clock_now_ns()), CACHE_LEADS);
	response_cache_finish(settings.cache, &next, CACHE_FAILED, NULL, clock_now_ns());
	x.cache_ticket = NULL;
	cache_awaitable_give_up(&x);
	over(CACHE_NOTHING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(the_first_one_leads_at_once),        TEST(what_came_meanwhile_is_taken_at_once),
	    TEST(the_leaders_answer_ends_the_wait),   TEST(the_deadline_is_its_own),
	    TEST(a_client_that_leaves_ends_its_wait), TEST(it_may_fail_before_it_is_started),
	    TEST(one_that_leads_may_give_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
