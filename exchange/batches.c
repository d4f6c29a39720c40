#include "exchange/batches.h"

#include "base/clock.h"
#include "base/require.h"

struct batches *batches_create(struct exchange *x, unsigned count)
{
	struct batches *batches;

	REQUIRE(count > 0 && count <= BATCHES_MAX);
	batches = arena_alloc_zeroed(&x->arena, sizeof(*batches) + count * sizeof(batches->items[0]));
	batches->count = count;
	for (unsigned i = 0; i < count; i++) {
		batches->items[i].x = x;
		db_batch_init(&batches->items[i].batch);
	}
	x->batches = batches;
	return batches;
}

void batches_add(struct batches *batches, unsigned index, const struct db_statement *statement,
		 const char *const *values, const struct db_signature *checked_for)
{
	struct db_batch *batch = &batches->items[index].batch;

	REQUIRE(index < batches->count && statement->is_read_only);
	batch->context = batches->items[index].x->context;
	db_batch_add(batch, statement, values);
	batch->queries[0].checked_for = checked_for;
}

void batches_may_fail(struct batches *batches, unsigned index)
{
	batches->items[index].is_optional = true;
}

void batches_begin(struct batches *batches, uint64_t deadline_ns, step_fn *next)
{
	uint64_t now_ns = clock_now_ns();

	batches->next = next;
	for (unsigned i = 0; i < batches->count; i++) {
		struct db_batch *batch = &batches->items[i].batch;

		REQUIRE(batch->query_count > 0);
		batch->deadline_ns = deadline_ns;
		batch->submitted_ns = now_ns;
		batch->is_abandoned = &batches->items[i].x->is_abandoned;
	}
}

/* The response is in the arena by then, as behind exchange_step(). */
enum step batches_over(struct exchange *x)
{
	struct batches *batches = x->batches;
	enum step step;

	x->batches = NULL;
	step = batches->next(x);
	for (unsigned i = 0; i < batches->count; i++)
		db_batch_cleanup(&batches->items[i].batch);
	return step;
}

static void note_retry(struct exchange *x)
{
	const struct batches_item *item = x->batches->items, *end = item + x->batches->count;

	while (item < end && !batches_item_decides(item))
		item++;
	if (item < end && item->batch.retry_s > 0)
		x->retry_s = item->batch.retry_s;
}

void batches_note_times(struct exchange *x)
{
	const struct batches *batches = x->batches;
	uint64_t submitted_ns = batches->items[0].batch.submitted_ns, sent_ns = UINT64_MAX, done_ns = 0;

	for (unsigned i = 0; i < batches->count; i++) {
		const struct db_batch *batch = &batches->items[i].batch;
		/* one that was never sent has only queued */
		uint64_t from_ns = batch->sent_ns > 0 ? batch->sent_ns : batch->done_ns;

		if (batch->done_ns == 0)
			continue;
		sent_ns = from_ns < sent_ns ? from_ns : sent_ns;
		done_ns = batch->done_ns > done_ns ? batch->done_ns : done_ns;
	}
	note_retry(x);
	x->queue_ns += sent_ns - submitted_ns;
	x->db_ns += done_ns - sent_ns;
}

bool batches_are_unreached(const struct batches *batches)
{
	for (unsigned i = 0; i < batches->count; i++)
		if (batches->items[i].batch.done_ns > 0 && batches->items[i].batch.message != db_unreachable)
			return false;
	return true;
}

void batches_rewind(struct batches *batches)
{
	for (unsigned i = 0; i < batches->count; i++) {
		db_batch_rewind(&batches->items[i].batch);
		batches->items[i].batch.sent_ns = batches->items[i].batch.done_ns = 0;
	}
}
