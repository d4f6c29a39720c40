#include "loop/compute_pool.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/require.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { PROMPT_NICE = 10 };

struct compute_pool {
	pthread_mutex_t lock; /* guards the next three, and next_part and started_ns of what is in the list */
	pthread_cond_t has_work;
	struct list waiting; /* computations with parts that no thread has taken */
	bool is_stopping;
	bool is_prompt;

	atomic_uint under_way;
	unsigned limit, thread_count;
	pthread_t *threads;
};

/* Returns NULL when the pool is stopping. */
static struct computation *take_part(struct compute_pool *pool, unsigned *part)
{
	struct computation *computation = NULL;

	pthread_mutex_lock(&pool->lock);
	while (list_is_empty(&pool->waiting) && !pool->is_stopping)
		pthread_cond_wait(&pool->has_work, &pool->lock);
	if (!list_is_empty(&pool->waiting)) {
		computation = CONTAINER_OF(pool->waiting.next, struct computation, link);
		list_remove(&computation->link);
		if (computation->next_part == 0)
			computation->started_ns = clock_now_ns();
		*part = computation->next_part++;
		if (computation->next_part < computation->parts)
			list_append(&pool->waiting, &computation->link);
	}
	pthread_mutex_unlock(&pool->lock);
	return computation;
}

/* A loop or a worker that wants the core has it at once. Where that is refused, the threads are as all others. */
static void give_way(void)
{
	struct sched_param none = {0};

	sched_setscheduler(0, SCHED_IDLE, &none);
}

/* Has a tenth of the core when a loop wants all of it. That is enough to reach the end of what is locked. */
static void be_modest(void)
{
	setpriority(PRIO_PROCESS, 0, PROMPT_NICE);
}

static void *run_thread(void *data)
{
	struct compute_pool *pool = data;
	struct computation *computation;
	unsigned part;

	if (pool->is_prompt)
		be_modest();
	else
		give_way();
	while ((computation = take_part(pool, &part)) != NULL) {
		if (!computation_is_over(computation))
			computation->run(computation, part);
		if (atomic_fetch_sub(&computation->parts_left, 1) > 1)
			continue;
		computation->done_ns = clock_now_ns();
		atomic_fetch_sub(&pool->under_way, 1);
		computation->over(computation);
	}
	return NULL;
}

static struct compute_pool *create(unsigned threads, unsigned limit, bool is_prompt)
{
	struct compute_pool *pool = memory_alloc_zeroed(1, sizeof(*pool));

	pool->is_prompt = is_prompt;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->has_work, NULL);
	list_init(&pool->waiting);
	pool->limit = limit;
	pool->thread_count = threads;
	pool->threads = memory_alloc_zeroed(pool->thread_count, sizeof(*pool->threads));
	for (unsigned i = 0; i < pool->thread_count; i++)
		REQUIRE(pthread_create(&pool->threads[i], NULL, run_thread, pool) == 0);
	return pool;
}

struct compute_pool *compute_pool_create(unsigned threads, unsigned limit)
{
	return create(threads, limit, false);
}

struct compute_pool *compute_pool_create_prompt(unsigned threads, unsigned limit)
{
	return create(threads, limit, true);
}

void compute_pool_destroy(struct compute_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->is_stopping = true;
	pthread_cond_broadcast(&pool->has_work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->thread_count; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->has_work);
	free(pool->threads);
	free(pool);
}

bool compute_pool_submit(struct compute_pool *pool, struct computation *computation, bool goes_on)
{
	bool is_taken = false;

	computation->next_part = 0;
	computation->started_ns = computation->done_ns = 0;
	atomic_store(&computation->parts_left, computation->parts);
	atomic_store(&computation->was_cut, false);
	pthread_mutex_lock(&pool->lock);
	if (goes_on || atomic_load(&pool->under_way) < pool->limit + pool->thread_count) {
		is_taken = true;
		atomic_fetch_add(&pool->under_way, 1);
		list_append(&pool->waiting, &computation->link);
		if (computation->parts > 1)
			pthread_cond_broadcast(&pool->has_work);
		else
			pthread_cond_signal(&pool->has_work);
	}
	pthread_mutex_unlock(&pool->lock);
	return is_taken;
}

bool compute_pool_withdraw(struct compute_pool *pool, struct computation *computation)
{
	bool has_not_begun;

	pthread_mutex_lock(&pool->lock);
	has_not_begun = computation->next_part == 0;
	if (has_not_begun) {
		list_remove(&computation->link);
		atomic_fetch_sub(&pool->under_way, 1);
	}
	pthread_mutex_unlock(&pool->lock);
	return has_not_begun;
}

unsigned compute_pool_count(const struct compute_pool *pool)
{
	return atomic_load(&pool->under_way);
}
