#include "queue/values/dispatcher_parts.h"

#include "queue/values/back_off.h"

static enum lease_verdict find(const struct dispatcher *dispatcher, unsigned queue, int64_t id,
			       struct lease_token token, struct job **found)
{
	struct job *job = jobs_find(&dispatcher->jobs, id);

	if (job == NULL || group_of(dispatcher, job)->queue != queue)
		return LEASE_NO_JOB;
	if (job->lease == 0 || job->lease != token.number || dispatcher->settings.epoch != token.epoch)
		return LEASE_STALE;
	*found = job;
	return LEASE_HELD;
}

void job_failed(struct dispatcher *dispatcher, struct job *job, enum came_back came_back, uint64_t due_ns,
		struct job_change *change)
{
	bool is_dead = job->attempt >= job->max_attempts;
	struct queue *queue = queue_of(dispatcher, job);

	*change = (struct job_change){
	    .id = job->id,
	    .queue = queue->number - 1,
	    .attempt = job->attempt,
	    .due_ns = is_dead ? 0 : due_ns,
	    .came_back = came_back,
	    .is_dead = is_dead,
	};
	if (is_dead) {
		queue->dead++;
		job_end(dispatcher, job);
		return;
	}
	job->lease = 0;
	job->came_back = (uint8_t)(came_back & 15);
	job_change_state(dispatcher, job, due_ns > 0 ? JOB_RETRY : JOB_READY, due_ns);
}

enum lease_verdict dispatcher_ack(struct dispatcher *dispatcher, unsigned queue, int64_t id, struct lease_token token)
{
	struct job *job;
	enum lease_verdict verdict = find(dispatcher, queue, id, token, &job);

	if (verdict == LEASE_HELD)
		job_end(dispatcher, job);
	return verdict;
}

/* SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014). */
static uint64_t next_random(struct dispatcher *dispatcher)
{
	uint64_t value = dispatcher->random += 0x9e3779b97f4a7c15u;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
	value = (value ^ value >> 27) * 0x94d049bb133111ebu;
	return value ^ value >> 31;
}

enum lease_verdict dispatcher_nack(struct dispatcher *dispatcher, unsigned queue, int64_t id, struct lease_token token,
				   uint64_t delay_ns, uint64_t now_ns, struct job_change *change)
{
	struct job *job;
	enum lease_verdict verdict = find(dispatcher, queue, id, token, &job);

	if (verdict != LEASE_HELD)
		return verdict;
	if (delay_ns == NACK_BACK_OFF)
		delay_ns = back_off_ns(job->attempt, next_random(dispatcher));
	job_failed(dispatcher, job, CAME_NACKED, delay_ns > 0 ? now_ns + delay_ns : 0, change);
	return LEASE_HELD;
}

enum lease_verdict dispatcher_extend(struct dispatcher *dispatcher, unsigned queue, int64_t id,
				     struct lease_token token, uint64_t lease_ns, uint64_t now_ns)
{
	struct job *job;
	enum lease_verdict verdict = find(dispatcher, queue, id, token, &job);

	if (verdict == LEASE_HELD)
		heap_move(&dispatcher->leases, &job->place, now_ns + lease_ns);
	return verdict;
}

enum lease_verdict dispatcher_give_back(struct dispatcher *dispatcher, unsigned queue, int64_t id,
					struct lease_token token)
{
	struct job *job;
	enum lease_verdict verdict = find(dispatcher, queue, id, token, &job);

	if (verdict != LEASE_HELD)
		return verdict;
	job->lease = 0;
	job->attempt--;
	job->came_back = CAME_DISCONNECTED;
	job_change_state(dispatcher, job, JOB_READY, 0);
	return LEASE_HELD;
}
