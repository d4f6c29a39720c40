/* groups.h - the groups of jobs: those of one group are given in their order.
 *
 * A group is made with its first job, and goes with its last one. Each queue has one of no name besides, for its jobs
 * without a group: it orders nothing, and stays.
 *
 * Life:    groups_init() -> groups_make_free(), groups_find_or_make(), groups_drop()* -> groups_cleanup().
 * Owner:   the groups, and copies of their names.
 * Thread:  one at a time.
 * Limits:  there are no more than jobs and queues. A group takes 64 bytes, its name, and its jobs that stand behind.
 */
#pragma once

#include "base/text.h"
#include "queue/values/heap.h"
#include "queue/values/table.h"

struct group {
	struct table_link link;
	uint32_t number;
	uint32_t queue;
	uint32_t job_count;
	uint32_t held_count;  /* jobs that are leased, wait for a retry, or end: later ones wait for them */
	uint32_t ready_count; /* jobs that are ready, and stand behind none */
	struct heap behind;   /* the others, by id */
	uint64_t hash;
	char *name;
	size_t name_bytes; /* 0: the jobs without a group */
};

struct groups {
	struct pool pool;
	struct table by_name;
	uint64_t seed[2];
};

void groups_init(struct groups *groups, const uint64_t seed[2]);
void groups_cleanup(struct groups *groups);

/* Returns the number of a queue's group of no name. */
uint32_t groups_make_free(struct groups *groups, uint32_t queue);
struct group *groups_find_or_make(struct groups *groups, uint32_t queue, struct text name);
/* Of a group without jobs, which has a name. */
void groups_drop(struct groups *groups, struct group *group);

static inline struct group *groups_at(const struct groups *groups, uint32_t number)
{
	return pool_at(&groups->pool, number);
}
