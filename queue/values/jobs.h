/* jobs.h - all jobs of a dispatcher, by id, with their payloads as far as there is room for them.
 *
 * Life:    jobs_init() -> jobs_add(), jobs_find(), jobs_remove()* -> jobs_cleanup().
 * Owner:   the jobs, and copies of their payloads.
 * Thread:  one at a time.
 * Limits:  a payload of `payload_bytes_max`, and all of `kept_bytes_max`: beyond it a job is kept without. A job's own
 *          memory is 64 bytes and its place in a table and a heap.
 */
#pragma once

#include "queue/values/job.h"

struct jobs {
	struct pool pool;
	struct table by_id;
	size_t payload_bytes_max;
	size_t kept_bytes, kept_bytes_max; /* of all payloads */
};

void jobs_init(struct jobs *jobs, size_t payload_bytes_max, size_t kept_bytes_max);
void jobs_cleanup(struct jobs *jobs);

/* Returns NULL where the id is known already. State, group and lists are the caller's to set. */
struct job *jobs_add(struct jobs *jobs, const struct job_spec *spec);
struct job *jobs_find(const struct jobs *jobs, int64_t id);
void jobs_remove(struct jobs *jobs, struct job *job);
void jobs_drop_payload(struct jobs *jobs, struct job *job);

static inline struct job *jobs_at(const struct jobs *jobs, uint32_t number)
{
	return pool_at(&jobs->pool, number);
}
