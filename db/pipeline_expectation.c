#include "db/pipeline_parts.h"

#include "base/clock.h"

enum {
	QUICK_MS = 4, /* a statement that takes longer on average travels alone */
};

uint64_t *pipeline_expectation_of(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	const struct db_statement *statement = batch->queries[0].statement;

	return statement->index < pipeline->statement_count ? &pipeline->expected_ns[statement->index] : NULL;
}

/* The way there and back makes nobody slow: it is no work of PostgreSQL's, and others travel it at the same time. */
uint64_t pipeline_quick_ns(const struct db_pipeline *pipeline)
{
	return QUICK_MS * NS_PER_MS + pipeline->distance_ns;
}

/* What is not known yet counts as slow, and so does what its author has isolated: a pg_sleep() of one request says
 * nothing of the next. */
bool pipeline_is_quick(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	const struct db_statement *statement = batch->queries[0].statement;
	const uint64_t *expected_ns = pipeline_expectation_of(pipeline, batch);

	return !statement->is_isolated && !batch->was_rescued && expected_ns != NULL && *expected_ns > 0 &&
	       *expected_ns < pipeline_quick_ns(pipeline) && !pipeline->changes_session[statement->index];
}

void pipeline_note_change(struct db_pipeline *pipeline, const struct db_statement *statement)
{
	if (statement->index < pipeline->statement_count)
		pipeline->changes_session[statement->index] = true;
}

void pipeline_learn(struct db_pipeline *pipeline, const struct db_batch *batch, uint64_t took_ns)
{
	uint64_t *expected_ns = pipeline_expectation_of(pipeline, batch);

	if (expected_ns == NULL)
		return;
	if (*expected_ns == 0)
		*expected_ns = took_ns + 1;
	else
		*expected_ns = *expected_ns - *expected_ns / 8 + took_ns / 8 + 1;
}

uint64_t pipeline_share_of(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	const uint64_t *expected_ns = pipeline_expectation_of(pipeline, batch);

	return expected_ns != NULL ? *expected_ns : 0;
}
