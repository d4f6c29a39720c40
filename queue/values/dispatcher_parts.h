/* dispatcher_parts.h - what a dispatcher consists of, for its own files.
 *
 * Thread:  as the dispatcher.
 */
#pragma once

#include "queue/values/dispatcher.h"
#include "queue/values/groups.h"
#include "queue/values/jobs.h"
#include "queue/values/rate.h"

struct queue {
	struct table_link link;
	uint32_t number;     /* of the pool's: one more than outside */
	uint32_t free_group; /* of its jobs without a group */
	uint32_t oldest, newest;
	uint32_t rate_place;
	unsigned reserved, parked_count;
	unsigned counts[JOB_STATES];
	uint64_t dead;
	uint64_t hash;
	char *name;
	size_t name_bytes;
	struct queue_settings settings;
	struct rate rate;
	struct heap ready;  /* by job_order() */
	struct list parked; /* the first came first */
	struct list awake;  /* among those of the dispatcher */
};

struct dispatcher {
	struct dispatcher_settings settings;
	struct pool queues;
	struct table queues_by_name;
	struct jobs jobs;
	struct groups groups;
	struct heap times;  /* jobs that wait, by the time that they wait for */
	struct heap leases; /* by their end */
	struct heap waits;  /* parked claims by their end */
	struct heap rates;  /* queues that have used up their rate, by when there is more */
	struct list awake;  /* queues that may have a job for a claim that waits */
	uint64_t lease_count;
	uint64_t random; /* state of the jitter */
	unsigned reserved, parked_count;
};

static inline struct queue *dispatcher_queue_at(const struct dispatcher *dispatcher, unsigned queue)
{
	return pool_at(&dispatcher->queues, queue + 1);
}

static inline struct group *group_of(const struct dispatcher *dispatcher, const struct job *job)
{
	return groups_at(&dispatcher->groups, job->group);
}

static inline struct queue *queue_of(const struct dispatcher *dispatcher, const struct job *job)
{
	return dispatcher_queue_at(dispatcher, group_of(dispatcher, job)->queue);
}

/* How many jobs of a group may be leased at once. */
static inline unsigned group_most(const struct queue *queue)
{
	return queue->settings.group_concurrency > 0 ? queue->settings.group_concurrency : 1;
}

/* dispatcher_states.c: the only functions that change a job's state, and count */

/* Of a job that has none yet. `at_ns` is the time of the states that have one. A job of a group becomes ready only when it
 * is its turn, and JOB_BEHIND until then. */
void job_enter_first(struct dispatcher *dispatcher, struct job *job, enum job_state state, uint64_t at_ns);
void job_change_state(struct dispatcher *dispatcher, struct job *job, enum job_state state, uint64_t at_ns);
/* More of a group may be leased at once than before. */
void queue_let_go(struct dispatcher *dispatcher, const struct queue *queue);
/* Ends its lease, if it has one, and forgets its payload. */
void job_end(struct dispatcher *dispatcher, struct job *job);
/* Takes a job that ends out of its queue and group, and its group with it if it was the last. */
void job_leave(struct dispatcher *dispatcher, struct job *job);

/* dispatcher_leases.c */

/* An attempt has failed: the job is to wait until `due_ns`, or is dead. */
void job_failed(struct dispatcher *dispatcher, struct job *job, enum came_back came_back, uint64_t due_ns,
		struct job_change *change);

/* dispatcher_claims.c */

/* Something has changed: a claim that waits may be given a job. */
void queue_awaken(struct dispatcher *dispatcher, struct queue *queue);
