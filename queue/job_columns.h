/* job_columns.h - rows of jobs as one array for each column, in PostgreSQL's text form, for unnest().
 *
 * Life:    job_columns_init() -> job_columns_add()*, job_columns_add_name()* -> job_columns_names() -> job_columns_end().
 * Owner:   the arena.
 * Thread:  one at a time.
 */
#pragma once

#include "base/buffer.h"
#include "queue/values/job.h"

enum job_column {
	COLUMN_ID,
	COLUMN_QUEUE,
	COLUMN_PRIORITY,
	COLUMN_MAX_ATTEMPTS,
	COLUMN_DUE,
	COLUMN_ENQUEUED,
	COLUMN_GROUP,
	COLUMN_PAYLOAD,
	JOB_COLUMNS
};

struct job_columns {
	struct buffer arrays[JOB_COLUMNS];
	struct buffer names; /* of queues that may be new */
};

void job_columns_init(struct job_columns *columns, struct arena *arena);
/* `queue` is its name. Times are microseconds since 1970; of a job that is due at once the time is NULL. */
void job_columns_add(struct job_columns *columns, const struct job_spec *job, const char *queue);
void job_columns_add_name(struct job_columns *columns, const char *queue);
/* NULL: none was added. */
const char *job_columns_names(struct job_columns *columns);
void job_columns_end(struct job_columns *columns, const char *values[static JOB_COLUMNS]);
