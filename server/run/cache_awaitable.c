#include "server/run/cache_awaitable.h"

#include "base/clock.h"
#include "base/memory.h"
#include "cache/response_cache.h"
#include "exchange/exchange.h"
#include "loop/inbox.h"
#include "loop/waiter.h"
#include "server/run/resources.h"
#include "server/run/runner.h"

#include <stdlib.h>

enum { EXPIRE_EVERY_MS = 50 };

static const char too_late[] = "another request's query, which this one waited for, did not end before the deadline";

static struct response_cache *cache_of(const struct exchange *x)
{
	return x->settings->cache;
}

static void fail(struct awaitable *awaitable, enum error error, const char *why)
{
	exchange_fail_work(exchange_of(awaitable), "cache", error, why);
}

/* The exchange is its thread's again. Time has passed where another request's query was waited for. */
static void note_end(struct exchange *x)
{
	uint64_t submitted_ns = x->awaited.submitted_ns;

	if (x->cache_ticket->turn == CACHE_NOTHING) {
		fail(&x->awaited, ERROR_DEADLINE, too_late);
		return;
	}
	exchange_note_work(x, "cache", submitted_ns, x->cache_ticket->has_waited ? clock_now_ns() : submitted_ns);
}

/* A thread waits */

static void on_ready_for_waiter(struct cache_ticket *ticket)
{
	waiter_wake(ticket->data);
}

static void wait(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);
	struct cache_ticket *ticket = x->cache_ticket;
	struct waiter waiter;

	(void)resources;
	waiter_init(&waiter);
	ticket->data = &waiter;
	if (response_cache_enter(cache_of(x), ticket, on_ready_for_waiter, clock_now_ns()) == CACHE_WAITS &&
	    !waiter_wait(&waiter, awaitable->deadline_ns) && !response_cache_withdraw(cache_of(x), ticket))
		waiter_wait(&waiter, WAITER_NO_DEADLINE);
	waiter_cleanup(&waiter);
	note_end(x);
}

void cache_awaitable_give_up(struct exchange *x)
{
	if (x->cache_ticket != NULL && x->cache_ticket->turn == CACHE_LEADS)
		response_cache_finish(cache_of(x), x->cache_ticket, CACHE_FAILED, NULL, clock_now_ns());
}

/* Without a thread that waits */

struct cache_inbox {
	struct inbox ready;
	struct deadlines deadlines; /* of what waits */
	unsigned waiting;
	uv_timer_t expiry; /* runs while something waits */
};

/* In the leader's thread, or inside start(). */
static void on_ready_for_loop(struct cache_ticket *ticket)
{
	struct exchange *x = ticket->data;

	inbox_put(&x->runner->resources.cache_inbox->ready, &x->link);
}

static void stop_waiting(struct cache_inbox *inbox, struct cache_ticket *ticket)
{
	deadline_take_out(&ticket->deadline);
	if (--inbox->waiting == 0)
		uv_timer_stop(&inbox->expiry);
}

static void go_on(struct exchange *x)
{
	note_end(x);
	x->awaited.done(&x->awaited);
}

static void on_ready(struct list *item)
{
	struct exchange *x = CONTAINER_OF(item, struct exchange, link);

	if (deadline_is_in(&x->cache_ticket->deadline))
		stop_waiting(x->runner->resources.cache_inbox, x->cache_ticket);
	go_on(x);
}

static void on_expiry(uv_timer_t *timer)
{
	struct cache_inbox *inbox = timer->data;
	struct list due;

	deadlines_take_due(&inbox->deadlines, &due, clock_now_ns());
	LIST_EACH (link, &due) {
		struct cache_ticket *ticket = CONTAINER_OF(link, struct cache_ticket, deadline.link);
		struct exchange *x = ticket->data;

		stop_waiting(inbox, ticket);
		/* else it is in the inbox */
		if (response_cache_withdraw(cache_of(x), ticket))
			go_on(x);
	}
}

static void start_waiting(struct cache_inbox *inbox, struct exchange *x)
{
	deadlines_put(&inbox->deadlines, &x->cache_ticket->deadline, x->awaited.deadline_ns);
	if (inbox->waiting++ == 0)
		uv_timer_start(&inbox->expiry, on_expiry, EXPIRE_EVERY_MS, EXPIRE_EVERY_MS);
}

static void start(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	x->cache_ticket->data = x;
	if (response_cache_enter(cache_of(x), x->cache_ticket, on_ready_for_loop, clock_now_ns()) == CACHE_WAITS)
		start_waiting(resources->cache_inbox, x);
	else
		inbox_put(&resources->cache_inbox->ready, &x->link); /* never from inside start() */
}

const struct awaitable_class cache_awaitable = {wait, start, fail};

bool cache_awaitable_note_departure(struct cache_inbox *inbox, struct exchange *x)
{
	if (x->awaited.class != &cache_awaitable || !deadline_is_in(&x->cache_ticket->deadline) ||
	    !response_cache_withdraw(cache_of(x), x->cache_ticket))
		return false;
	stop_waiting(inbox, x->cache_ticket);
	go_on(x);
	return true;
}

struct cache_inbox *cache_inbox_create(uv_loop_t *loop)
{
	struct cache_inbox *inbox = memory_alloc_zeroed(1, sizeof(*inbox));

	inbox_open(&inbox->ready, loop, on_ready);
	deadlines_init(&inbox->deadlines, clock_now_ns());
	uv_timer_init(loop, &inbox->expiry);
	inbox->expiry.data = inbox;
	return inbox;
}

void cache_inbox_close(struct cache_inbox *inbox)
{
	inbox_close(&inbox->ready);
	uv_close((uv_handle_t *)&inbox->expiry, NULL);
}

void cache_inbox_destroy(struct cache_inbox *inbox)
{
	inbox_cleanup(&inbox->ready);
	free(inbox);
}
