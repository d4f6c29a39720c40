#include "server/run/queue_awaitable.h"

#include "base/clock.h"
#include "base/memory.h"
#include "exchange/exchange.h"
#include "loop/inbox.h"
#include "loop/waiter.h"
#include "queue/store.h"
#include "server/run/resources.h"
#include "server/run/runner.h"

#include <stdlib.h>

static void fail(struct awaitable *awaitable, enum error error, const char *why)
{
	exchange_fail_work(exchange_of(awaitable), "jobs", error, why);
}

/* The store ends it by the deadline, well or badly. */
static struct queue_order *prepare(struct exchange *x)
{
	struct queue_order *order = x->queue_order;

	order->arena = &x->arena;
	order->deadline_ns = x->awaited.deadline_ns;
	order->is_abandoned = &x->is_abandoned;
	return order;
}

static void note_end(struct exchange *x)
{
	const struct queue_order *order = x->queue_order;

	exchange_note_work(x, "jobs", x->awaited.submitted_ns, clock_now_ns());
	x->awaited.error = order->error;
	x->awaited.why = order->why;
	x->retry_s = order->retry_s;
}

/* A thread waits */

static void on_done_for_waiter(struct queue_order *order)
{
	waiter_wake(order->data);
}

static void wait(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);
	struct queue_order *order = prepare(x);
	struct waiter waiter;

	waiter_init(&waiter);
	order->data = &waiter;
	order->done = on_done_for_waiter;
	queue_store_submit(resources->queues, order);
	waiter_wait(&waiter, WAITER_NO_DEADLINE);
	waiter_cleanup(&waiter);
	note_end(x);
}

/* Without a thread that waits */

struct queue_inbox {
	struct inbox done;
};

/* In the store's thread. */
static void on_done_for_loop(struct queue_order *order)
{
	struct exchange *x = order->data;

	inbox_put(&x->runner->resources.orders->done, &x->link);
}

static void on_done(struct list *item)
{
	struct exchange *x = CONTAINER_OF(item, struct exchange, link);

	note_end(x);
	x->awaited.done(&x->awaited);
}

static void start(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);
	struct queue_order *order = prepare(x);

	order->data = x;
	order->done = on_done_for_loop;
	queue_store_submit(resources->queues, order);
}

const struct awaitable_class queue_awaitable = {wait, start, fail};

struct queue_inbox *queue_inbox_create(uv_loop_t *loop)
{
	struct queue_inbox *inbox = memory_alloc_zeroed(1, sizeof(*inbox));

	inbox_open(&inbox->done, loop, on_done);
	return inbox;
}

void queue_inbox_close(struct queue_inbox *inbox)
{
	inbox_close(&inbox->done);
}

void queue_inbox_destroy(struct queue_inbox *inbox)
{
	inbox_cleanup(&inbox->done);
	free(inbox);
}
