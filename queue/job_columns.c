#include "queue/job_columns.h"

#include "base/clock.h"
#include "queue/arrays.h"

void job_columns_init(struct job_columns *columns, struct arena *arena)
{
	columns->names = buffer_in(arena);
	for (unsigned i = 0; i < JOB_COLUMNS; i++)
		columns->arrays[i] = buffer_in(arena);
}

void job_columns_add(struct job_columns *columns, const struct job_spec *job, const char *queue)
{
	struct buffer *arrays = columns->arrays;

	array_add_number(&arrays[COLUMN_ID], job->id);
	array_add_text(&arrays[COLUMN_QUEUE], queue);
	array_add_number(&arrays[COLUMN_PRIORITY], job->priority);
	array_add_number(&arrays[COLUMN_MAX_ATTEMPTS], job->max_attempts);
	array_add_time(&arrays[COLUMN_DUE], job->due_ns);
	array_add_time(&arrays[COLUMN_ENQUEUED], job->enqueued_ns);
	array_add_text(&arrays[COLUMN_GROUP], job->group.at);
	array_add_text(&arrays[COLUMN_PAYLOAD], job->payload.at);
}

void job_columns_add_name(struct job_columns *columns, const char *queue)
{
	array_add_text(&columns->names, queue);
}

const char *job_columns_names(struct job_columns *columns)
{
	return columns->names.length > 0 ? array_end(&columns->names) : NULL;
}

void job_columns_end(struct job_columns *columns, const char *values[static JOB_COLUMNS])
{
	for (unsigned i = 0; i < JOB_COLUMNS; i++)
		values[i] = array_end(&columns->arrays[i]);
}
