#include "db/pipeline_parts.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>

/* The end of a batch */

void db_pipeline_finish_later(struct db_pipeline *pipeline, struct db_batch *batch)
{
	list_append(&pipeline->finished, &batch->link);
}

void pipeline_fail_later(struct db_pipeline *pipeline, struct db_batch *batch, enum error error, const char *message)
{
	batch->done_ns = clock_now_ns();
	db_batch_fail(batch, error, message);
	db_pipeline_finish_later(pipeline, batch);
}

void db_pipeline_submit(struct db_pipeline *pipeline, struct db_batch *batch)
{
	if (pipeline->failures > 0 && !pipeline_is_served(pipeline, pipeline_lane_of(pipeline, batch))) {
		pipeline_fail_later(pipeline, batch, ERROR_DATABASE_UNAVAILABLE, db_unreachable);
	} else {
		pipeline_wait(pipeline, batch, false);
		pipeline_start_ticking(pipeline);
	}
}

void db_pipeline_note_departure(struct db_pipeline *pipeline, struct db_batch *batch)
{
	if (!deadline_is_in(&batch->waits_until))
		return;
	pipeline_leave_lane(pipeline, batch);
	db_batch_end_unsent(batch, clock_now_ns());
	db_pipeline_finish_later(pipeline, batch);
}

void db_pipeline_withdraw(struct db_pipeline *pipeline, struct db_batch *batch)
{
	db_batch_withdraw(batch);
	db_pipeline_note_departure(pipeline, batch);
}

static void finish_those_not_sent(struct db_pipeline *pipeline)
{
	while (!list_is_empty(&pipeline->finished)) {
		struct db_batch *batch = CONTAINER_OF(pipeline->finished.next, struct db_batch, link);

		list_remove(&batch->link);
		batch->done(batch);
	}
}

/* The end of a loop turn. */
static void dispatch(struct db_pipeline *pipeline)
{
	finish_those_not_sent(pipeline);
	if (pipeline->waiting > 0) {
		uint64_t now_ns = clock_now_ns();

		pipeline_dispatch_lane(pipeline, &pipeline->lanes[0], now_ns);
		pipeline_dispatch_lane(pipeline, &pipeline->lanes[1], now_ns);
		pipeline_flush_links(pipeline, now_ns);
		if (UNLIKELY(pipeline->waiting > 0)) {
			pipeline_admit(pipeline, &pipeline->lanes[0], now_ns);
			pipeline_admit(pipeline, &pipeline->lanes[1], now_ns);
		}
		finish_those_not_sent(pipeline);
	}
}

/* Life */

static void on_prepare(uv_prepare_t *prepare)
{
	dispatch(prepare->data);
}

static void on_check(uv_check_t *check)
{
	dispatch(check->data);
}

static void init_handles(struct db_pipeline *pipeline)
{
	uv_prepare_init(pipeline->loop, &pipeline->prepare);
	uv_check_init(pipeline->loop, &pipeline->check);
	uv_timer_init(pipeline->loop, &pipeline->timer);
	pipeline->prepare.data = pipeline->check.data = pipeline->timer.data = pipeline;
	uv_prepare_start(&pipeline->prepare, on_prepare);
	uv_check_start(&pipeline->check, on_check);
}

struct db_pipeline *db_pipeline_create(uv_loop_t *loop, const struct db_pipeline_settings *settings)
{
	struct db_pipeline *pipeline = memory_alloc_zeroed(1, sizeof(*pipeline));

	pipeline->settings = *settings;
	pipeline->loop = loop;
	pipeline->links = memory_alloc_zeroed(settings->connections, sizeof(*pipeline->links));
	for (unsigned i = 0; i < settings->connections; i++) {
		pipeline->links[i].pipeline = pipeline;
		list_init(&pipeline->links[i].outgoing);
		list_init(&pipeline->links[i].held);
	}
	pipeline->catalog = settings->db->catalog;
	pipeline->expected_ns =
	    memory_alloc_zeroed(pipeline->catalog.statement_count + 1, sizeof(*pipeline->expected_ns));
	pipeline->changed_ns =
	    memory_alloc_zeroed(pipeline->catalog.statement_count + 1, sizeof(*pipeline->changed_ns));
	deadlines_init(&pipeline->deadlines, clock_now_ns());
	list_init(&pipeline->resting);
	list_init(&pipeline->finished);
	for (unsigned i = 0; i < ARRAY_LENGTH(pipeline->lanes); i++) {
		list_init(&pipeline->lanes[i].quick.batches);
		list_init(&pipeline->lanes[i].alone.batches);
	}
	pipeline->lanes[0].is_read_only = true;
	init_handles(pipeline);
	pipeline_keep_links(pipeline, clock_now_ns());
	return pipeline;
}

bool db_pipeline_is_ready(const struct db_pipeline *pipeline)
{
	return pipeline_is_served(pipeline, &pipeline->lanes[0]);
}

struct db_numbers db_pipeline_numbers(const struct db_pipeline *pipeline)
{
	struct db_numbers numbers = pipeline->numbers;

	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
		numbers.open += db_conn_is_usable(&pipeline->links[i].conn);
		numbers.busy += pipeline->links[i].conn.in_flight > 0;
	}
	for (unsigned i = 0; i < ARRAY_LENGTH(pipeline->lanes); i++) {
		congestion_add_refused(numbers.refused, &pipeline->lanes[i].quick.congestion);
		congestion_add_refused(numbers.refused, &pipeline->lanes[i].alone.congestion);
	}
	numbers.waiting = pipeline->waiting;
	numbers.in_flight = pipeline->in_flight;
	return numbers;
}

void db_pipeline_close(struct db_pipeline *pipeline)
{
	pipeline->is_closing = true;
	for (unsigned i = 0; i < pipeline->settings.connections; i++)
		if (pipeline->links[i].lane != NULL)
			link_give_up(&pipeline->links[i]);
	uv_close((uv_handle_t *)&pipeline->prepare, NULL);
	uv_close((uv_handle_t *)&pipeline->check, NULL);
	uv_close((uv_handle_t *)&pipeline->timer, NULL);
}

void db_pipeline_destroy(struct db_pipeline *pipeline)
{
	free(pipeline->expected_ns);
	free(pipeline->changed_ns);
	free(pipeline->links);
	free(pipeline);
}
