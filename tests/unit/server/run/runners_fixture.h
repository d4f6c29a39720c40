/* runners_fixture.h - exchanges of every kind, and a runner of any mode.
 *
 * The same exchanges through all three runners: the responses are the same bytes, in whatever order they end.
 */
#pragma once

#include "server/run/runner.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "lib/fake_pq.h"
#include "loop/compute_pool.h"
#include "server/run/aside.h"
#include "server/run/db_awaitable.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { EXCHANGES = 60, RESPONSE_BYTES = 512 };

static struct options options;
static struct exchange_settings settings;
static struct runner_settings run;
static uv_loop_t loop;
static struct runner *runner;
static struct exchange *exchanges[EXCHANGES];
static char responses[EXCHANGES][RESPONSE_BYTES];
static unsigned ready_count[EXCHANGES], all_ready;
static pthread_t loop_thread;
static atomic_uint steps_on_the_loop, steps_elsewhere;

static struct db_column columns[] = {
    {.name = "answer", .key = TEXT_INIT("\"echo\":"), .type = {.kind = DB_TYPE_OTHER}, .oid = 25}};
static const struct db_parameter parameters[] = {{.name = "value", .oid = 25}};

#define STATEMENT(name_, ...)                                                                                          \
	{                                                                                                              \
		.name = name_, .sql = "SELECT", .parameter_count = 1, .is_read_only = true,                            \
		.signature = {.parameters = parameters, .columns = columns, .column_count = 1}, __VA_ARGS__            \
	}

static const struct db_statement echo = STATEMENT("echo", .index = 0);
static const struct db_statement failing = STATEMENT("failing", .index = 1);
static const struct db_statement busy = STATEMENT("busy", .index = 2);
static const struct db_statement large = STATEMENT("large", .index = 3);

static inline void begin_afresh(void)
{
	fake_pq_reset();
	fake_pq_describe("echo", 1, 1, 25);
	fake_pq_describe("failing", 1, 1, 25);
	fake_pq_describe("busy", 1, 1, 25);
}

static inline void note_thread(void)
{
	atomic_fetch_add(pthread_equal(pthread_self(), loop_thread) ? &steps_on_the_loop : &steps_elsewhere, 1);
}

static inline const char *const *own_value(struct exchange *x)
{
	const char **values = arena_alloc(&x->arena, sizeof(*values));

	values[0] = x->state;
	return values;
}

static inline enum step row_arrived(struct exchange *x)
{
	note_thread();
	if (exchange_db_error(x) != ERROR_NONE)
		return respond_db_problem(x);
	return respond_row(x, 200, exchange_signature(x, 0), exchange_result(x, 0), 0);
}

static inline enum step one_await(struct exchange *x)
{
	db_query(x, &echo, own_value(x));
	return await_db(x, row_arrived);
}

static inline enum step third_arrived(struct exchange *x)
{
	struct text a = db_value(exchange_result(x, 0), 0, 0), b = db_value(exchange_result(x, 1), 0, 0);
	const char *json = arena_printf(&x->arena, "[\"%.*s\",\"%.*s\"]", TEXT_ARGS(a), TEXT_ARGS(b));

	note_thread();
	response_add_header(x, "x-awaits", TEXT("3"));
	return respond_json(x, 201, text_of(json));
}

static inline enum step second_arrived(struct exchange *x)
{
	note_thread();
	db_query(x, &echo, own_value(x));
	db_query(x, &echo, own_value(x));
	return await_db(x, third_arrived);
}

static inline enum step first_arrived(struct exchange *x)
{
	note_thread();
	db_query(x, &echo, own_value(x));
	return await_db(x, second_arrived);
}

static inline enum step three_awaits(struct exchange *x)
{
	db_query(x, &echo, own_value(x));
	return await_db(x, first_arrived);
}

enum order { IN_ORDER, REVERSED, SHUFFLED };

static struct exchange *started[EXCHANGES];
static unsigned started_count;
static enum order order;
static uv_timer_t completer;
static atomic_uint wait_us;

static inline void fill_in(struct exchange *x)
{
	struct db_batch *batch = &x->batch;

	batch->sent_ns = batch->submitted_ns;
	batch->done_ns = clock_now_ns();
	for (unsigned i = 0; i < batch->query_count; i++) {
		const struct db_query *query = &batch->queries[i];

		if (query->statement == &failing) {
			strcpy(batch->sqlstate, "23505");
			db_batch_fail(batch, ERROR_CONFLICT, query->values[0]);
		} else if (query->statement == &busy) {
			db_batch_fail(batch, ERROR_BUSY, "too many");
		} else if (query->statement == &large) {
			batch->queries[i].result =
			    (struct db_result *)fake_pq_large_row(query->values[0], ASIDE_BYTES / 2);
		} else {
			batch->queries[i].result = (struct db_result *)fake_pq_row(query->values[0]);
		}
	}
	exchange_note_times(x);
}

static inline void wait_for_answer(struct awaitable *awaitable, struct resources *resources)
{
	assert_non_null(resources->wait);
	if (wait_us > 0)
		usleep(wait_us);
	fill_in(CONTAINER_OF(awaitable, struct exchange, awaited));
}

static inline void start_answer(struct awaitable *awaitable, struct resources *resources)
{
	assert_non_null(resources->pipeline);
	assert_true(started_count < EXCHANGES);
	started[started_count++] = CONTAINER_OF(awaitable, struct exchange, awaited);
}

static inline void fail_answer(struct awaitable *awaitable, enum error error, const char *why)
{
	(db_batch_awaitable.fail)(awaitable, error, why); /* cmocka has a macro of that name */
}

static const struct awaitable_class fake_class = {wait_for_answer, start_answer, fail_answer};

/* Ends one of those that were started. */
static inline void on_complete(uv_timer_t *timer)
{
	unsigned chosen = 0;
	struct exchange *x;

	(void)timer;
	if (started_count == 0)
		return;
	if (order == REVERSED)
		chosen = started_count - 1;
	else if (order == SHUFFLED)
		chosen = (unsigned)rand() % started_count;
	x = started[chosen];
	started_count--;
	memmove(&started[chosen], &started[chosen + 1], (started_count - chosen) * sizeof(started[0]));
	fill_in(x);
	x->awaited.done(&x->awaited);
}

static inline unsigned number_of(const struct exchange *x)
{
	return (unsigned)atoi(x->state);
}

static inline void on_ready(struct exchange *x)
{
	unsigned number = number_of(x);
	size_t used;

	assert_true(pthread_equal(pthread_self(), loop_thread));
	ready_count[number]++;
	all_ready++;
	used = (size_t)snprintf(responses[number], RESPONSE_BYTES, "%u %s\n", x->response.status,
				x->response.content_type);
	for (unsigned i = 0; i < x->response.header_count; i++)
		used += (size_t)snprintf(responses[number] + used, RESPONSE_BYTES - used, "%s: %.*s\n",
					 x->response.headers[i].name, TEXT_ARGS(x->response.headers[i].value));
	snprintf(responses[number] + used, RESPONSE_BYTES - used, "%.*s", TEXT_ARGS(x->response.body));
}

static inline int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	begin_afresh();
	loop_thread = pthread_self();
	memset(&options, 0, sizeof(options));
	options.threads = 4;
	options.db_connections = 4;
	options.db_shared_connections = 2;
	options.queue_limit = EXCHANGES;
	options.max_streams = 2;
	options.request_timeout_ms = 5000;
	memset(&settings, 0, sizeof(settings));
	memset(&run, 0, sizeof(run));
	run.options = &options;
	settings.request_timeout_ms = 5000;
	settings.await_batch = &fake_class;
	settings.await_rows = &db_rows_awaitable;
	run.db = (struct db_settings){
	    .conninfo = "",
	    .catalog.statement_count = 4,
	    .connect_timeout_ms = 1000,
	    .statement_timeout_ms = 5000,
	    .result_limit_bytes = 100000,
	    .depth = 16,
	};
	run.db_for_streams = run.db;
	run.db_for_streams.catalog.statement_count = 0;
	run.db_for_streams.depth = 1;
	runner = NULL;
	started_count = 0;
	wait_us = 0;
	return 0;
}

static inline void start(enum mode mode)
{
	options.mode = mode;
	memset(responses, 0, sizeof(responses));
	memset(ready_count, 0, sizeof(ready_count));
	all_ready = 0;
	atomic_store(&steps_on_the_loop, 0);
	atomic_store(&steps_elsewhere, 0);
	assert_int_equal(uv_loop_init(&loop), 0);
	uv_timer_init(&loop, &completer);
	uv_timer_start(&completer, on_complete, 0, 1);
	runner = runner_create(&run, &loop, 0, on_ready);
}

static inline void end_exchanges(void)
{
	for (int i = 0; i < EXCHANGES; i++) {
		if (exchanges[i] == NULL)
			continue;
		runner_end_stream(runner, exchanges[i]);
		exchange_recycle(exchanges[i]);
		exchange_cleanup(exchanges[i]);
		free(exchanges[i]);
		exchanges[i] = NULL;
	}
}

static inline void stop(void)
{
	end_exchanges();
	runner_close(runner);
	uv_close((uv_handle_t *)&completer, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	runner_destroy(runner);
	runner = NULL;
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_true(fake_pq_is_clean());
}

static inline struct exchange *begin(unsigned number, step_fn *first, unsigned deadline_ms)
{
	struct exchange *x = exchanges[number] = memory_alloc_zeroed(1, sizeof(*x));

	exchange_begin(x, &settings, clock_now_ns());
	x->deadline_ns = x->arrived_ns + deadline_ms * NS_PER_MS;
	x->state = arena_printf(&x->arena, "%u", number);
	x->next = first;
	return x;
}

static inline void run_until_ready(unsigned count)
{
	uint64_t latest_ns = clock_now_ns() + 5 * NS_PER_S;

	while (all_ready < count && clock_now_ns() < latest_ns)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(all_ready, count);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
