/* db/pipeline.h over tables in memory: a batch is answered on the store's loop, in a later turn. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/require.h"
#include "db/pipeline.h"
#include "lib/fake_queue_statements.h"

struct db_pipeline {
	uv_timer_t timer;
	struct list waiting;
};

static int kind_of(const struct db_batch *batch)
{
	for (unsigned i = 0; i < batch->query_count; i++) {
		int kind = fake_statement_kind(batch->queries[i].statement->sql);

		if (kind >= 0)
			return kind;
	}
	return -1;
}

static void carry_out(struct db_batch *batch)
{
	for (unsigned i = 0; i < batch->query_count; i++) {
		struct db_query *query = &batch->queries[i];

		query->result = fake_statement_answer(query->statement->sql, query->values);
	}
}

static void answer(struct db_batch *batch)
{
	switch (fake_tables_outcome(kind_of(batch))) {
	case FAKE_GOOD:
		carry_out(batch);
		break;
	case FAKE_LOST:
		db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE, "the connection was lost");
		break;
	case FAKE_UNSURE_DONE:
		carry_out(batch);
		db_batch_rewind(batch);
		db_batch_fail(batch, ERROR_OUTCOME_UNKNOWN, db_outcome_unknown);
		break;
	case FAKE_UNSURE:
		db_batch_fail(batch, ERROR_OUTCOME_UNKNOWN, db_outcome_unknown);
		break;
	case FAKE_REFUSED:
		db_batch_fail(batch, ERROR_DATABASE_ERROR, "duplicate key value violates SECRET");
		strcpy(batch->sqlstate, "23505");
		break;
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct db_pipeline *pipeline = timer->data;

	LIST_EACH (item, &pipeline->waiting) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		if (fake_tables_holds(kind_of(batch)))
			continue;
		answer(batch);
		list_remove(&batch->link);
		batch->done(batch);
	}
	if (!list_is_empty(&pipeline->waiting))
		uv_timer_start(timer, on_timer, 1, 0);
}

struct db_pipeline *db_pipeline_create(uv_loop_t *loop, const struct db_pipeline_settings *settings)
{
	struct db_pipeline *pipeline = memory_alloc_zeroed(1, sizeof(*pipeline));

	(void)settings;
	uv_timer_init(loop, &pipeline->timer);
	pipeline->timer.data = pipeline;
	list_init(&pipeline->waiting);
	return pipeline;
}

void db_pipeline_submit(struct db_pipeline *pipeline, struct db_batch *batch)
{
	fake_tables_note_sent(kind_of(batch));
	list_append(&pipeline->waiting, &batch->link);
	uv_timer_start(&pipeline->timer, on_timer, 0, 0);
}

void db_pipeline_close(struct db_pipeline *pipeline)
{
	REQUIRE(list_is_empty(&pipeline->waiting));
	uv_close((uv_handle_t *)&pipeline->timer, NULL);
}

void db_pipeline_destroy(struct db_pipeline *pipeline)
{
	free(pipeline);
}
