/* queue.h - the pages of one task that wait for one host.
 *
 * Life:    queue_of() -> queue_add()* -> queues_leave().
 * Owner:   the task's arena.
 * Thread:  the fetcher's.
 */
#pragma once

#include "fetch/host.h"
#include "fetch/task.h"

struct queue {
	struct list link; /* in its task */
	struct list pages;
	struct host *host;
};

/* Returns the task's queue at that host, new if need be. */
struct queue *queue_of(struct task *task, struct host *host);
/* A page that has begun goes before those that have not. */
void queue_add(struct queue *queue, struct page *page);
/* Leaves the hosts of all queues of a task, which then has none. */
void queues_leave(struct task *task);
