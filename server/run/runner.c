#include "server/run/runner.h"

#include "base/clock.h"
#include "base/memory.h"
#include "db/spares.h"
#include "server/run/aside.h"
#include "server/run/db_awaitable.h"

#include <limits.h>
#include <stdlib.h>

enum { REST_EVERY_MS = 1000 };

static const struct runner_class *class_of(enum mode mode)
{
	switch (mode) {
	case MODE_SYNC:
		return &runner_sync;
	case MODE_THREADS:
		return &runner_threads;
	default:
		return &runner_async;
	}
}

static struct runner *create(const struct runner_class *class, const struct runner_settings *settings, uv_loop_t *loop,
			     unsigned number, exchange_ready_fn *ready)
{
	struct runner *runner = memory_alloc_zeroed(1, class->bytes);

	runner->class = class;
	runner->settings = settings;
	runner->loop = loop;
	runner->number = number;
	runner->ready = ready;
	runner->resources = (struct resources){
	    .loop = loop,
	    .pool = settings->pool,
	    .prompt_pool = settings->prompt_pool,
	    .file_pool = settings->file_pool,
	    .fetcher = &settings->fetcher,
	    .events = &settings->events,
	    .queues = settings->queues,
	    .stream_settings = &settings->db_for_streams,
	    .streams = &runner->streams,
	    .streams_max = settings->options->max_streams,
	};
	uv_timer_init(loop, &runner->rest);
	runner->rest.data = runner;
	class->start(runner);
	return runner;
}

struct runner *runner_create(const struct runner_settings *settings, uv_loop_t *loop, unsigned number,
			     exchange_ready_fn *ready)
{
	return create(class_of(settings->options->mode), settings, loop, number, ready);
}

struct runner *runner_create_idle(const struct runner_settings *settings, uv_loop_t *loop, exchange_ready_fn *ready)
{
	return create(&runner_idle, settings, loop, 0, ready);
}

void runner_go_on(struct runner *runner, struct exchange *x, enum step step)
{
	for (; step == STEP_AWAIT; step = exchange_step(x))
		if (!runner->class->await(runner, x))
			return;
	runner->ready(x);
}

void runner_run(struct runner *runner, struct exchange *x)
{
	x->runner = runner;
	if (runner->aside != NULL && UNLIKELY(aside_is_due(x)))
		aside_run(runner->aside, x);
	else
		runner_go_on(runner, x, exchange_step(x));
}

void runner_note_departure(struct runner *runner, struct exchange *x)
{
	atomic_store(&x->is_abandoned, true);
	runner->class->note_departure(runner, x);
}

unsigned runner_oldest_edition(struct runner *runner)
{
	return runner->class->oldest_edition != NULL ? runner->class->oldest_edition(runner) : UINT_MAX;
}

static void on_rest(uv_timer_t *timer)
{
	const struct runner *runner = timer->data;

	if (!db_spares_rest(runner->resources.stream_settings->spares, clock_now_ns()))
		uv_timer_stop(timer);
}

void runner_end_stream(struct runner *runner, struct exchange *x)
{
	if (LIKELY(x->stream == NULL))
		return;
	db_awaitable_end_stream(x, &runner->streams);
	if (!uv_is_active((uv_handle_t *)&runner->rest))
		uv_timer_start(&runner->rest, on_rest, REST_EVERY_MS, REST_EVERY_MS);
}

void runner_close(struct runner *runner)
{
	uv_close((uv_handle_t *)&runner->rest, NULL);
	runner->class->close(runner);
}

void runner_destroy(struct runner *runner)
{
	runner->class->cleanup(runner);
	free(runner);
}
