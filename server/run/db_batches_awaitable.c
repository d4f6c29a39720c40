/* Several batches of one exchange: one after another where a thread waits, all at once where none does. */
#include "server/run/awaitables.h"

#include "base/clock.h"
#include "exchange/batches.h"
#include "server/run/resources.h"

static void wait_for_batches(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);
	struct batches *batches = x->batches;

	for (unsigned i = 0; i < batches->count; i++) {
		db_wait_run(resources->wait, &batches->items[i].batch);
		if (batches_item_decides(&batches->items[i]))
			break;
	}
	batches_note_times(x);
}

static void withdraw_behind(struct batches *batches, const struct batches_item *item)
{
	for (struct batches_item *other = batches->items + batches->count - 1; other > item; other--)
		if (!other->is_over)
			db_pipeline_withdraw(batches->pipeline, &other->batch);
}

static void on_batch_done(struct db_batch *batch)
{
	struct batches_item *item = CONTAINER_OF(batch, struct batches_item, batch);
	struct exchange *x = item->x;
	struct batches *batches = x->batches;

	item->is_over = true;
	if (batches_item_decides(item))
		withdraw_behind(batches, item);
	if (--batches->under_way > 0)
		return;
	batches_note_times(x);
	x->awaited.done(&x->awaited);
}

static void start_batches(struct awaitable *awaitable, struct resources *resources)
{
	struct batches *batches = exchange_of(awaitable)->batches;

	batches->pipeline = resources->pipeline;
	batches->under_way = batches->count;
	for (unsigned i = 0; i < batches->count; i++) {
		batches->items[i].batch.done = on_batch_done;
		db_pipeline_submit(resources->pipeline, &batches->items[i].batch);
	}
}

static void fail_batches(struct awaitable *awaitable, enum error error, const char *why)
{
	struct exchange *x = exchange_of(awaitable);

	for (unsigned i = 0; i < x->batches->count; i++) {
		x->batches->items[i].batch.done_ns = clock_now_ns();
		db_batch_fail(&x->batches->items[i].batch, error, why);
	}
	batches_note_times(x);
}

const struct awaitable_class db_batches_awaitable = {wait_for_batches, start_batches, fail_batches};
