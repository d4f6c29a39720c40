#include "server/run/db_awaitable.h"

#include "base/clock.h"
#include "db/stream.h"
#include "server/run/resources.h"

static void on_batch_done(struct db_batch *batch)
{
	struct exchange *x = CONTAINER_OF(batch, struct exchange, batch);

	exchange_note_times(x);
	x->awaited.done(&x->awaited);
}

/* A batch */

static void wait_for_batch(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	x->batch.is_abandoned = &x->is_abandoned;
	db_wait_run(resources->wait, &x->batch);
	exchange_note_times(x);
}

static void start_batch(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	x->batch.done = on_batch_done;
	x->batch.is_abandoned = &x->is_abandoned;
	db_pipeline_submit(resources->pipeline, &x->batch);
}

static void fail_batch(struct awaitable *awaitable, enum error error, const char *why)
{
	struct exchange *x = exchange_of(awaitable);

	x->batch.done_ns = clock_now_ns();
	db_batch_fail(&x->batch, error, why);
	exchange_note_times(x);
}

const struct awaitable_class db_batch_awaitable = {wait_for_batch, start_batch, fail_batch};

/* The next rows of a stream */

static bool open_stream(struct exchange *x, struct resources *resources)
{
	if (x->stream != NULL)
		return true;
	if (atomic_fetch_add(resources->streams, 1) >= resources->streams_max) {
		atomic_fetch_sub(resources->streams, 1);
		return false;
	}
	x->stream = db_stream_create(x->batch.queries[0].statement, x->batch.queries[0].checked_for,
				     x->batch.queries[0].values, x->batch.context, &x->arena);
	return true;
}

static void fail_busy(struct exchange *x)
{
	x->batch.done_ns = clock_now_ns();
	db_batch_fail(&x->batch, ERROR_BUSY, "as many streams as max_streams allows are being read already");
}

static void wait_for_rows(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	if (open_stream(x, resources))
		db_stream_wait(x->stream, &x->batch, resources->stream_settings);
	else
		fail_busy(x);
	exchange_note_times(x);
}

static void start_rows(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	x->batch.done = on_batch_done;
	if (open_stream(x, resources)) {
		db_stream_start(x->stream, &x->batch, resources->stream_settings, resources->loop);
	} else {
		fail_busy(x);
		db_pipeline_finish_later(resources->pipeline, &x->batch);
	}
}

const struct awaitable_class db_rows_awaitable = {wait_for_rows, start_rows, fail_batch};

void db_awaitable_end_stream(struct exchange *x, atomic_uint *streams)
{
	if (x->stream == NULL)
		return;
	db_stream_destroy(x->stream);
	x->stream = NULL;
	atomic_fetch_sub(streams, 1);
}
