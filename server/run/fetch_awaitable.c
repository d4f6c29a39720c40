#include "server/run/fetch_awaitable.h"

#include "base/clock.h"
#include "base/memory.h"
#include "fetch/fetcher.h"
#include "exchange/exchange.h"
#include "loop/inbox.h"
#include "server/run/resources.h"
#include "server/run/runner.h"
#include "loop/waiter.h"

#include <stdlib.h>

static const char too_many[] = "as many requests as fetch_requests allows are fetching pages already";

static void fail(struct awaitable *awaitable, enum error error, const char *why)
{
	exchange_fail_work(exchange_of(awaitable), "fetch", error, why);
}

/* The first wait hands the order over. */
static bool submit(struct exchange *x, const struct resources *resources)
{
	struct task *task;

	if (x->fetch != NULL)
		return true;
	task = task_create(x->fetch_order);
	if (!fetcher_submit(*resources->fetcher, task)) {
		task_destroy(task);
		return false;
	}
	x->fetch = task;
	return true;
}

/* Takes what has come; the exchange is its thread's again. */
static void take_pages(struct exchange *x)
{
	struct fetch_page *page;

	list_init(&x->pages);
	while ((page = task_take(x->fetch)) != NULL)
		list_append(&x->pages, &page->link);
	x->pages_left = x->fetch->untaken;
	exchange_note_work(x, "fetch", x->awaited.submitted_ns, clock_now_ns());
}

/* A thread waits. The fetcher ends what is left when the deadline has passed, so this ends, too. */

static void on_ready_for_waiter(struct task *task)
{
	waiter_wake(task->data);
}

static void wait_until_ready(struct exchange *x)
{
	struct waiter waiter;

	waiter_init(&waiter);
	x->fetch->data = &waiter;
	task_await(x->fetch, x->awaited.deadline_ns, &x->is_abandoned, on_ready_for_waiter);
	waiter_wait(&waiter, WAITER_NO_DEADLINE);
	waiter_cleanup(&waiter);
}

static void wait(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	if (!submit(x, resources)) {
		fail(awaitable, ERROR_BUSY, too_many);
		return;
	}
	wait_until_ready(x);
	take_pages(x);
}

/* Without a thread that waits */

struct fetch_inbox {
	struct inbox ready;
};

/* In the fetcher's thread, or inside start(). */
static void on_ready_for_loop(struct task *task)
{
	struct exchange *x = task->data;

	inbox_put(&x->runner->resources.fetches->ready, &x->link);
}

static void on_ready(struct list *item)
{
	struct exchange *x = CONTAINER_OF(item, struct exchange, link);

	if (x->awaited.error == ERROR_NONE)
		take_pages(x);
	x->awaited.done(&x->awaited);
}

static void start(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	if (submit(x, resources)) {
		x->fetch->data = x;
		task_await(x->fetch, x->awaited.deadline_ns, &x->is_abandoned, on_ready_for_loop);
		return;
	}
	fail(awaitable, ERROR_BUSY, too_many);
	inbox_put(&resources->fetches->ready, &x->link); /* never from inside start() */
}

const struct awaitable_class fetch_awaitable = {wait, start, fail};

struct fetch_inbox *fetch_inbox_create(uv_loop_t *loop)
{
	struct fetch_inbox *fetches = memory_alloc_zeroed(1, sizeof(*fetches));

	inbox_open(&fetches->ready, loop, on_ready);
	return fetches;
}

void fetch_inbox_close(struct fetch_inbox *fetches)
{
	inbox_close(&fetches->ready);
}

void fetch_inbox_destroy(struct fetch_inbox *fetches)
{
	inbox_cleanup(&fetches->ready);
	free(fetches);
}

void fetch_awaitable_end(struct exchange *x, const struct resources *resources)
{
	if (x->fetch == NULL)
		return;
	fetcher_end(*resources->fetcher, x->fetch);
	x->fetch = NULL;
}
