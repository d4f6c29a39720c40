#include "server/run/aside.h"

#include "base/require.h"
#include "exchange/batches.h"
#include "loop/compute_pool.h"

/* A step that one of the pool's threads runs. */
struct aside_step {
	struct computation computation;
	struct aside *aside;
	struct exchange *x;
	enum step step;
};

/* A client that has left does not end it: then the exchange would never be over. */
static atomic_bool never;

static struct aside_step *step_of(struct computation *computation)
{
	return CONTAINER_OF(computation, struct aside_step, computation);
}

/* In a thread of the pool */

static void run(struct computation *computation, unsigned part)
{
	struct aside_step *self = step_of(computation);

	(void)part;
	self->step = exchange_step(self->x);
}

static void on_over(struct computation *computation)
{
	inbox_put(&step_of(computation)->aside->inbox, &computation->link);
}

/* On the loop */

static void take(struct list *item)
{
	struct aside_step *self = step_of(CONTAINER_OF(item, struct computation, link));

	self->x->is_aside = false;
	self->aside->over(self->x, self->step);
}

void aside_open(struct aside *aside, uv_loop_t *loop, struct compute_pool *pool, aside_over_fn *over)
{
	aside->pool = pool;
	aside->over = over;
	inbox_open(&aside->inbox, loop, take);
}

static size_t bytes_of(const struct db_batch *batch)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < batch->query_count; i++)
		if (batch->queries[i].result != NULL)
			bytes += db_result_bytes(batch->queries[i].result);
	return bytes;
}

bool aside_is_due(const struct exchange *x)
{
	size_t bytes = x->request.body.length + bytes_of(&x->batch);

	if (UNLIKELY(x->batches != NULL))
		for (unsigned i = 0; i < x->batches->count; i++)
			bytes += bytes_of(&x->batches->items[i].batch);
	return bytes >= ASIDE_BYTES;
}

void aside_run(struct aside *aside, struct exchange *x)
{
	if (x->aside == NULL)
		x->aside = arena_alloc(&x->arena, sizeof(*x->aside));
	*x->aside = (struct aside_step){
	    .computation = {.parts = 1, .run = run, .over = on_over, .deadline_ns = UINT64_MAX, .is_abandoned = &never},
	    .aside = aside,
	    .x = x,
	};
	x->is_aside = true;
	/* one that goes on is never refused */
	REQUIRE(compute_pool_submit(aside->pool, &x->aside->computation, true));
}

void aside_close(struct aside *aside)
{
	inbox_close(&aside->inbox);
}

void aside_cleanup(struct aside *aside)
{
	inbox_cleanup(&aside->inbox);
}
