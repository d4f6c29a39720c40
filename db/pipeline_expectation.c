#include "db/pipeline_parts.h"

#include "base/clock.h"

enum {
	QUICK_MS = 4,   /* a statement that takes longer on average travels alone */
	CHANGED_S = 60, /* so long does one that has changed its session */
};

/* Of an edition before, nothing is learnt any more: what is left of it travels alone. */
static bool is_known(const struct db_pipeline *pipeline, const struct db_statement *statement)
{
	return statement->index < pipeline->catalog.statement_count && statement->edition == pipeline->catalog.edition;
}

uint64_t *pipeline_expectation_of(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	const struct db_statement *statement = batch->queries[0].statement;

	return is_known(pipeline, statement) ? &pipeline->expected_ns[statement->index] : NULL;
}

/* The round trip makes no statement slow: it is no work of PostgreSQL's, and others travel at the same time. */
uint64_t pipeline_quick_ns(const struct db_pipeline *pipeline)
{
	return QUICK_MS * NS_PER_MS + pipeline->distance_ns;
}

/* It may have been a setting of the server's that was loaded again. After a while it counts as never seen, and so is
 * alone the first time. */
static bool changes_its_session(struct db_pipeline *pipeline, unsigned statement)
{
	uint64_t *changed_ns = &pipeline->changed_ns[statement];

	if (LIKELY(*changed_ns == 0))
		return false;
	if (clock_now_ns() > *changed_ns + CHANGED_S * NS_PER_S) {
		*changed_ns = 0;
		pipeline->expected_ns[statement] = 0;
	}
	return true;
}

/* What is not known yet counts as slow, and so does what its author has isolated. A pg_sleep() of one request says
 * nothing of the next. */
bool pipeline_is_quick(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	const struct db_statement *statement = batch->queries[0].statement;
	const uint64_t *expected_ns = pipeline_expectation_of(pipeline, batch);

	return !statement->is_isolated && !batch->was_rescued && expected_ns != NULL && *expected_ns > 0 &&
	       *expected_ns < pipeline_quick_ns(pipeline) && !changes_its_session(pipeline, statement->index);
}

void pipeline_note_change(struct db_pipeline *pipeline, const struct db_statement *statement)
{
	if (is_known(pipeline, statement))
		pipeline->changed_ns[statement->index] = clock_now_ns();
}

void pipeline_learn(struct db_pipeline *pipeline, const struct db_batch *batch, uint64_t took_ns)
{
	uint64_t *expected_ns = pipeline_expectation_of(pipeline, batch);

	if (expected_ns != NULL)
		congestion_learn(expected_ns, took_ns);
}

uint64_t pipeline_share_of(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	const uint64_t *expected_ns = pipeline_expectation_of(pipeline, batch);

	return expected_ns != NULL ? *expected_ns : 0;
}
