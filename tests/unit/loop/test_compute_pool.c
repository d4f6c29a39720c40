/* The pool: every part runs once, on as many threads as there are, within the limit, until it is withdrawn or over. */
#include "loop/compute_pool.h"

#include "base/clock.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PARTS_MAX = 64, RUNS_MAX = 256 };

/* A computation that notes what runs, and can be held inside its parts. */
struct job {
	struct computation computation;
	atomic_uint runs[PARTS_MAX], over_count;
	char name;
	pthread_barrier_t *barrier; /* NULL: a part does not wait for others */
	bool is_held;
	atomic_int policy;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_released;
static char order[RUNS_MAX + 1];
static unsigned order_length, running;
static atomic_bool is_abandoned;

static void note_run(struct job *job)
{
	pthread_mutex_lock(&lock);
	order[order_length++] = job->name;
	running++;
	pthread_cond_broadcast(&changed);
	while (job->is_held && !is_released)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void run(struct computation *computation, unsigned part)
{
	struct job *job = CONTAINER_OF(computation, struct job, computation);

	atomic_fetch_add(&job->runs[part], 1);
	atomic_store(&job->policy, sched_getscheduler(0));
	note_run(job);
	if (job->barrier != NULL)
		pthread_barrier_wait(job->barrier);
}

static void on_over(struct computation *computation)
{
	struct job *job = CONTAINER_OF(computation, struct job, computation);

	pthread_mutex_lock(&lock);
	atomic_fetch_add(&job->over_count, 1);
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static struct job job_of(char name, unsigned parts)
{
	return (struct job){
	    .name = name,
	    .computation =
		{
		    .parts = parts,
		    .run = run,
		    .deadline_ns = UINT64_MAX,
		    .is_abandoned = &is_abandoned,
		    .over = on_over,
		    .next_part = 7, /* what submitting has to set is wrong before */
		    .started_ns = 7,
		    .done_ns = 7,
		    .was_cut = true,
		},
	};
}

static void release(void)
{
	pthread_mutex_lock(&lock);
	is_released = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void await_runs(unsigned count)
{
	pthread_mutex_lock(&lock);
	while (running < count)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void await_over(struct job *job, unsigned times)
{
	pthread_mutex_lock(&lock);
	while (atomic_load(&job->over_count) < times)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	assert_int_equal(atomic_load(&job->over_count), times);
}

static int set_up(void **state)
{
	(void)state;
	is_released = false;
	order_length = running = 0;
	memset(order, 0, sizeof(order));
	atomic_store(&is_abandoned, false);
	return 0;
}

static void submit(struct compute_pool *pool, struct job *job)
{
	assert_true(compute_pool_submit(pool, &job->computation, false));
}

static void every_part_runs_once(void **state)
{
	struct compute_pool *pool = compute_pool_create(3, 10);
	struct job job = job_of('a', PARTS_MAX);

	(void)state;
	submit(pool, &job);
	await_over(&job, 1);
	for (unsigned part = 0; part < PARTS_MAX; part++)
		assert_int_equal(atomic_load(&job.runs[part]), 1);
	assert_int_equal(compute_pool_count(pool), 0);
	assert_false(atomic_load(&job.computation.was_cut));
	compute_pool_destroy(pool);
}

/* Both parts have to be under way at once, or neither ends; though its threads sleep by then, most likely. */
static void parts_run_side_by_side(void **state)
{
	struct compute_pool *pool = compute_pool_create(2, 10);
	struct job job = job_of('a', 2);
	pthread_barrier_t barrier;

	(void)state;
	pthread_barrier_init(&barrier, NULL, 2);
	job.barrier = &barrier;
	usleep(20000);
	submit(pool, &job);
	await_over(&job, 1);
	compute_pool_destroy(pool);
	pthread_barrier_destroy(&barrier);
}

static void every_thread_takes_one(void **state)
{
	struct compute_pool *pool = compute_pool_create(3, 10);
	struct job jobs[] = {job_of('a', 1), job_of('b', 1), job_of('c', 1)};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		jobs[i].is_held = true;
		submit(pool, &jobs[i]);
	}
	await_runs(3);
	release();
	for (unsigned i = 0; i < 3; i++)
		await_over(&jobs[i], 1);
	compute_pool_destroy(pool);
}

static void a_small_one_does_not_wait_for_the_end_of_a_large_one(void **state)
{
	struct compute_pool *pool = compute_pool_create(1, 10);
	struct job holding = job_of('h', 1), large = job_of('l', 4), small = job_of('s', 1);

	(void)state;
	holding.is_held = true;
	submit(pool, &holding);
	await_runs(1);
	submit(pool, &large);
	submit(pool, &small);
	release();
	await_over(&large, 1);
	await_over(&small, 1);
	assert_string_equal(order, "hlslll");
	compute_pool_destroy(pool);
}

static void the_limit_counts_what_waits_beside_the_threads(void **state)
{
	struct compute_pool *pool = compute_pool_create(2, 1);
	struct job jobs[4] = {job_of('a', 1), job_of('b', 1), job_of('c', 1), job_of('d', 1)};
	struct job going_on = job_of('e', 1);

	(void)state;
	jobs[0].is_held = jobs[1].is_held = true;
	for (unsigned i = 0; i < 3; i++) {
		submit(pool, &jobs[i]);
		assert_int_equal(compute_pool_count(pool), i + 1);
	}
	assert_false(compute_pool_submit(pool, &jobs[3].computation, false));
	assert_int_equal(compute_pool_count(pool), 3);
	assert_true(compute_pool_submit(pool, &going_on.computation, true));
	assert_int_equal(compute_pool_count(pool), 4);
	release();
	for (unsigned i = 0; i < 3; i++)
		await_over(&jobs[i], 1);
	await_over(&going_on, 1);
	assert_int_equal(compute_pool_count(pool), 0);
	assert_int_equal(atomic_load(&jobs[3].runs[0]), 0);
	submit(pool, &jobs[3]);
	await_over(&jobs[3], 1);
	compute_pool_destroy(pool);
}

static void what_has_not_begun_can_be_withdrawn(void **state)
{
	struct compute_pool *pool = compute_pool_create(1, 1);
	struct job holding = job_of('h', 1), waiting = job_of('w', 2), next = job_of('n', 1);

	(void)state;
	holding.is_held = true;
	submit(pool, &holding);
	await_runs(1);
	submit(pool, &waiting);
	assert_false(compute_pool_withdraw(pool, &holding.computation));
	assert_int_equal(compute_pool_count(pool), 2);
	assert_true(compute_pool_withdraw(pool, &waiting.computation));
	assert_int_equal(compute_pool_count(pool), 1);
	submit(pool, &next); /* its place is free again */
	release();
	await_over(&holding, 1);
	await_over(&next, 1);
	compute_pool_destroy(pool);
	assert_int_equal(atomic_load(&waiting.runs[0]), 0);
	assert_int_equal(atomic_load(&waiting.over_count), 0);
}

/* A part that begins after the deadline, or for a client that has left, is not run, and the computation is over. */
static void what_is_over_is_not_run(void **state)
{
	struct compute_pool *pool = compute_pool_create(1, 10);
	struct job late = job_of('a', 3), left = job_of('b', 1);

	(void)state;
	late.computation.deadline_ns = clock_now_ns();
	submit(pool, &late);
	await_over(&late, 1);
	assert_true(atomic_load(&late.computation.was_cut));
	atomic_store(&is_abandoned, true);
	submit(pool, &left);
	await_over(&left, 1);
	assert_true(atomic_load(&left.computation.was_cut));
	assert_string_equal(order, "");
	assert_int_equal(compute_pool_count(pool), 0);
	compute_pool_destroy(pool);
}

static void it_can_be_submitted_again(void **state)
{
	struct compute_pool *pool = compute_pool_create(2, 10);
	struct job job = job_of('a', 2);

	(void)state;
	job.computation.deadline_ns = 0;
	submit(pool, &job);
	await_over(&job, 1);
	job.computation.deadline_ns = UINT64_MAX;
	submit(pool, &job);
	await_over(&job, 2);
	assert_false(atomic_load(&job.computation.was_cut));
	assert_int_equal(atomic_load(&job.runs[0]), 1);
	assert_int_equal(atomic_load(&job.runs[1]), 1);
	compute_pool_destroy(pool);
}

static void times_tell_when_it_began_and_ended(void **state)
{
	struct compute_pool *pool = compute_pool_create(1, 10);
	struct job holding = job_of('h', 1), job = job_of('a', 2);
	uint64_t began_ns = clock_now_ns(), submitted_ns, released_ns;

	(void)state;
	holding.is_held = true;
	submit(pool, &holding);
	await_runs(1);
	submitted_ns = clock_now_ns();
	submit(pool, &job);
	assert_int_equal(job.computation.started_ns, 0);
	assert_int_equal(job.computation.done_ns, 0);
	released_ns = clock_now_ns();
	release();
	await_over(&job, 1);
	assert_in_range(holding.computation.started_ns, began_ns, submitted_ns);
	assert_true(job.computation.started_ns >= released_ns);
	assert_true(job.computation.done_ns >= job.computation.started_ns);
	compute_pool_destroy(pool);
}

static void its_threads_give_way(void **state)
{
	struct compute_pool *pool = compute_pool_create(1, 10);
	struct job job = job_of('a', 1);

	(void)state;
	submit(pool, &job);
	await_over(&job, 1);
	assert_int_equal(atomic_load(&job.policy), SCHED_IDLE);
	compute_pool_destroy(pool);
}

static void the_threads_of_a_prompt_one_do_not(void **state)
{
	struct compute_pool *pool = compute_pool_create_prompt(1, 10);
	struct job job = job_of('a', 1);

	(void)state;
	submit(pool, &job);
	await_over(&job, 1);
	assert_int_equal(atomic_load(&job.policy), SCHED_OTHER);
	compute_pool_destroy(pool);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_part_runs_once),
	    TEST(parts_run_side_by_side),
	    TEST(every_thread_takes_one),
	    TEST(a_small_one_does_not_wait_for_the_end_of_a_large_one),
	    TEST(the_limit_counts_what_waits_beside_the_threads),
	    TEST(what_has_not_begun_can_be_withdrawn),
	    TEST(what_is_over_is_not_run),
	    TEST(it_can_be_submitted_again),
	    TEST(times_tell_when_it_began_and_ended),
	    TEST(its_threads_give_way),
	    TEST(the_threads_of_a_prompt_one_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
