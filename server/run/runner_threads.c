/* A worker waits. An exchange is handed over to the pool at its first await, and handed back with its response. The
 * worker is its only owner in between. A queue with its lock and an inbox join loop and workers; nothing else is
 * shared. */
#include "server/run/runner.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "exchange/batches.h"
#include "loop/inbox.h"
#include "server/run/cache_awaitable.h"
#include "server/run/line.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum {
	EXPIRE_EVERY_MS = 10,
	REST_EVERY_S = 1,
};

struct worker {
	pthread_t thread;
	struct threads_runner *pool;
	struct db_wait wait;
	struct resources resources;
	bool is_cut_off; /* it has no connection, and got none */
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
	pthread_cond_t is_ending; /* for the workers that leave the line to the others */
	struct line line;
	bool is_stopping;
	struct db_catalog catalog; /* of the statements to prepare from now on */

	struct inbox over; /* exchanges with a response */

	uv_timer_t expiry;   /* of those that wait longer than their deadline; runs while an exchange waits */
	atomic_uint cut_off; /* workers without a connection */
};

static struct threads_runner *self_of(struct runner *runner)
{
	return CONTAINER_OF(runner, struct threads_runner, runner);
}

/* How many exchanges are waited for at a time. */
static unsigned connected_count(struct threads_runner *self)
{
	unsigned cut_off = atomic_load(&self->cut_off);

	return cut_off < self->worker_count ? self->worker_count - cut_off : 1;
}

/* In a worker's thread */

static void note_reachability(struct worker *worker)
{
	bool is_cut_off = db_wait_is_cut_off(&worker->wait);

	if (is_cut_off != worker->is_cut_off)
		atomic_fetch_add(&worker->pool->cut_off, is_cut_off ? 1U : -1U);
	worker->is_cut_off = is_cut_off;
}

static bool is_anybody_connected(struct threads_runner *self)
{
	return atomic_load(&self->cut_off) < self->worker_count;
}

/* A worker without a connection leaves the line to those that have one: it would be back first, and refuse. */
static bool stays_away(const struct worker *worker)
{
	return worker->is_cut_off && is_anybody_connected(worker->pool);
}

/* Looks whether there is a connection again when it is time for it, since a balancer that heard 503 from /readyz sends
 * no requests. */
static void await_connection(struct worker *worker, pthread_cond_t *cond)
{
	struct threads_runner *self = worker->pool;
	struct timespec retry = {
	    .tv_sec = (time_t)(worker->wait.retry_ns / NS_PER_S),
	    .tv_nsec = (long)(worker->wait.retry_ns % NS_PER_S),
	};

	if (pthread_cond_timedwait(cond, &self->waiting_lock, &retry) != ETIMEDOUT)
		return;
	pthread_mutex_unlock(&self->waiting_lock);
	db_wait_probe(&worker->wait);
	note_reachability(worker);
	pthread_mutex_lock(&self->waiting_lock);
}

static bool has_grown(const struct db_wait *wait)
{
	return wait->reads.has_grown || wait->writes.has_grown;
}

/* Waits for work for a moment, then closes connections that have grown and are not used any more. */
static void rest(struct worker *worker)
{
	struct threads_runner *self = worker->pool;
	uint64_t until_ns = clock_now_ns() + REST_EVERY_S * NS_PER_S;
	struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S), .tv_nsec = (long)(until_ns % NS_PER_S)};

	if (pthread_cond_timedwait(&self->has_work, &self->waiting_lock, &until) != ETIMEDOUT)
		return;
	pthread_mutex_unlock(&self->waiting_lock);
	db_wait_rest(&worker->wait, clock_now_ns());
	pthread_mutex_lock(&self->waiting_lock);
}

static void await_work(struct worker *worker)
{
	struct threads_runner *self = worker->pool;

	while (!self->is_stopping && (list_is_empty(&self->line.waiting) || stays_away(worker))) {
		if (UNLIKELY(has_grown(&worker->wait)))
			rest(worker);
		else if (!worker->is_cut_off)
			pthread_cond_wait(&self->has_work, &self->waiting_lock);
		else
			await_connection(worker, stays_away(worker) ? &self->is_ending : &self->has_work);
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
	x = line_take(&self->line, connected_count(self), clock_now_ns(), is_refused);
	if (x != NULL)
		db_wait_turn(&worker->wait, self->catalog);
	pthread_mutex_unlock(&self->waiting_lock);
	return x;
}

/* Whether no connection was found for what it awaits; then that is made ready for another try. */
static bool was_unreached(struct exchange *x)
{
	if (x->awaited.class == x->settings->await_batch && x->batch.message == db_unreachable)
		db_batch_rewind(&x->batch);
	else if (x->awaited.class == x->settings->await_batches && batches_are_unreached(x->batches))
		batches_rewind(x->batches);
	else
		return false;
	return true;
}

/* Nothing was asked for, since this worker got no connection; another one has some. */
static bool goes_to_another(struct worker *worker, struct exchange *x)
{
	struct threads_runner *self = worker->pool;

	note_reachability(worker);
	if (!worker->is_cut_off || !is_anybody_connected(self) || !was_unreached(x))
		return false;
	/* the workers that wait for it could be all that are connected */
	cache_awaitable_give_up(x);
	pthread_mutex_lock(&self->waiting_lock);
	line_put_back(&self->line, x, clock_now_ns());
	pthread_cond_signal(&self->has_work);
	pthread_mutex_unlock(&self->waiting_lock);
	return true;
}

/* False: it is another worker's now. */
static bool run_exchange(struct worker *worker, struct exchange *x)
{
	do {
		x->awaited.class->wait(&x->awaited, &worker->resources);
		if (goes_to_another(worker, x))
			return false;
	} while (exchange_step(x) == STEP_AWAIT);
	worker->route = line_route_of(x);
	worker->took_ns = exchange_busy_ns(x);
	return true;
}

static void *run_thread(void *data)
{
	struct worker *worker = data;
	struct threads_runner *self = worker->pool;
	struct exchange *x;
	bool is_refused;

	while ((x = take_exchange(worker, &is_refused)) != NULL) {
		if ((!is_refused || exchange_step(x) == STEP_AWAIT) && !run_exchange(worker, x))
			continue;
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

/* Takes those out that no worker will reach in time: their next step sees the error. */
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
		line_fail_expired(x);
		runner_run(&self->runner, x);
	}
}

static bool await(struct runner *runner, struct exchange *x)
{
	struct threads_runner *self = self_of(runner);
	bool is_taken;

	pthread_mutex_lock(&self->waiting_lock);
	is_taken = line_put(&self->line, x, connected_count(self), clock_now_ns());
	if (is_taken)
		pthread_cond_signal(&self->has_work);
	pthread_mutex_unlock(&self->waiting_lock);
	if (is_taken && !uv_is_active((uv_handle_t *)&self->expiry))
		uv_timer_start(&self->expiry, on_expiry, EXPIRE_EVERY_MS, EXPIRE_EVERY_MS);
	return !is_taken;
}

static void note_departure(struct runner *runner, struct exchange *x)
{
	struct threads_runner *self = self_of(runner);
	bool was_waiting;

	pthread_mutex_lock(&self->waiting_lock);
	was_waiting = line_note_departure(&self->line, x);
	pthread_mutex_unlock(&self->waiting_lock);
	if (!was_waiting)
		return;
	line_fail_departed(x);
	runner_run(runner, x);
}

static void start_worker(struct threads_runner *self, unsigned index)
{
	struct worker *worker = &self->workers[index];

	worker->pool = self;
	worker->resources = self->runner.resources;
	worker->resources.wait = &worker->wait;
	db_wait_init(&worker->wait, &self->runner.settings->db, self->runner.number * self->worker_count + index);
	REQUIRE(pthread_create(&worker->thread, NULL, run_thread, worker) == 0);
}

static void start(struct runner *runner)
{
	struct threads_runner *self = self_of(runner);
	pthread_condattr_t monotonic;

	pthread_mutex_init(&self->waiting_lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&self->has_work, &monotonic);
	pthread_cond_init(&self->is_ending, &monotonic);
	pthread_condattr_destroy(&monotonic);
	line_init(&self->line, runner->settings->options);
	inbox_open(&self->over, runner->loop, on_handed_back);
	uv_timer_init(runner->loop, &self->expiry);
	self->expiry.data = self;
	self->worker_count = runner->settings->options->threads;
	self->catalog = runner->settings->db.catalog;
	self->workers = memory_alloc_zeroed(self->worker_count, sizeof(*self->workers));
	for (unsigned i = 0; i < self->worker_count; i++)
		start_worker(self, i);
}

static bool is_ready(struct runner *runner)
{
	struct threads_runner *self = self_of(runner);

	return is_anybody_connected(self);
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

static void turn(struct runner *runner, struct db_catalog catalog, const unsigned *carried_from)
{
	struct threads_runner *self = self_of(runner);

	(void)carried_from;
	pthread_mutex_lock(&self->waiting_lock);
	self->catalog = catalog;
	pthread_mutex_unlock(&self->waiting_lock);
}

static void close_pool(struct runner *runner)
{
	struct threads_runner *self = self_of(runner);

	pthread_mutex_lock(&self->waiting_lock);
	self->is_stopping = true;
	pthread_cond_broadcast(&self->has_work);
	pthread_cond_broadcast(&self->is_ending);
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
	pthread_cond_destroy(&self->is_ending);
	line_cleanup(&self->line);
	free(self->workers);
}

const struct runner_class runner_threads = {
    .bytes = sizeof(struct threads_runner),
    .start = start,
    .await = await,
    .note_departure = note_departure,
    .is_ready = is_ready,
    .numbers = numbers,
    .turn = turn,
    .close = close_pool,
    .cleanup = cleanup,
};
