/* A worker waits. An exchange is handed over to the pool at its first await, and handed back with its response: the
 * worker is its only owner in between. A queue with its lock and an inbox join loop and workers; nothing else is
 * shared. */
#include "server/runner.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "server/inbox.h"
#include "server/line.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum { EXPIRE_EVERY_MS = 10 };

struct worker {
	pthread_t thread;
	struct threads_runner *pool;
	struct db_wait wait;
	struct resources resources;
	bool is_unreachable; /* its last connect failed */
	/* the exchange that it was last busy with, and for how long */
	int route;
	uint64_t took_ns;
};

struct threads_runner {
	struct runner runner;
	struct worker *workers;
	unsigned worker_count;

	pthread_mutex_t waiting_lock; /* guards the next four */
	pthread_cond_t has_work;
	struct line line;
	bool is_stopping;
	struct db_catalog catalog; /* of the statements to prepare from now on */

	struct inbox over; /* exchanges with a response */

	uv_timer_t expiry;       /* of those that wait longer than their deadline; runs while somebody waits */
	atomic_uint unreachable; /* workers whose last connect failed */
};

static struct threads_runner *self_of(struct runner *runner)
{
	return CONTAINER_OF(runner, struct threads_runner, runner);
}

/* In a worker's thread */

static void note_reachability(struct worker *worker)
{
	bool is_unreachable = worker->wait.failures > 0;

	if (is_unreachable != worker->is_unreachable)
		atomic_fetch_add(&worker->pool->unreachable, is_unreachable ? 1U : -1U);
	worker->is_unreachable = is_unreachable;
}

/* Waits for work; a worker without a connection looks now and then whether there is one again, since a balancer that
 * heard 503 from /readyz sends no requests. */
static void await_work(struct worker *worker)
{
	struct threads_runner *self = worker->pool;

	while (list_is_empty(&self->line.waiting) && !self->is_stopping) {
		struct timespec retry = {
		    .tv_sec = (time_t)(worker->wait.retry_ns / NS_PER_S),
		    .tv_nsec = (long)(worker->wait.retry_ns % NS_PER_S),
		};

		if (worker->wait.failures == 0) {
			pthread_cond_wait(&self->has_work, &self->waiting_lock);
		} else if (pthread_cond_timedwait(&self->has_work, &self->waiting_lock, &retry) == ETIMEDOUT) {
			pthread_mutex_unlock(&self->waiting_lock);
			db_wait_probe(&worker->wait);
			note_reachability(worker);
			pthread_mutex_lock(&self->waiting_lock);
		}
	}
}

static struct exchange *take_exchange(struct worker *worker, bool *is_refused)
{
	struct threads_runner *self = worker->pool;
	struct exchange *x;

	pthread_mutex_lock(&self->waiting_lock);
	if (worker->took_ns > 0)
		line_learn(&self->line, worker->route, worker->took_ns);
	worker->took_ns = 0;
	await_work(worker);
	x = line_take(&self->line, self->worker_count, clock_now_ns(), is_refused);
	if (x != NULL)
		db_wait_turn(&worker->wait, self->catalog);
	pthread_mutex_unlock(&self->waiting_lock);
	return x;
}

static void run_exchange(struct worker *worker, struct exchange *x)
{
	do
		x->awaited.class->wait(&x->awaited, &worker->resources);
	while (exchange_step(x) == STEP_AWAIT);
	worker->route = line_route_of(x);
	worker->took_ns = exchange_busy_ns(x);
}

static void *work(void *data)
{
	struct worker *worker = data;
	struct threads_runner *self = worker->pool;
	struct exchange *x;
	bool is_refused;

	while ((x = take_exchange(worker, &is_refused)) != NULL) {
		if (!is_refused || exchange_step(x) == STEP_AWAIT)
			run_exchange(worker, x);
		note_reachability(worker);
		inbox_put(&self->over, &x->link);
	}
	db_wait_cleanup(&worker->wait);
	return NULL;
}

/* In the loop's thread */

static void on_handed_back(struct list *item)
{
	struct exchange *x = CONTAINER_OF(item, struct exchange, link);

	x->runner->ready(x);
}

/* Takes those out that no worker will reach in time, and those whose client has left: their next step sees the error.
 */
static void on_expiry(uv_timer_t *timer)
{
	struct threads_runner *self = timer->data;
	uint64_t now_ns = clock_now_ns();
	struct list expired;
	bool is_idle;

	pthread_mutex_lock(&self->waiting_lock);
	line_expire(&self->line, &expired, now_ns);
	is_idle = list_is_empty(&self->line.waiting);
	pthread_mutex_unlock(&self->waiting_lock);
	if (is_idle)
		uv_timer_stop(timer);
	LIST_EACH (item, &expired) {
		struct exchange *x = CONTAINER_OF(item, struct exchange, link);

		list_remove(item);
		line_fail_expired(x, now_ns);
		runner_run(&self->runner, x);
	}
}

static bool await(struct runner *runner, struct exchange *x)
{
	struct threads_runner *self = self_of(runner);
	bool is_taken;

	pthread_mutex_lock(&self->waiting_lock);
	is_taken = line_put(&self->line, x, self->worker_count, clock_now_ns());
	if (is_taken)
		pthread_cond_signal(&self->has_work);
	pthread_mutex_unlock(&self->waiting_lock);
	if (is_taken && !uv_is_active((uv_handle_t *)&self->expiry))
		uv_timer_start(&self->expiry, on_expiry, EXPIRE_EVERY_MS, EXPIRE_EVERY_MS);
	return !is_taken;
}

static void start_worker(struct threads_runner *self, unsigned index)
{
	struct worker *worker = &self->workers[index];

	worker->pool = self;
	worker->resources = self->runner.resources;
	worker->resources.wait = &worker->wait;
	db_wait_init(&worker->wait, &self->runner.service->db, self->runner.number * self->worker_count + index);
	REQUIRE(pthread_create(&worker->thread, NULL, work, worker) == 0);
}

static void start(struct runner *runner)
{
	struct threads_runner *self = self_of(runner);
	pthread_condattr_t monotonic;

	pthread_mutex_init(&self->waiting_lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&self->has_work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	line_init(&self->line, runner->service);
	inbox_open(&self->over, runner->loop, on_handed_back);
	uv_timer_init(runner->loop, &self->expiry);
	self->expiry.data = self;
	self->worker_count = runner->service->options->threads;
	self->catalog = runner->service->db.catalog;
	self->workers = memory_alloc_zeroed(self->worker_count, sizeof(*self->workers));
	for (unsigned i = 0; i < self->worker_count; i++)
		start_worker(self, i);
}

static bool is_ready(struct runner *runner)
{
	struct threads_runner *self = self_of(runner);

	return atomic_load(&self->unreachable) < self->worker_count;
}

static struct runner_numbers numbers(struct runner *runner)
{
	struct threads_runner *self = self_of(runner);
	struct runner_numbers numbers = {0};

	for (unsigned i = 0; i < self->worker_count; i++)
		db_wait_count(&self->workers[i].wait, &numbers.db);
	pthread_mutex_lock(&self->waiting_lock);
	numbers.waiting = self->line.congestion.count;
	congestion_add_refused(numbers.db.refused, &self->line.congestion);
	pthread_mutex_unlock(&self->waiting_lock);
	return numbers;
}

static void turn(struct runner *runner, const struct edition *edition)
{
	struct threads_runner *self = self_of(runner);

	pthread_mutex_lock(&self->waiting_lock);
	self->catalog = edition->catalog;
	pthread_mutex_unlock(&self->waiting_lock);
}

/* Between two requests a connection has nothing in flight. */
static unsigned oldest_edition(struct runner *runner)
{
	(void)runner;
	return UINT_MAX;
}

static void close_pool(struct runner *runner)
{
	struct threads_runner *self = self_of(runner);

	pthread_mutex_lock(&self->waiting_lock);
	self->is_stopping = true;
	pthread_cond_broadcast(&self->has_work);
	pthread_mutex_unlock(&self->waiting_lock);
	for (unsigned i = 0; i < self->worker_count; i++)
		pthread_join(self->workers[i].thread, NULL);
	inbox_close(&self->over);
	uv_close((uv_handle_t *)&self->expiry, NULL);
}

static void cleanup(struct runner *runner)
{
	struct threads_runner *self = self_of(runner);

	pthread_mutex_destroy(&self->waiting_lock);
	inbox_cleanup(&self->over);
	pthread_cond_destroy(&self->has_work);
	line_cleanup(&self->line);
	free(self->workers);
}

const struct runner_class runner_threads = {
    .bytes = sizeof(struct threads_runner),
    .start = start,
    .await = await,
    .is_ready = is_ready,
    .numbers = numbers,
    .turn = turn,
    .oldest_edition = oldest_edition,
    .close = close_pool,
    .cleanup = cleanup,
};
