#include "queue/values/jobs.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>

/* Ids are the service's own, so no client chooses them: they need no seed, only to be spread (the finalizer of
 * MurmurHash3). */
static uint64_t hash_of_id(int64_t id)
{
	uint64_t hash = (uint64_t)id;

	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
	return hash ^ hash >> 33;
}

static uint64_t hash_of(const void *record)
{
	return hash_of_id(((const struct job *)record)->id);
}

void jobs_init(struct jobs *jobs, size_t payload_bytes_max, size_t kept_bytes_max)
{
	jobs->payload_bytes_max = payload_bytes_max;
	jobs->kept_bytes = 0;
	jobs->kept_bytes_max = kept_bytes_max;
	pool_init(&jobs->pool, sizeof(struct job));
	table_init(&jobs->by_id, &jobs->pool, hash_of);
}

void jobs_cleanup(struct jobs *jobs)
{
	for (uint32_t place = 0; place < jobs->by_id.place_count; place++)
		for (uint32_t number = jobs->by_id.places[place]; number != 0;
		     number = jobs_at(jobs, number)->link.next)
			free(jobs_at(jobs, number)->payload);
	table_cleanup(&jobs->by_id);
	pool_cleanup(&jobs->pool);
}

static struct payload *copy_payload(struct jobs *jobs, struct text text)
{
	struct payload *payload;

	if (text.at == NULL || text.length > jobs->payload_bytes_max ||
	    text.length > jobs->kept_bytes_max - jobs->kept_bytes)
		return NULL;
	REQUIRE(text.length <= UINT32_MAX);
	jobs->kept_bytes += text.length;
	payload = memory_alloc(sizeof(*payload) + text.length);
	payload->length = (uint32_t)text.length;
	memcpy(payload->text, text.at, text.length);
	return payload;
}

/* After an attempt it is the wait for the next one, which is no wish of the producer. */
static uint32_t delay_s_of(const struct job_spec *spec)
{
	if (spec->attempt > 0 || spec->due_ns <= spec->enqueued_ns)
		return 0;
	return (uint32_t)((spec->due_ns - spec->enqueued_ns) / NS_PER_S);
}

struct job *jobs_add(struct jobs *jobs, const struct job_spec *spec)
{
	struct job *job;
	uint32_t number;

	REQUIRE(spec->id >= 1 && spec->id <= JOB_ID_MAX);
	REQUIRE(spec->priority >= PRIORITY_MIN && spec->priority <= PRIORITY_MAX);
	if (jobs_find(jobs, spec->id) != NULL)
		return NULL;
	number = pool_take(&jobs->pool);
	job = jobs_at(jobs, number);
	job->number = number;
	job->id = spec->id;
	job->enqueued_ns = spec->enqueued_ns;
	job->delay_s = delay_s_of(spec);
	job->priority = spec->priority;
	job->attempt = spec->attempt;
	job->max_attempts = spec->max_attempts;
	job->came_back = (uint8_t)(spec->came_back & 15);
	job->payload = copy_payload(jobs, spec->payload);
	table_add(&jobs->by_id, number);
	return job;
}

struct job *jobs_find(const struct jobs *jobs, int64_t id)
{
	uint32_t number = table_first(&jobs->by_id, hash_of_id(id));

	while (number != 0 && jobs_at(jobs, number)->id != id)
		number = jobs_at(jobs, number)->link.next;
	return number == 0 ? NULL : jobs_at(jobs, number);
}

void jobs_drop_payload(struct jobs *jobs, struct job *job)
{
	if (job->payload == NULL)
		return;
	jobs->kept_bytes -= job->payload->length;
	free(job->payload);
	job->payload = NULL;
}

void jobs_remove(struct jobs *jobs, struct job *job)
{
	jobs_drop_payload(jobs, job);
	table_remove(&jobs->by_id, job->number);
	pool_give(&jobs->pool, job->number);
}
