#include "queue/values/dispatcher_parts.h"

#include "base/require.h"

void queue_awaken(struct dispatcher *dispatcher, struct queue *queue)
{
	if (queue->rate_place != 0)
		heap_take_out(&dispatcher->rates, &queue->rate_place);
	if (list_is_empty(&queue->awake) && queue->parked_count > 0 && queue->ready.count > 0 &&
	    !queue->settings.is_paused)
		list_append(&dispatcher->awake, &queue->awake);
}

static struct text text_of_payload(const struct payload *payload)
{
	return payload == NULL ? (struct text){NULL, 0} : (struct text){payload->text, payload->length};
}

static void lease(struct dispatcher *dispatcher, struct job *job, uint64_t until_ns, struct given *given)
{
	const struct group *group = group_of(dispatcher, job);

	job->lease = ++dispatcher->lease_count;
	job->attempt++;
	job_change_state(dispatcher, job, JOB_LEASED, until_ns);
	*given = (struct given){
	    .id = job->id,
	    .token = {dispatcher->settings.epoch, job->lease},
	    .queue = group->queue,
	    .enqueued_ns = job->enqueued_ns,
	    .lease_until_ns = until_ns,
	    .attempt = job->attempt,
	    .max_attempts = job->max_attempts,
	    .priority = job->priority,
	    .came_back = job->came_back,
	    .group = {group->name, group->name_bytes},
	    .payload = text_of_payload(job->payload),
	};
}

/* Returns the job that comes next, or NULL. */
static struct job *next_job(struct dispatcher *dispatcher, struct queue *queue)
{
	while (queue->ready.count > 0) {
		struct job *job = CONTAINER_OF(heap_first(&queue->ready)->place, struct job, place);
		const struct group *group = group_of(dispatcher, job);

		if (group->name_bytes == 0 || group->held_count < group_most(queue))
			return job;
		/* the concurrency was set lower since it became ready: it goes behind */
		job_change_state(dispatcher, job, JOB_READY, 0);
	}
	return NULL;
}

/* Returns how many. *next_ns: 0, or when the rate allows more. */
static unsigned give(struct dispatcher *dispatcher, struct queue *queue, const struct parked *claim, uint64_t now_ns,
		     struct given *given, uint64_t *next_ns)
{
	unsigned count = 0;
	struct job *job;

	*next_ns = 0;
	while (count < claim->want && !queue->settings.is_paused && (job = next_job(dispatcher, queue)) != NULL) {
		if (!rate_take(&queue->rate, now_ns, next_ns))
			break;
		lease(dispatcher, job, now_ns + claim->lease_ns, &given[count++]);
	}
	return count;
}

unsigned dispatcher_claim(struct dispatcher *dispatcher, unsigned queue, unsigned want, uint64_t lease_ns,
			  uint64_t now_ns, struct given *given)
{
	const struct parked claim = {.want = want < CLAIM_MAX ? want : CLAIM_MAX, .lease_ns = lease_ns};
	struct queue *it = dispatcher_queue_at(dispatcher, queue);
	uint64_t next_ns;

	return it->parked_count > 0 ? 0 : give(dispatcher, it, &claim, now_ns, given, &next_ns);
}

bool dispatcher_park(struct dispatcher *dispatcher, unsigned queue, struct parked *parked, unsigned want,
		     uint64_t lease_ns, uint64_t until_ns)
{
	struct queue *it = dispatcher_queue_at(dispatcher, queue);

	if (dispatcher->parked_count >= dispatcher->settings.parked_max)
		return false;
	parked->queue = queue;
	parked->want = want < CLAIM_MAX ? want : CLAIM_MAX;
	parked->lease_ns = lease_ns;
	list_append(&it->parked, &parked->link);
	heap_put(&dispatcher->waits, until_ns, &parked->place);
	it->parked_count++;
	dispatcher->parked_count++;
	queue_awaken(dispatcher, it);
	return true;
}

void dispatcher_unpark(struct dispatcher *dispatcher, struct parked *parked)
{
	dispatcher_queue_at(dispatcher, parked->queue)->parked_count--;
	dispatcher->parked_count--;
	heap_take_out(&dispatcher->waits, &parked->place);
	list_remove(&parked->link);
}

/* Returns the claim of the queue that was served, or NULL. */
static struct parked *serve(struct dispatcher *dispatcher, struct queue *queue, uint64_t now_ns, struct given *given,
			    unsigned *count)
{
	struct parked *parked = CONTAINER_OF(queue->parked.next, struct parked, link);
	uint64_t next_ns;

	if (queue->parked_count == 0)
		return NULL;
	*count = give(dispatcher, queue, parked, now_ns, given, &next_ns);
	if (*count == 0) {
		if (next_ns > 0)
			heap_put(&dispatcher->rates, next_ns, &queue->rate_place);
		return NULL;
	}
	dispatcher_unpark(dispatcher, parked);
	queue_awaken(dispatcher, queue);
	return parked;
}

struct parked *dispatcher_next_served(struct dispatcher *dispatcher, uint64_t now_ns, struct given *given,
				      unsigned *count)
{
	while (!list_is_empty(&dispatcher->awake)) {
		struct queue *queue = CONTAINER_OF(dispatcher->awake.next, struct queue, awake);
		struct parked *parked;

		/* behind the others: all queues come in turn */
		list_remove(&queue->awake);
		parked = serve(dispatcher, queue, now_ns, given, count);
		if (parked != NULL)
			return parked;
	}
	return NULL;
}

struct parked *dispatcher_next_unserved(struct dispatcher *dispatcher, uint64_t now_ns)
{
	struct parked *parked;

	if (heap_first_key(&dispatcher->waits) > now_ns)
		return NULL;
	parked = CONTAINER_OF(heap_first(&dispatcher->waits)->place, struct parked, place);
	dispatcher_unpark(dispatcher, parked);
	return parked;
}
