/* line_fixture.h - requests in line for few connections.
 *
 * Where waiting blocks, exchanges stand in line: for a worker in threads mode, for the loop itself in sync mode. The
 * database is the test's: it answers, holds up what waits, or says that there is no connection.
 */
#pragma once

#include "server/run/runner.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "lib/fake_pq.h"
#include "server/run/db_awaitable.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { EXCHANGES = 16, WORKERS_MAX = 4, LONG_S = 100, NUMBER = 3 };

static struct options options;
static struct exchange_settings settings;
static struct runner_settings common;
static uv_loop_t loop;
static struct runner *runner;
static struct pulse pulse;
static struct exchange *exchanges[EXCHANGES], *follower;
static unsigned ready_count, is_ready[EXCHANGES];
static struct exchange *first_ready;
static const struct db_statement statement = {.name = "some", .sql = "SELECT", .is_read_only = true};
static const struct route slow_route = {.index = 1, .name = "slow"};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned to_hold, holding; /* so many waits end when the test says so */
	unsigned without;          /* the first so many that wait have no connection */
	const char *words;         /* as they say it */
	uint64_t retry_ns;         /* when they may look for one */
	const struct db_wait *cut_off[WORKERS_MAX];
	unsigned cut_off_count, waits, refusals, edition, wait_us, number;
	const struct resources *resources; /* of the last that waited */
} database = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static inline bool has_connection(struct db_wait *wait)
{
	for (unsigned i = 0; i < database.cut_off_count; i++)
		if (database.cut_off[i] == wait)
			return !db_wait_is_cut_off(wait);
	if (database.cut_off_count == database.without)
		return true;
	database.cut_off[database.cut_off_count++] = wait;
	wait->failures = 1;
	wait->retry_ns = database.retry_ns;
	return false;
}

static inline void hold(void)
{
	database.to_hold--;
	database.holding++;
	pthread_cond_broadcast(&database.changed);
	while (database.holding > 0)
		pthread_cond_wait(&database.changed, &database.lock);
}

/* What is of the slow route says that it has taken so long. */
static inline void end_batch(struct exchange *x)
{
	struct db_batch *batch = &x->batch;
	bool is_slow = x->request.match.route == &slow_route && batch->error == ERROR_NONE;

	batch->sent_ns = batch->submitted_ns;
	batch->done_ns = batch->sent_ns + (is_slow ? LONG_S * NS_PER_S : 1);
	exchange_note_times(x);
}

static inline void wait_for_answer(struct awaitable *awaitable, struct resources *resources)
{
	struct exchange *x = exchange_of(awaitable);

	pthread_mutex_lock(&database.lock);
	database.waits++;
	database.edition = resources->wait->catalog.edition;
	database.number = resources->wait->reads.number;
	database.resources = resources;
	atomic_fetch_add(&resources->wait->units, 1);
	if (!has_connection(resources->wait)) {
		database.refusals++;
		db_batch_fail(&x->batch, ERROR_DATABASE_UNAVAILABLE, database.words);
	} else if (database.to_hold > 0) {
		hold();
	}
	pthread_mutex_unlock(&database.lock);
	usleep(database.wait_us);
	end_batch(x);
}

static inline void fail_answer(struct awaitable *awaitable, enum error error, const char *why)
{
	(db_batch_awaitable.fail)(awaitable, error, why); /* cmocka has a macro of that name */
}

static const struct awaitable_class fake_class = {wait_for_answer, NULL, fail_answer};

static inline void until_held(unsigned count)
{
	pthread_mutex_lock(&database.lock);
	while (database.holding < count)
		pthread_cond_wait(&database.changed, &database.lock);
	pthread_mutex_unlock(&database.lock);
}

static inline void let_go(void)
{
	pthread_mutex_lock(&database.lock);
	database.holding = 0;
	pthread_cond_broadcast(&database.changed);
	pthread_mutex_unlock(&database.lock);
}

static inline enum step arrived(struct exchange *x)
{
	return exchange_db_error(x) != ERROR_NONE ? respond_db_problem(x) : respond_empty(x, 204);
}

static inline enum step ask(struct exchange *x)
{
	db_query(x, &statement, NULL);
	return await_db(x, arrived);
}

static inline void on_ready(struct exchange *x)
{
	struct exchange *next = follower;

	for (unsigned i = 0; i < EXCHANGES; i++)
		is_ready[i] += exchanges[i] == x;
	if (ready_count++ == 0)
		first_ready = x;
	follower = NULL;
	if (next != NULL)
		runner_run(runner, next);
}

static inline struct exchange *begin(unsigned number, step_fn *first, const struct route *route, uint64_t deadline_ms)
{
	struct exchange *x = exchanges[number] = memory_alloc_zeroed(1, sizeof(*x));

	exchange_begin(x, &settings, clock_now_ns());
	x->deadline_ns = x->arrived_ns + deadline_ms * NS_PER_MS;
	x->next = first;
	x->request.match.route = route;
	return x;
}

static inline struct exchange *run(unsigned number, const struct route *route)
{
	struct exchange *x = begin(number, ask, route, 60000);

	runner_run(runner, x);
	return x;
}

/* UV_RUN_ONCE would sleep after a timer that was due when it began. */
static inline void until_ready(unsigned count)
{
	while (ready_count < count) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(200);
	}
	assert_int_equal(ready_count, count);
}

static inline void assert_problem(const struct exchange *x, unsigned status, const char *words)
{
	assert_int_equal(x->response.status, status);
	assert_non_null(memmem(x->response.body.at, x->response.body.length, words, strlen(words)));
}

static inline unsigned waiting(void)
{
	return runner->class->numbers(runner).waiting;
}

static inline int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq_reset();
	fake_pq.answers_everything = true;
	memset(&options, 0, sizeof(options));
	options.threads = 1;
	options.db_connections = options.db_shared_connections = 1;
	options.queue_limit = EXCHANGES;
	options.request_timeout_ms = 5000;
	memset(&settings, 0, sizeof(settings));
	memset(&common, 0, sizeof(common));
	common.options = &options;
	settings.request_timeout_ms = 5000;
	settings.await_batch = &fake_class;
	common.db = (struct db_settings){.conninfo = "", .connect_timeout_ms = 1000, .depth = 1};
	database.to_hold = database.holding = database.without = database.cut_off_count = 0;
	database.waits = database.refusals = database.edition = database.wait_us = 0;
	database.words = db_unreachable;
	database.retry_ns = clock_now_ns() + 3600 * NS_PER_S;
	ready_count = 0;
	memset(is_ready, 0, sizeof(is_ready));
	memset(&pulse, 0, sizeof(pulse));
	follower = NULL;
	return 0;
}

static inline void start(enum mode mode)
{
	options.mode = mode;
	assert_int_equal(uv_loop_init(&loop), 0);
	runner = runner_create(&common, &loop, NUMBER, on_ready);
	runner->pulse = &pulse;
}

static inline void stop(void)
{
	runner_close(runner);
	uv_run(&loop, UV_RUN_DEFAULT);
	runner_destroy(runner);
	assert_int_equal(uv_loop_close(&loop), 0);
	for (unsigned i = 0; i < EXCHANGES; i++) {
		if (exchanges[i] == NULL)
			continue;
		assert_int_equal(is_ready[i], 1);
		exchange_recycle(exchanges[i]);
		exchange_cleanup(exchanges[i]);
		free(exchanges[i]);
		exchanges[i] = NULL;
	}
	assert_true(fake_pq_is_clean());
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
