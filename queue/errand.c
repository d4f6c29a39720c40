#include "queue/store_parts.h"

#include "base/log.h"

#include <inttypes.h>

void errand_init(struct errand *errand, struct queue_store *store)
{
	errand->store = store;
	db_batch_init(&errand->batch);
}

bool errand_is_due(const struct errand *errand, uint64_t now_ns)
{
	return !errand->is_under_way && now_ns >= errand->next_ns;
}

void errand_begin(struct errand *errand)
{
	db_batch_cleanup(&errand->batch);
	arena_reset(&errand->arena);
}

void errand_add(struct errand *errand, const struct db_statement *statement, const char *const *values)
{
	const char **kept = arena_alloc(&errand->arena, (statement->parameter_count + 1) * sizeof(*kept));

	for (unsigned i = 0; i < statement->parameter_count; i++)
		kept[i] = values[i];
	db_batch_add(&errand->batch, statement, kept);
}

const char *errand_number(struct errand *errand, int64_t number)
{
	return arena_printf(&errand->arena, "%" PRId64, number);
}

void errand_submit(struct errand *errand, uint64_t timeout_ms, db_done_fn *done)
{
	errand->is_under_way = true;
	errand->batch.done = done;
	errand->batch.submitted_ns = clock_now_ns();
	errand->batch.deadline_ns = errand->batch.submitted_ns + timeout_ms * NS_PER_MS;
	db_pipeline_submit(errand->store->pipeline, &errand->batch);
}

struct errand *errand_over(struct db_batch *batch, uint64_t pause_ms)
{
	struct errand *errand = CONTAINER_OF(batch, struct errand, batch);

	errand->is_under_way = false;
	errand->next_ns = clock_now_ns() + pause_ms * NS_PER_MS;
	store_note_work(errand->store);
	return errand;
}

void errand_log(const struct errand *errand, const char *what)
{
	const struct db_batch *batch = &errand->batch;

	log_warning("queue", "%s: %s%s%s", what, batch->message, batch->said[0] != '\0' ? ": " : "", batch->said);
}

void errand_cleanup(struct errand *errand)
{
	db_batch_cleanup(&errand->batch);
	arena_cleanup(&errand->arena);
}
