#include "queue/values/dispatcher_parts.h"

/* A job with a state that holds its group lets later ones of it wait. */
static bool holds_group(enum job_state state)
{
	return state == JOB_LEASED || state == JOB_RETRY || state == JOB_ENDING;
}

static bool is_listed_in(enum job_state state)
{
	return state != JOB_DELAYED && state != JOB_ENDING;
}

/* The heap that jobs of this state stand in, or NULL. */
static struct heap *heap_of(struct dispatcher *dispatcher, struct group *group, enum job_state state)
{
	switch (state) {
	case JOB_DELAYED:
	case JOB_RETRY:
		return &dispatcher->times;
	case JOB_BEHIND:
		return &group->behind;
	case JOB_READY:
		return &dispatcher_queue_at(dispatcher, group->queue)->ready;
	case JOB_LEASED:
		return &dispatcher->leases;
	default:
		return NULL;
	}
}

static void list_append_job(struct dispatcher *dispatcher, struct queue *queue, struct job *job)
{
	job->is_listed = true;
	job->older = queue->newest;
	if (queue->newest != 0)
		jobs_at(&dispatcher->jobs, queue->newest)->newer = job->number;
	else
		queue->oldest = job->number;
	queue->newest = job->number;
}

static void list_remove_job(struct dispatcher *dispatcher, struct queue *queue, struct job *job)
{
	job->is_listed = false;
	if (job->older != 0)
		jobs_at(&dispatcher->jobs, job->older)->newer = job->newer;
	else
		queue->oldest = job->newer;
	if (job->newer != 0)
		jobs_at(&dispatcher->jobs, job->newer)->older = job->older;
	else
		queue->newest = job->older;
}

static void leave_state(struct dispatcher *dispatcher, struct job *job)
{
	struct group *group = group_of(dispatcher, job);
	struct heap *heap = heap_of(dispatcher, group, job->state);

	if (heap != NULL)
		heap_take_out(heap, &job->place);
	queue_of(dispatcher, job)->counts[job->state]--;
	group->held_count -= holds_group(job->state);
	group->ready_count -= job->state == JOB_READY;
}

static uint64_t key_of(const struct job *job, enum job_state state, uint64_t at_ns)
{
	if (state == JOB_READY)
		return job_order(job);
	return state == JOB_BEHIND ? (uint64_t)job->id : at_ns;
}

static void enter_state(struct dispatcher *dispatcher, struct job *job, enum job_state state, uint64_t at_ns)
{
	struct group *group = group_of(dispatcher, job);
	struct queue *queue = queue_of(dispatcher, job);
	struct heap *heap = heap_of(dispatcher, group, state);

	job->state = state & 7;
	if (heap != NULL)
		heap_put(heap, key_of(job, state, at_ns), &job->place);
	queue->counts[state]++;
	group->held_count += holds_group(state);
	group->ready_count += state == JOB_READY;
	if (is_listed_in(state) && !job->is_listed)
		list_append_job(dispatcher, queue, job);
	if (!is_listed_in(state) && job->is_listed)
		list_remove_job(dispatcher, queue, job);
	if (state == JOB_READY)
		queue_awaken(dispatcher, queue);
}

/* A job of a group goes through it: it is ready when it is its turn. */
static enum job_state first_of(const struct group *group, enum job_state state)
{
	return state == JOB_READY && group->name_bytes > 0 ? JOB_BEHIND : state;
}

/* As many of a group as may be are ready. */
static void let_go(struct dispatcher *dispatcher, struct group *group)
{
	const struct queue *queue = dispatcher_queue_at(dispatcher, group->queue);

	while (group->behind.count > 0 && group->held_count + group->ready_count < group_most(queue)) {
		struct job *job = CONTAINER_OF(heap_first(&group->behind)->place, struct job, place);

		leave_state(dispatcher, job);
		enter_state(dispatcher, job, JOB_READY, 0);
	}
}

void queue_let_go(struct dispatcher *dispatcher, const struct queue *queue)
{
	const struct table *groups = &dispatcher->groups.by_name;

	for (uint32_t place = 0; place < groups->place_count; place++)
		for (uint32_t number = groups->places[place]; number != 0;) {
			struct group *group = groups_at(&dispatcher->groups, number);

			if (group->queue == queue->number - 1)
				let_go(dispatcher, group);
			number = group->link.next;
		}
}

void job_enter_first(struct dispatcher *dispatcher, struct job *job, enum job_state state, uint64_t at_ns)
{
	struct group *group = group_of(dispatcher, job);

	group->job_count++;
	enter_state(dispatcher, job, first_of(group, state), at_ns);
	let_go(dispatcher, group);
}

void job_change_state(struct dispatcher *dispatcher, struct job *job, enum job_state state, uint64_t at_ns)
{
	struct group *group = group_of(dispatcher, job);

	leave_state(dispatcher, job);
	enter_state(dispatcher, job, first_of(group, state), at_ns);
	let_go(dispatcher, group);
}

void job_end(struct dispatcher *dispatcher, struct job *job)
{
	job->lease = 0;
	jobs_drop_payload(&dispatcher->jobs, job);
	job_change_state(dispatcher, job, JOB_ENDING, 0);
}

void job_leave(struct dispatcher *dispatcher, struct job *job)
{
	struct group *group = group_of(dispatcher, job);

	leave_state(dispatcher, job);
	if (--group->job_count == 0 && group->name_bytes > 0)
		groups_drop(&dispatcher->groups, group);
	else
		let_go(dispatcher, group);
}
