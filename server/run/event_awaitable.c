#include "server/run/event_awaitable.h"

#include "base/clock.h"
#include "base/memory.h"
#include "events/hub.h"
#include "exchange/exchange.h"
#include "loop/inbox.h"
#include "loop/waiter.h"
#include "server/run/resources.h"
#include "server/run/runner.h"

#include <stdlib.h>

enum { EXPIRE_EVERY_MS = 50 };

static const char not_listening[] = "PostgreSQL did not begin to listen before the deadline",
		  unreachable[] = "PostgreSQL cannot be reached";

static void fail(struct awaitable *awaitable, enum error error, const char *why)
{
	exchange_fail_work(exchange_of(awaitable), "events", error, why);
}

/* The first wait subscribes. */
static bool subscribe(struct exchange *x, const struct resources *resources)
{
	const char *why;

	if (x->events != NULL)
		return true;
	x->events = event_hub_subscribe(*resources->events, x->event_order, &why);
	if (x->events == NULL)
		fail(&x->awaited, ERROR_BUSY, why);
	return x->events != NULL;
}

/* Takes what there is; the exchange is its thread's again. */
static void take_news(struct exchange *x)
{
	struct event_subscription *subscription = x->events;

	if (!event_hub_take(subscription)) {
		fail(&x->awaited, ERROR_DATABASE_UNAVAILABLE, unreachable);
		return;
	}
	if (subscription->news.kind == EVENT_NONE && !subscription->has_place) {
		fail(&x->awaited, ERROR_DEADLINE, not_listening);
		return;
	}
	x->event_news = &subscription->news;
	exchange_note_work(x, "events", x->awaited.submitted_ns, clock_now_ns());
}

/* A thread waits */

static void on_ready_for_waiter(struct event_subscription *subscription)
{
	waiter_wake(subscription->data);
}

static void wait(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);
	struct waiter waiter;

	if (!subscribe(x, resources))
		return;
	waiter_init(&waiter);
	x->events->data = &waiter;
	event_hub_await(x->events, on_ready_for_waiter);
	if (!waiter_wait(&waiter, awaitable->deadline_ns) && !event_hub_withdraw(x->events))
		waiter_wait(&waiter, WAITER_NO_DEADLINE);
	waiter_cleanup(&waiter);
	take_news(x);
}

/* Without a thread that waits */

struct event_inbox {
	struct inbox ready;
	struct deadlines deadlines; /* of what waits */
	unsigned waiting;
	uv_timer_t expiry; /* runs while something waits */
};

/* In the listener's thread, or inside start(). */
static void on_ready_for_loop(struct event_subscription *subscription)
{
	struct exchange *x = subscription->data;

	inbox_put(&x->runner->resources.event_inbox->ready, &x->link);
}

static void stop_waiting(struct event_inbox *events, struct event_subscription *subscription)
{
	deadline_take_out(&subscription->deadline);
	if (--events->waiting == 0)
		uv_timer_stop(&events->expiry);
}

static void on_ready(struct list *item)
{
	struct exchange *x = CONTAINER_OF(item, struct exchange, link);

	if (x->awaited.error == ERROR_NONE) {
		if (deadline_is_in(&x->events->deadline))
			stop_waiting(x->runner->resources.event_inbox, x->events);
		take_news(x);
	}
	x->awaited.done(&x->awaited);
}

static void on_expiry(uv_timer_t *timer)
{
	struct event_inbox *events = timer->data;
	struct list due;

	deadlines_take_due(&events->deadlines, &due, clock_now_ns());
	LIST_EACH (link, &due) {
		struct event_subscription *subscription = CONTAINER_OF(link, struct event_subscription, deadline.link);
		struct exchange *x = subscription->data;

		stop_waiting(events, subscription);
		/* else it is in the inbox */
		if (!event_hub_withdraw(subscription))
			continue;
		take_news(x);
		x->awaited.done(&x->awaited);
	}
}

static void start_waiting(struct event_inbox *events, struct exchange *x)
{
	deadlines_put(&events->deadlines, &x->events->deadline, x->awaited.deadline_ns);
	if (events->waiting++ == 0)
		uv_timer_start(&events->expiry, on_expiry, EXPIRE_EVERY_MS, EXPIRE_EVERY_MS);
}

static void start(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	if (!subscribe(x, resources)) {
		inbox_put(&resources->event_inbox->ready, &x->link); /* never from inside start() */
		return;
	}
	x->events->data = x;
	start_waiting(resources->event_inbox, x);
	event_hub_await(x->events, on_ready_for_loop);
}

const struct awaitable_class event_awaitable = {wait, start, fail};

void event_awaitable_note_departure(struct event_inbox *events, struct exchange *x)
{
	if (x->awaited.class != &event_awaitable || x->events == NULL || !deadline_is_in(&x->events->deadline) ||
	    !event_hub_withdraw(x->events))
		return;
	stop_waiting(events, x->events);
	take_news(x);
	x->awaited.done(&x->awaited);
}

struct event_inbox *event_inbox_create(uv_loop_t *loop)
{
	struct event_inbox *events = memory_alloc_zeroed(1, sizeof(*events));

	inbox_open(&events->ready, loop, on_ready);
	deadlines_init(&events->deadlines, clock_now_ns());
	uv_timer_init(loop, &events->expiry);
	events->expiry.data = events;
	return events;
}

void event_inbox_close(struct event_inbox *events)
{
	inbox_close(&events->ready);
	uv_close((uv_handle_t *)&events->expiry, NULL);
}

void event_inbox_destroy(struct event_inbox *events)
{
	inbox_cleanup(&events->ready);
	free(events);
}

void event_awaitable_end(struct exchange *x)
{
	if (LIKELY(x->events == NULL))
		return;
	event_hub_unsubscribe(x->events);
	x->events = NULL;
}
