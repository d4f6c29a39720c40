/* Where waiting blocks, exchanges stand in line: for a worker in threads mode, for the loop itself in sync mode. The
 * database is the test's: it answers, holds up what waits, or says that there is no connection. */
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

/* The database */

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

static bool has_connection(struct db_wait *wait)
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

static void hold(void)
{
	database.to_hold--;
	database.holding++;
	pthread_cond_broadcast(&database.changed);
	while (database.holding > 0)
		pthread_cond_wait(&database.changed, &database.lock);
}

/* What is of the slow route says that it has taken so long. */
static void end_batch(struct exchange *x)
{
	struct db_batch *batch = &x->batch;
	bool is_slow = x->request.match.route == &slow_route && batch->error == ERROR_NONE;

	batch->sent_ns = batch->submitted_ns;
	batch->done_ns = batch->sent_ns + (is_slow ? LONG_S * NS_PER_S : 1);
	exchange_note_times(x);
}

static void wait_for_answer(struct awaitable *awaitable, struct resources *resources)
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

static void fail_answer(struct awaitable *awaitable, enum error error, const char *why)
{
	(db_batch_awaitable.fail)(awaitable, error, why); /* cmocka has a macro of that name */
}

static const struct awaitable_class fake_class = {wait_for_answer, NULL, fail_answer};

static void until_held(unsigned count)
{
	pthread_mutex_lock(&database.lock);
	while (database.holding < count)
		pthread_cond_wait(&database.changed, &database.lock);
	pthread_mutex_unlock(&database.lock);
}

static void let_go(void)
{
	pthread_mutex_lock(&database.lock);
	database.holding = 0;
	pthread_cond_broadcast(&database.changed);
	pthread_mutex_unlock(&database.lock);
}

/* The border */

static enum step arrived(struct exchange *x)
{
	return exchange_db_error(x) != ERROR_NONE ? respond_db_problem(x) : respond_empty(x, 204);
}

static enum step ask(struct exchange *x)
{
	db_query(x, &statement, NULL);
	return await_db(x, arrived);
}

static enum step ask_again(struct exchange *x)
{
	if (exchange_db_error(x) != ERROR_NONE)
		return respond_db_problem(x);
	return ask(x);
}

static enum step ask_twice(struct exchange *x)
{
	db_query(x, &statement, NULL);
	return await_db(x, ask_again);
}

static void on_ready(struct exchange *x)
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

static struct exchange *begin(unsigned number, step_fn *first, const struct route *route, uint64_t deadline_ms)
{
	struct exchange *x = exchanges[number] = memory_alloc_zeroed(1, sizeof(*x));

	exchange_begin(x, &settings, clock_now_ns());
	x->deadline_ns = x->arrived_ns + deadline_ms * NS_PER_MS;
	x->next = first;
	x->request.match.route = route;
	return x;
}

static struct exchange *run(unsigned number, const struct route *route)
{
	struct exchange *x = begin(number, ask, route, 60000);

	runner_run(runner, x);
	return x;
}

/* UV_RUN_ONCE would sleep after a timer that was due when it began. */
static void until_ready(unsigned count)
{
	while (ready_count < count) {
		uv_run(&loop, UV_RUN_NOWAIT);
		usleep(200);
	}
	assert_int_equal(ready_count, count);
}

static void assert_problem(const struct exchange *x, unsigned status, const char *words)
{
	assert_int_equal(x->response.status, status);
	assert_non_null(memmem(x->response.body.at, x->response.body.length, words, strlen(words)));
}

static unsigned waiting(void)
{
	return runner->class->numbers(runner).waiting;
}

static int set_up(void **state)
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

static void start(enum mode mode)
{
	options.mode = mode;
	assert_int_equal(uv_loop_init(&loop), 0);
	runner = runner_create(&common, &loop, NUMBER, on_ready);
	runner->pulse = &pulse;
}

static void stop(void)
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

/* All that comes now waits in line: the only worker is busy, or the loop has not turned. */
static void start_with_all_busy(enum mode mode)
{
	start(mode);
	if (mode == MODE_SYNC)
		return;
	database.to_hold = 1;
	run(0, NULL);
	until_held(1);
}

static unsigned busy_ones(enum mode mode)
{
	return mode == MODE_SYNC ? 0 : 1;
}

/* Both modes */

static void beyond_the_limit_is_busy_at_once(void **state)
{
	(void)state;
	options.queue_limit = 2;
	for (enum mode mode = MODE_SYNC; mode <= MODE_THREADS; mode++) {
		start_with_all_busy(mode);
		run(1, NULL);
		run(2, NULL);
		assert_int_equal(ready_count, 0);
		assert_int_equal(waiting(), 2);
		assert_problem(run(3, NULL), 503, refusal_words(REFUSAL_FULL));
		assert_int_equal(ready_count, 1);
		assert_int_equal(runner->class->numbers(runner).db.refused[REFUSAL_FULL], 1);
		let_go();
		until_ready(3 + busy_ones(mode));
		assert_int_equal(exchanges[1]->response.status, 204);
		assert_int_equal(exchanges[2]->response.status, 204);
		assert_int_equal(waiting(), 0);
		assert_int_equal(runner->class->numbers(runner).db.units, database.waits);
		stop();
		set_up(NULL);
		options.queue_limit = 2;
	}
}

static void what_is_over_gives_its_place_in_line_to_another(void **state)
{
	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_THREADS; mode++) {
		struct exchange *late = begin(1, ask, NULL, 1), *left = begin(2, ask, NULL, 60000);

		options.queue_limit = 2;
		start_with_all_busy(mode);
		runner_run(runner, late);
		runner_run(runner, left);
		runner_note_departure(runner, left);
		while (clock_now_ns() < late->deadline_ns)
			;
		until_ready(2);
		assert_problem(late, 504, "its turn did not come before the deadline");
		assert_problem(left, 503, db_client_left);
		assert_int_equal(database.waits, busy_ones(mode));
		assert_int_equal(waiting(), 0);
		run(3, NULL);
		run(4, NULL);
		assert_int_equal(waiting(), 2);
		let_go();
		until_ready(4 + busy_ones(mode));
		assert_int_equal(exchanges[4]->response.status, 204);
		stop();
		set_up(NULL);
	}
}

static void what_takes_longer_than_is_left_is_refused_at_its_turn(void **state)
{
	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_THREADS; mode++) {
		struct exchange *x;

		start(mode);
		run(0, &slow_route);
		until_ready(1);
		/* the next one's waiting has learnt what the last one took */
		run(1, NULL);
		until_ready(2);
		/* what is refused teaches nothing, however often */
		for (unsigned i = 2; i < EXCHANGES - 1; i++) {
			x = begin(i, ask, &slow_route, LONG_S * 1000 / 4);
			runner_run(runner, x);
			until_ready(i + 1);
			assert_problem(x, 503, refusal_words(REFUSAL_TIME));
		}
		assert_int_equal(database.waits, 2);
		x = begin(EXCHANGES - 1, ask, &slow_route, LONG_S * 1000);
		runner_run(runner, x);
		until_ready(EXCHANGES);
		assert_int_equal(x->response.status, 204);
		stop();
		set_up(NULL);
	}
}

static void statements_are_of_the_edition_that_is_served(void **state)
{
	const struct db_catalog catalog = {.edition = 7, .statement_count = 3};

	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_THREADS; mode++) {
		common.db.catalog.edition = 6;
		start(mode);
		run(0, NULL);
		until_ready(1);
		assert_int_equal(database.edition, 6);
		/* so are those of streams, whatever waits */
		assert_ptr_equal(database.resources->stream_settings, &common.db_for_streams);
		assert_ptr_equal(database.resources->streams, &runner->streams);
		runner->class->turn(runner, catalog, NULL);
		run(1, NULL);
		until_ready(2);
		assert_int_equal(database.edition, 7);
		assert_int_equal(runner_oldest_edition(runner), UINT_MAX);
		stop();
		set_up(NULL);
	}
}

/* The log names connections by their numbers, over all loops and workers: two for each that waits. */
static void no_two_connections_have_one_number(void **state)
{
	unsigned first, second;

	(void)state;
	start(MODE_SYNC);
	run(0, NULL);
	until_ready(1);
	assert_int_equal(database.number, 2 * NUMBER);
	stop();
	set_up(NULL);
	options.threads = 2;
	start(MODE_THREADS);
	database.to_hold = 2;
	run(0, NULL);
	until_held(1);
	first = database.number;
	run(1, NULL);
	until_held(2);
	second = database.number;
	assert_true(first != second);
	assert_int_equal(first + second, 2 * (2 * NUMBER) + 2 * (2 * NUMBER + 1));
	let_go();
	until_ready(2);
	stop();
}

/* Sync */

/* What has come meanwhile is read after some milliseconds, not after the whole line. */
static void the_loop_turns_while_some_wait(void **state)
{
	(void)state;
	database.wait_us = 10000;
	start(MODE_SYNC);
	for (unsigned i = 0; i < 3; i++)
		run(i, NULL);
	for (unsigned turn = 1; turn <= 3; turn++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		assert_int_equal(ready_count, turn);
		assert_int_equal(waiting(), 3 - turn);
		/* a turn may be many waits, and none of them means that the loop stands still */
		assert_int_equal(atomic_load(&pulse.beats), turn);
	}
	/* and without any it sleeps */
	assert_int_equal(uv_backend_timeout(&loop), -1);
	stop();
}

static void each_wait_is_a_beat_of_the_pulse(void **state)
{
	(void)state;
	start(MODE_SYNC);
	runner_run(runner, begin(0, ask_twice, NULL, 60000));
	until_ready(1);
	assert_int_equal(database.waits, 2);
	assert_int_equal(atomic_load(&pulse.beats), 2);
	runner->pulse = NULL;
	run(1, NULL);
	until_ready(2);
	assert_int_equal(exchanges[1]->response.status, 204);
	stop();
}

static void what_was_begun_is_ended_before_the_next(void **state)
{
	(void)state;
	start(MODE_SYNC);
	runner_run(runner, begin(0, ask_twice, NULL, 60000));
	run(1, NULL);
	until_ready(2);
	assert_ptr_equal(first_ready, exchanges[0]);
	stop();
}

/* A client sends its next request as soon as it has its answer. */
static void what_comes_with_an_answer_is_behind_those_that_wait(void **state)
{
	(void)state;
	database.wait_us = 10000;
	start(MODE_SYNC);
	run(0, NULL);
	run(1, NULL);
	follower = begin(2, ask, NULL, 60000);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(ready_count, 1);
	assert_int_equal(waiting(), 2);
	until_ready(2);
	assert_int_equal(is_ready[2], 0);
	until_ready(3);
	stop();
}

/* Threads */

static void a_worker_without_a_connection_leaves_the_line_to_the_others(void **state)
{
	(void)state;
	options.threads = 2;
	database.without = 1;
	start(MODE_THREADS);
	for (unsigned i = 0; i < EXCHANGES; i++) {
		run(i, NULL);
		until_ready(i + 1);
		assert_int_equal(exchanges[i]->response.status, 204);
	}
	assert_int_equal(database.refusals, 1);
	assert_int_equal(database.waits, EXCHANGES + 1);
	assert_int_equal(waiting(), 0);
	assert_true(runner->class->is_ready(runner));
	stop();
}

static void without_any_connection_all_workers_say_so(void **state)
{
	(void)state;
	options.threads = 2;
	database.without = 2;
	start(MODE_THREADS);
	assert_true(runner->class->is_ready(runner));
	run(0, NULL);
	until_ready(1);
	assert_problem(exchanges[0], 503, db_unreachable);
	assert_int_equal(database.waits, 2);
	assert_false(runner->class->is_ready(runner));
	run(1, NULL);
	until_ready(2);
	assert_int_equal(database.waits, 3);
	stop();
}

/* It may have been done. */
static void what_was_sent_is_not_run_by_another_worker(void **state)
{
	(void)state;
	options.threads = 2;
	database.without = 1;
	database.words = db_outcome_unknown;
	start(MODE_THREADS);
	run(0, NULL);
	until_ready(1);
	assert_problem(exchanges[0], 503, db_outcome_unknown);
	assert_int_equal(database.waits, 1);
	stop();
}

static void a_worker_comes_back_with_its_connection(void **state)
{
	(void)state;
	options.threads = 2;
	database.without = 1;
	database.retry_ns = clock_now_ns();
	start(MODE_THREADS);
	run(0, NULL);
	until_ready(1);
	while (runner->class->numbers(runner).db.open == 0)
		usleep(1000);
	database.to_hold = 2;
	run(1, NULL);
	run(2, NULL);
	until_held(2);
	let_go();
	until_ready(3);
	stop();
}

/* How long the line is in time depends on how many work at it. */
static void retry_after_counts_those_with_a_connection(void **state)
{
	(void)state;
	for (unsigned without = 0; without < 2; without++) {
		unsigned busy = 0;

		options.threads = 2;
		options.queue_limit = 1;
		database.without = without;
		start(MODE_THREADS);
		run(0, &slow_route);
		until_ready(1);
		for (; busy < 2 - without; busy++) {
			database.to_hold = 1;
			run(1 + busy, NULL);
			until_held(1 + busy);
		}
		run(3, &slow_route);
		assert_int_equal(run(4, NULL)->retry_s, 1 + (without > 0 ? LONG_S : LONG_S / 2));
		let_go();
		until_ready(3 + busy);
		stop();
		set_up(NULL);
	}
}

/* No connection, no line */

static void what_needs_no_wait_is_answered_by_the_idle_runner(void **state)
{
	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	runner = runner_create_idle(&common, &loop, on_ready);
	runner_run(runner, begin(0, arrived, NULL, 60000));
	assert_int_equal(ready_count, 1);
	assert_int_equal(exchanges[0]->response.status, 204);
	assert_true(runner->class->is_ready(runner));
	assert_int_equal(waiting(), 0);
	assert_int_equal(runner_oldest_edition(runner), UINT_MAX);
	runner->class->turn(runner, (struct db_catalog){0}, NULL);
	exchanges[0]->next = ask;
	expect_assert_failure(runner_run(runner, exchanges[0]));
	stop();
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(beyond_the_limit_is_busy_at_once),
	    TEST(what_is_over_gives_its_place_in_line_to_another),
	    TEST(what_takes_longer_than_is_left_is_refused_at_its_turn),
	    TEST(statements_are_of_the_edition_that_is_served),
	    TEST(no_two_connections_have_one_number),
	    TEST(the_loop_turns_while_some_wait),
	    TEST(each_wait_is_a_beat_of_the_pulse),
	    TEST(what_was_begun_is_ended_before_the_next),
	    TEST(what_comes_with_an_answer_is_behind_those_that_wait),
	    TEST(a_worker_without_a_connection_leaves_the_line_to_the_others),
	    TEST(without_any_connection_all_workers_say_so),
	    TEST(what_was_sent_is_not_run_by_another_worker),
	    TEST(a_worker_comes_back_with_its_connection),
	    TEST(retry_after_counts_those_with_a_connection),
	    TEST(what_needs_no_wait_is_answered_by_the_idle_runner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
