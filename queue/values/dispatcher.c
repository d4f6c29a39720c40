#include "queue/values/dispatcher_parts.h"

#include "base/memory.h"
#include "base/require.h"
#include "base/siphash.h"
#include "queue/values/queue_name.h"

#include <stdlib.h>

static uint64_t hash_of(const void *record)
{
	return ((const struct queue *)record)->hash;
}

struct dispatcher *dispatcher_create(const struct dispatcher_settings *settings)
{
	struct dispatcher *dispatcher = memory_alloc_zeroed(1, sizeof(*dispatcher));

	dispatcher->settings = *settings;
	dispatcher->random = settings->seed[0] ^ settings->seed[1];
	pool_init(&dispatcher->queues, sizeof(struct queue));
	table_init(&dispatcher->queues_by_name, &dispatcher->queues, hash_of);
	jobs_init(&dispatcher->jobs, settings->payload_bytes_max, settings->kept_bytes_max);
	groups_init(&dispatcher->groups, settings->seed);
	list_init(&dispatcher->awake);
	return dispatcher;
}

void dispatcher_destroy(struct dispatcher *dispatcher)
{
	for (unsigned i = 0; i < dispatcher_queue_count(dispatcher); i++) {
		struct queue *queue = dispatcher_queue_at(dispatcher, i);

		heap_cleanup(&queue->ready);
		free(queue->name);
	}
	heap_cleanup(&dispatcher->times);
	heap_cleanup(&dispatcher->leases);
	heap_cleanup(&dispatcher->waits);
	heap_cleanup(&dispatcher->rates);
	groups_cleanup(&dispatcher->groups);
	jobs_cleanup(&dispatcher->jobs);
	table_cleanup(&dispatcher->queues_by_name);
	pool_cleanup(&dispatcher->queues);
	free(dispatcher);
}

/* Queues */

int dispatcher_add_queue(struct dispatcher *dispatcher, struct text name)
{
	struct queue *queue;
	uint32_t number;

	REQUIRE(queue_name_is_valid(name) && dispatcher_find_queue(dispatcher, name) < 0);
	if (dispatcher->queues.used_count >= dispatcher->settings.queues_max)
		return -1;
	number = pool_take(&dispatcher->queues);
	queue = pool_at(&dispatcher->queues, number);
	queue->number = number;
	queue->free_group = groups_make_free(&dispatcher->groups, number - 1);
	queue->hash = siphash(dispatcher->settings.seed, name);
	queue->name = memory_alloc(name.length);
	queue->name_bytes = name.length;
	memcpy(queue->name, name.at, name.length);
	list_init(&queue->parked);
	list_init(&queue->awake);
	table_add(&dispatcher->queues_by_name, number);
	return (int)number - 1;
}

int dispatcher_find_queue(const struct dispatcher *dispatcher, struct text name)
{
	uint64_t hash = siphash(dispatcher->settings.seed, name);
	uint32_t number = table_first(&dispatcher->queues_by_name, hash);

	while (number != 0) {
		const struct queue *queue = pool_at(&dispatcher->queues, number);

		if (text_equal((struct text){queue->name, queue->name_bytes}, name))
			return (int)number - 1;
		number = queue->link.next;
	}
	return -1;
}

unsigned dispatcher_queue_count(const struct dispatcher *dispatcher)
{
	return dispatcher->queues.used_count;
}

struct text dispatcher_queue_name(const struct dispatcher *dispatcher, unsigned queue)
{
	const struct queue *it = dispatcher_queue_at(dispatcher, queue);

	return (struct text){it->name, it->name_bytes};
}

void dispatcher_set_queue(struct dispatcher *dispatcher, unsigned queue, const struct queue_settings *settings)
{
	struct queue *it = dispatcher_queue_at(dispatcher, queue);
	bool is_other_concurrency = it->settings.group_concurrency != settings->group_concurrency;

	REQUIRE(settings->rate_count == 0 || (settings->rate_count <= RATE_COUNT_MAX && settings->rate_period_s > 0 &&
					      settings->rate_period_s <= RATE_PERIOD_S_MAX));
	it->settings = *settings;
	it->rate.count = settings->rate_count;
	it->rate.period_s = settings->rate_period_s;
	if (is_other_concurrency)
		queue_let_go(dispatcher, it);
	queue_awaken(dispatcher, it);
}

const struct queue_settings *dispatcher_queue_settings(const struct dispatcher *dispatcher, unsigned queue)
{
	return &dispatcher_queue_at(dispatcher, queue)->settings;
}

static unsigned depth_of(const struct queue *queue)
{
	unsigned depth = 0;

	for (unsigned state = 0; state < JOB_STATES; state++)
		depth += queue->counts[state];
	return depth;
}

static uint64_t oldest_ns_of(const struct dispatcher *dispatcher, const struct queue *queue)
{
	const struct job *oldest;

	if (queue->oldest == 0)
		return 0;
	oldest = jobs_at(&dispatcher->jobs, queue->oldest);
	return oldest->enqueued_ns + oldest->delay_s * NS_PER_S;
}

void dispatcher_figures(const struct dispatcher *dispatcher, unsigned queue, struct queue_figures *figures)
{
	const struct queue *it = dispatcher_queue_at(dispatcher, queue);

	*figures = (struct queue_figures){
	    .ready = it->counts[JOB_READY] + it->counts[JOB_BEHIND],
	    .delayed = it->counts[JOB_DELAYED] + it->counts[JOB_RETRY],
	    .in_flight = it->counts[JOB_LEASED],
	    .ending = it->counts[JOB_ENDING],
	    .depth = depth_of(it),
	    .reserved = it->reserved,
	    .parked = it->parked_count,
	    .dead = it->dead,
	    .oldest_ns = oldest_ns_of(dispatcher, it),
	};
}

void dispatcher_count_dead(struct dispatcher *dispatcher, unsigned queue, int64_t change)
{
	struct queue *it = dispatcher_queue_at(dispatcher, queue);

	REQUIRE(change >= 0 || it->dead >= (uint64_t)-change);
	it->dead += (uint64_t)change;
}

/* Jobs */

unsigned dispatcher_room(const struct dispatcher *dispatcher)
{
	unsigned used = dispatcher->jobs.pool.used_count + dispatcher->reserved;

	return used < dispatcher->settings.jobs_max ? dispatcher->settings.jobs_max - used : 0;
}

enum reserved dispatcher_reserve(struct dispatcher *dispatcher, unsigned queue, unsigned count)
{
	struct queue *it = dispatcher_queue_at(dispatcher, queue);
	unsigned most = it->settings.length_max, used = depth_of(it) + it->reserved;

	if (most > 0 && (used > most || count > most - used))
		return RESERVED_NOT_QUEUE_FULL;
	return dispatcher_reserve_answered(dispatcher, queue, count) ? RESERVED : RESERVED_NOT_ALL_FULL;
}

bool dispatcher_reserve_answered(struct dispatcher *dispatcher, unsigned queue, unsigned count)
{
	if (count > dispatcher_room(dispatcher))
		return false;
	dispatcher_queue_at(dispatcher, queue)->reserved += count;
	dispatcher->reserved += count;
	return true;
}

void dispatcher_unreserve(struct dispatcher *dispatcher, unsigned queue, unsigned count)
{
	struct queue *it = dispatcher_queue_at(dispatcher, queue);

	REQUIRE(it->reserved >= count);
	it->reserved -= count;
	dispatcher->reserved -= count;
}

bool dispatcher_add(struct dispatcher *dispatcher, const struct job_spec *spec, uint64_t now_ns)
{
	struct queue *queue = dispatcher_queue_at(dispatcher, spec->queue);
	struct job *job = jobs_add(&dispatcher->jobs, spec);

	if (job == NULL)
		return false;
	job->group = spec->group.length == 0
			 ? queue->free_group
			 : groups_find_or_make(&dispatcher->groups, spec->queue, spec->group)->number;
	if (spec->due_ns <= now_ns)
		job_enter_first(dispatcher, job, JOB_READY, 0);
	else
		job_enter_first(dispatcher, job, spec->attempt > 0 ? JOB_RETRY : JOB_DELAYED, spec->due_ns);
	return true;
}

bool dispatcher_cancel(struct dispatcher *dispatcher, unsigned queue, int64_t id)
{
	struct job *job = jobs_find(&dispatcher->jobs, id);

	if (job == NULL || group_of(dispatcher, job)->queue != queue || job->state == JOB_ENDING)
		return false;
	job_end(dispatcher, job);
	return true;
}

void dispatcher_ended(struct dispatcher *dispatcher, int64_t id)
{
	struct job *job = jobs_find(&dispatcher->jobs, id);

	REQUIRE(job != NULL && job->state == JOB_ENDING);
	job_leave(dispatcher, job);
	jobs_remove(&dispatcher->jobs, job);
}
