#include "server/run/compute_awaitable.h"

#include "base/clock.h"
#include "base/memory.h"
#include "loop/compute_pool.h"
#include "exchange/exchange.h"
#include "loop/inbox.h"
#include "server/run/resources.h"
#include "server/run/runner.h"
#include "loop/waiter.h"

#include <stdlib.h>

enum { EXPIRE_EVERY_MS = 10 };

static const struct compute_words own_words = {
    .name = "compute",
    .too_many = "too many computations are waiting for a compute thread",
    .not_begun = "no compute thread became free before the deadline",
    .not_ended = "the deadline passed, or the client closed the connection, while it was being computed",
};

static void fail(struct awaitable *awaitable, enum error error, const char *why)
{
	exchange_fail_work(exchange_of(awaitable), own_words.name, error, why);
}

static void note_end(struct exchange *x, const struct compute_words *words)
{
	const struct computation *computation = x->computation;

	exchange_note_work(x, words->name, computation->started_ns, computation->done_ns);
	if (!atomic_load(&computation->was_cut))
		return;
	x->awaited.error = ERROR_DEADLINE;
	x->awaited.why = words->not_ended;
}

static struct compute_pool *pool_of(const struct exchange *x, const struct resources *resources)
{
	return x->computation->is_prompt ? resources->prompt_pool : resources->pool;
}

/* A thread waits */

static void on_over_for_waiter(struct computation *computation)
{
	waiter_wake(computation->data);
}

/* Until it is over; at its deadline, when it has not begun, it never will. False: withdrawn. */
static bool wait_until_over(struct waiter *waiter, struct compute_pool *pool, struct computation *computation)
{
	if (waiter_wait(waiter, computation->deadline_ns))
		return true;
	if (compute_pool_withdraw(pool, computation))
		return false;
	return waiter_wait(waiter, WAITER_NO_DEADLINE); /* its parts see the deadline, too */
}

static void wait(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);
	struct compute_pool *pool = pool_of(x, resources);
	struct waiter waiter;

	waiter_init(&waiter);
	x->computation->over = on_over_for_waiter;
	x->computation->data = &waiter;
	if (!compute_pool_submit(pool, x->computation, x->has_worked))
		fail(awaitable, ERROR_BUSY, own_words.too_many);
	else if (wait_until_over(&waiter, pool, x->computation))
		note_end(x, &own_words);
	else
		fail(awaitable, ERROR_DEADLINE, own_words.not_begun);
	waiter_cleanup(&waiter);
}

/* Without a thread that waits */

struct compute_inbox {
	struct inbox over;
	struct list started; /* exchanges whose computation may not have begun */
	uv_timer_t expiry;   /* runs while there are some */
};

static void finish(struct exchange *x)
{
	list_remove(&x->link);
	x->awaited.done(&x->awaited);
}

/* In a compute thread. */
static void on_over_for_loop(struct computation *computation)
{
	struct exchange *x = computation->data;

	inbox_put(&x->runner->resources.compute->over, &computation->link);
}

static void on_over(struct list *item)
{
	struct exchange *x = CONTAINER_OF(item, struct computation, link)->data;

	if (x->awaited.error == ERROR_NONE)
		note_end(x, x->computation->words);
	finish(x);
}

static void on_expiry(uv_timer_t *timer)
{
	struct compute_inbox *compute = timer->data;
	uint64_t now_ns = clock_now_ns();

	LIST_EACH (item, &compute->started) {
		struct exchange *x = CONTAINER_OF(item, struct exchange, link);
		const struct computation *computation = x->computation;

		/* one that was refused is in the inbox already */
		if (now_ns < x->awaited.deadline_ns || x->awaited.error != ERROR_NONE ||
		    !compute_pool_withdraw(computation->pool, x->computation))
			continue;
		exchange_fail_work(x, computation->words->name, ERROR_DEADLINE, computation->words->not_begun);
		finish(x);
	}
	if (list_is_empty(&compute->started))
		uv_timer_stop(timer);
}

void compute_start(struct exchange *x, struct compute_inbox *compute, struct compute_pool *pool,
		   const struct compute_words *words)
{
	struct computation *computation = x->computation;

	computation->over = on_over_for_loop;
	computation->data = x;
	computation->pool = pool;
	computation->words = words;
	list_append(&compute->started, &x->link);
	if (!uv_is_active((uv_handle_t *)&compute->expiry))
		uv_timer_start(&compute->expiry, on_expiry, EXPIRE_EVERY_MS, EXPIRE_EVERY_MS);
	if (compute_pool_submit(pool, computation, x->has_worked))
		return;
	exchange_fail_work(x, words->name, ERROR_BUSY, words->too_many);
	inbox_put(&compute->over, &computation->link); /* never from inside start() */
}

static void start(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	compute_start(x, resources->compute, pool_of(x, resources), &own_words);
}

const struct awaitable_class compute_awaitable = {wait, start, fail};

struct compute_inbox *compute_inbox_create(uv_loop_t *loop)
{
	struct compute_inbox *compute = memory_alloc_zeroed(1, sizeof(*compute));

	inbox_open(&compute->over, loop, on_over);
	list_init(&compute->started);
	uv_timer_init(loop, &compute->expiry);
	compute->expiry.data = compute;
	return compute;
}

void compute_inbox_close(struct compute_inbox *compute)
{
	inbox_close(&compute->over);
	uv_close((uv_handle_t *)&compute->expiry, NULL);
}

void compute_inbox_destroy(struct compute_inbox *compute)
{
	inbox_cleanup(&compute->over);
	free(compute);
}
