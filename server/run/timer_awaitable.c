#include "server/run/awaitables.h"

#include "base/clock.h"
#include "base/memory.h"
#include "exchange/exchange.h"
#include "server/run/resources.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static uint64_t end_of(const struct exchange *x)
{
	return x->wake_ns < x->awaited.deadline_ns ? x->wake_ns : x->awaited.deadline_ns;
}

static void note_end(struct exchange *x, uint64_t started_ns)
{
	exchange_note_work(x, "timer", started_ns, clock_now_ns());
	if (x->wake_ns <= x->awaited.deadline_ns)
		return;
	x->awaited.error = ERROR_DEADLINE;
	x->awaited.why = "the deadline came before the time to wait was over";
}

static void fail(struct awaitable *awaitable, enum error error, const char *why)
{
	exchange_fail_work(exchange_of(awaitable), "timer", error, why);
}

/* Where a thread waits: it sleeps. The time counts from when it was asked for, not from when a thread was free. */
static void wait(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);
	uint64_t started_ns = clock_now_ns(), end_ns = end_of(x);
	struct timespec end = {(time_t)(end_ns / NS_PER_S), (long)(end_ns % NS_PER_S)};

	(void)resources;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
		;
	note_end(x, started_ns);
}

/* Without a thread that waits: the loop's own timers, whose heap takes ten thousands. */
struct sleeper {
	uv_timer_t timer;
	struct exchange *x;
};

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* The loop counts milliseconds, and rounds them down: rather a moment late than early. */
static uint64_t ms_until(uint64_t end_ns)
{
	uint64_t now_ns = clock_now_ns();

	return end_ns > now_ns ? (end_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0;
}

static void on_time(uv_timer_t *timer)
{
	struct sleeper *sleeper = timer->data;
	struct exchange *x = sleeper->x;

	if (clock_now_ns() < end_of(x)) {
		uv_timer_start(timer, on_time, 1, 0);
		return;
	}
	uv_close((uv_handle_t *)timer, on_closed);
	note_end(x, x->awaited.submitted_ns);
	x->awaited.done(&x->awaited);
}

static void start(struct awaitable *awaitable, struct resources *resources)
{
	struct sleeper *sleeper = memory_alloc(sizeof(*sleeper));

	sleeper->x = exchange_of(awaitable);
	uv_timer_init(resources->loop, &sleeper->timer);
	sleeper->timer.data = sleeper;
	uv_update_time(resources->loop);
	uv_timer_start(&sleeper->timer, on_time, ms_until(end_of(sleeper->x)), 0);
}

const struct awaitable_class timer_awaitable = {wait, start, fail};
