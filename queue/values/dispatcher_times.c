#include "queue/values/dispatcher_parts.h"

/* Jobs of one call of dispatcher_advance(): some milliseconds. */
enum { ADVANCE_MAX = 2000 };

void dispatcher_advance(struct dispatcher *dispatcher, uint64_t now_ns)
{
	for (unsigned i = 0; i < ADVANCE_MAX && heap_first_key(&dispatcher->times) <= now_ns; i++)
		job_change_state(dispatcher, CONTAINER_OF(heap_first(&dispatcher->times)->place, struct job, place),
				 JOB_READY, 0);
	/* takes the queue out */
	while (heap_first_key(&dispatcher->rates) <= now_ns)
		queue_awaken(dispatcher, CONTAINER_OF(heap_first(&dispatcher->rates)->place, struct queue, rate_place));
}

bool dispatcher_next_change(struct dispatcher *dispatcher, uint64_t now_ns, struct job_change *change)
{
	if (heap_first_key(&dispatcher->leases) > now_ns)
		return false;
	job_failed(dispatcher, CONTAINER_OF(heap_first(&dispatcher->leases)->place, struct job, place), CAME_EXPIRED, 0,
		   change);
	return true;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t dispatcher_next_wake_ns(const struct dispatcher *dispatcher)
{
	if (!list_is_empty(&dispatcher->awake))
		return 0;
	return sooner(sooner(heap_first_key(&dispatcher->times), heap_first_key(&dispatcher->leases)),
		      sooner(heap_first_key(&dispatcher->waits), heap_first_key(&dispatcher->rates)));
}
