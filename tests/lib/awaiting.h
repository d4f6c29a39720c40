/* awaiting.h - an exchange that awaits something, in a thread that waits or on a loop: for tests of a class of awaitables.
 *
 * Life:    awaiting_open() -> (awaiting_begin() -> await_...() -> awaiting_wait() or awaiting_start())* ->
 *          exchange_cleanup() -> awaiting_close(), when all handles are closing.
 */
#pragma once

#include "base/clock.h"
#include "exchange/exchange.h"
#include "server/run/resources.h"
#include "server/run/runner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 600 * 1000, SHORT_MS = 20 };

static uv_loop_t loop;
static struct exchange_settings settings;
static struct runner runner;
static struct exchange x;
static unsigned done_count;
static bool is_inside_start;

static inline void awaiting_open(void)
{
	memset(&runner, 0, sizeof(runner));
	memset(&settings, 0, sizeof(settings));
	memset(&x, 0, offsetof(struct exchange, inline_bytes));
	settings.request_timeout_ms = LONG_MS;
	assert_int_equal(uv_loop_init(&loop), 0);
	runner.loop = runner.resources.loop = &loop;
}

static inline void awaiting_close(void)
{
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static inline void awaiting_on_done(struct awaitable *awaitable)
{
	assert_ptr_equal(awaitable, &x.awaited);
	assert_false(is_inside_start);
	done_count++;
}

static inline void awaiting_begin(uint64_t deadline_ms)
{
	exchange_begin(&x, &settings, clock_now_ns());
	x.deadline_ns = x.arrived_ns + deadline_ms * NS_PER_MS;
	x.runner = &runner;
	x.awaited.done = awaiting_on_done;
	done_count = 0;
}

/* The step behind the wait. */
static inline enum step awaiting_end(struct exchange *exchange)
{
	return respond_empty(exchange, 204);
}

static inline void awaiting_wait(void)
{
	x.awaited.class->wait(&x.awaited, &runner.resources);
}

static inline void awaiting_start(void)
{
	done_count = 0;
	is_inside_start = true;
	x.awaited.class->start(&x.awaited, &runner.resources);
	is_inside_start = false;
}

/* UV_RUN_ONCE would sleep after a timer that was due when it began. */
static inline void awaiting_run_until_done(void)
{
	uint64_t latest_ns = clock_now_ns() + 60 * NS_PER_S;

	while (done_count == 0 && clock_now_ns() < latest_ns) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(200);
	}
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(done_count, 1);
}
