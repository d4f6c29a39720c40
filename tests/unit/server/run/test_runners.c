/* The same exchanges through all three runners: the responses are the same bytes, in whatever order they end. */
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

static void begin_afresh(void)
{
	fake_pq_reset();
	fake_pq_describe("echo", 1, 1, 25);
	fake_pq_describe("failing", 1, 1, 25);
	fake_pq_describe("busy", 1, 1, 25);
}

/* Handlers of five kinds; state is the exchange's number as text. */

static void note_thread(void)
{
	atomic_fetch_add(pthread_equal(pthread_self(), loop_thread) ? &steps_on_the_loop : &steps_elsewhere, 1);
}

static const char *const *own_value(struct exchange *x)
{
	const char **values = arena_alloc(&x->arena, sizeof(*values));

	values[0] = x->state;
	return values;
}

static enum step at_once(struct exchange *x)
{
	const char *text = arena_printf(&x->arena, "at once %s", (const char *)x->state);

	return respond_text(x, 200, "text/plain", text_of(text));
}

static enum step row_arrived(struct exchange *x)
{
	note_thread();
	if (exchange_db_error(x) != ERROR_NONE)
		return respond_db_problem(x);
	return respond_row(x, 200, exchange_signature(x, 0), exchange_result(x, 0), 0);
}

static enum step one_await(struct exchange *x)
{
	db_query(x, &echo, own_value(x));
	return await_db(x, row_arrived);
}

static enum step third_arrived(struct exchange *x)
{
	struct text a = db_value(exchange_result(x, 0), 0, 0), b = db_value(exchange_result(x, 1), 0, 0);
	const char *json = arena_printf(&x->arena, "[\"%.*s\",\"%.*s\"]", TEXT_ARGS(a), TEXT_ARGS(b));

	note_thread();
	response_add_header(x, "x-awaits", TEXT("3"));
	return respond_json(x, 201, text_of(json));
}

static enum step second_arrived(struct exchange *x)
{
	note_thread();
	db_query(x, &echo, own_value(x));
	db_query(x, &echo, own_value(x));
	return await_db(x, third_arrived);
}

static enum step first_arrived(struct exchange *x)
{
	note_thread();
	db_query(x, &echo, own_value(x));
	return await_db(x, second_arrived);
}

static enum step three_awaits(struct exchange *x)
{
	db_query(x, &echo, own_value(x));
	return await_db(x, first_arrived);
}

static enum step database_error(struct exchange *x)
{
	db_query(x, &failing, own_value(x));
	return await_db(x, row_arrived);
}

static enum step too_busy(struct exchange *x)
{
	db_query(x, &busy, own_value(x));
	return await_db(x, row_arrived);
}

static step_fn *const kinds[] = {at_once, one_await, three_awaits, database_error, too_busy};

/* An awaitable that needs no database: waiting for it gives the answer at once, starting it when the test says so.
 */

enum order { IN_ORDER, REVERSED, SHUFFLED };

static struct exchange *started[EXCHANGES];
static unsigned started_count;
static enum order order;
static uv_timer_t completer;
static atomic_uint wait_us;

static void fill_in(struct exchange *x)
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

static void wait_for_answer(struct awaitable *awaitable, struct resources *resources)
{
	assert_non_null(resources->wait);
	if (wait_us > 0)
		usleep(wait_us);
	fill_in(CONTAINER_OF(awaitable, struct exchange, awaited));
}

static void start_answer(struct awaitable *awaitable, struct resources *resources)
{
	assert_non_null(resources->pipeline);
	assert_true(started_count < EXCHANGES);
	started[started_count++] = CONTAINER_OF(awaitable, struct exchange, awaited);
}

static void fail_answer(struct awaitable *awaitable, enum error error, const char *why)
{
	(db_batch_awaitable.fail)(awaitable, error, why); /* cmocka has a macro of that name */
}

static const struct awaitable_class fake_class = {wait_for_answer, start_answer, fail_answer};

/* Ends one of those that were started. */
static void on_complete(uv_timer_t *timer)
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

/* The border */

static unsigned number_of(const struct exchange *x)
{
	return (unsigned)atoi(x->state);
}

static void on_ready(struct exchange *x)
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

static int set_up(void **state)
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

static void start(enum mode mode)
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

static void end_exchanges(void)
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

static void stop(void)
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

static struct exchange *begin(unsigned number, step_fn *first, unsigned deadline_ms)
{
	struct exchange *x = exchanges[number] = memory_alloc_zeroed(1, sizeof(*x));

	exchange_begin(x, &settings, clock_now_ns());
	x->deadline_ns = x->arrived_ns + deadline_ms * NS_PER_MS;
	x->state = arena_printf(&x->arena, "%u", number);
	x->next = first;
	return x;
}

static void run_until_ready(unsigned count)
{
	uint64_t latest_ns = clock_now_ns() + 5 * NS_PER_S;

	while (all_ready < count && clock_now_ns() < latest_ns)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(all_ready, count);
}

static void run_all(enum mode mode, enum order in)
{
	order = in;
	start(mode);
	for (unsigned i = 0; i < EXCHANGES; i++)
		runner_run(runner, begin(i, kinds[i % ARRAY_LENGTH(kinds)], 5000));
	run_until_ready(EXCHANGES);
	for (unsigned i = 0; i < EXCHANGES; i++)
		assert_int_equal(ready_count[i], 1);
	stop();
}

static void assert_expected(unsigned i)
{
	static const char problem[] = "application/problem+json\n";
	char expected[RESPONSE_BYTES];

	switch (i % 5) {
	case 0:
		snprintf(expected, sizeof(expected), "200 text/plain\nat once %u", i);
		break;
	case 1:
		snprintf(expected, sizeof(expected), "200 application/json\n{\"echo\":\"%u\"}", i);
		break;
	case 2:
		snprintf(expected, sizeof(expected), "201 application/json\nx-awaits: 3\n[\"%u\",\"%u\"]", i, i);
		break;
	case 3:
		snprintf(expected, sizeof(expected),
			 "409 %s{\"type\":\"urn:meantime:problem:conflict\",\"title\":\"conflict\",\"status\":409,"
			 "\"detail\":\"%u\",\"sqlstate\":\"23505\"}",
			 problem, i);
		break;
	default:
		snprintf(expected, sizeof(expected),
			 "503 %sretry-after: 1\n{\"type\":\"urn:meantime:problem:busy\",\"title\":\"too busy\","
			 "\"status\":503,\"detail\":\"too many\"}",
			 problem);
	}
	assert_string_equal(responses[i], expected);
}

static void assert_all_expected(void)
{
	for (unsigned i = 0; i < EXCHANGES; i++)
		assert_expected(i);
}

/* The same bytes */

static void sync_answers_every_kind(void **state)
{
	(void)state;
	run_all(MODE_SYNC, IN_ORDER);
	assert_all_expected();
	assert_int_equal(steps_elsewhere, 0);
}

static void threads_answer_the_same(void **state)
{
	(void)state;
	wait_us = 500;
	run_all(MODE_THREADS, IN_ORDER);
	assert_all_expected();
	assert_int_equal(steps_on_the_loop, 0);
}

static void one_thread_answers_the_same(void **state)
{
	(void)state;
	options.threads = 1;
	run_all(MODE_THREADS, IN_ORDER);
	assert_all_expected();
}

static void async_answers_the_same_in_any_order(void **state)
{
	(void)state;
	run_all(MODE_ASYNC, IN_ORDER);
	assert_all_expected();
	assert_int_equal(steps_elsewhere, 0);
	run_all(MODE_ASYNC, REVERSED);
	assert_all_expected();
	for (unsigned seed = 1; seed <= 5; seed++) {
		srand(seed);
		run_all(MODE_ASYNC, SHUFFLED);
		assert_all_expected();
	}
}

/* What is large */

static void start_with_pool(void)
{
	run.large_pool = compute_pool_create_prompt(2, 1);
	order = SHUFFLED;
	start(MODE_ASYNC);
}

static void stop_with_pool(void)
{
	stop();
	compute_pool_destroy(run.large_pool);
}

static enum step halves_arrived(struct exchange *x)
{
	note_thread();
	return respond_row(x, 200, exchange_signature(x, 1), exchange_result(x, 1), 0);
}

/* Neither is large alone. */
static enum step two_halves(struct exchange *x)
{
	note_thread();
	db_query(x, &large, own_value(x));
	db_query(x, &large, own_value(x));
	return await_db(x, halves_arrived);
}

static enum step one_half(struct exchange *x)
{
	note_thread();
	db_query(x, &large, own_value(x));
	return await_db(x, row_arrived);
}

static void assert_echoed(unsigned number)
{
	char expected[RESPONSE_BYTES];

	snprintf(expected, sizeof(expected), "200 application/json\n{\"echo\":\"%u\"}", number);
	assert_string_equal(responses[number], expected);
}

/* More of them than its pool lets wait. */
static void async_reads_large_results_beside_the_loop(void **state)
{
	(void)state;
	start_with_pool();
	for (unsigned i = 0; i < EXCHANGES; i++)
		runner_run(runner, begin(i, two_halves, 5000));
	assert_int_equal(steps_on_the_loop, EXCHANGES);
	run_until_ready(EXCHANGES);
	for (unsigned i = 0; i < EXCHANGES; i++)
		assert_echoed(i);
	assert_int_equal(steps_on_the_loop, EXCHANGES);
	assert_int_equal(steps_elsewhere, EXCHANGES);
	stop_with_pool();
}

static void async_reads_others_on_the_loop(void **state)
{
	(void)state;
	start_with_pool();
	runner_run(runner, begin(7, one_half, 5000));
	run_until_ready(1);
	assert_echoed(7);
	assert_int_equal(steps_elsewhere, 0);
	stop_with_pool();
}

static void async_reads_large_bodies_beside_the_loop(void **state)
{
	struct exchange *x;

	(void)state;
	start_with_pool();
	x = begin(7, one_half, 5000);
	x->request.body = (struct text){"", ASIDE_BYTES};
	runner_run(runner, x);
	run_until_ready(1);
	assert_echoed(7);
	assert_int_equal(steps_on_the_loop, 0);
	assert_int_equal(steps_elsewhere, 2);
	stop_with_pool();
}

/* The step goes on, since what it has begun must have an end. */
static void a_client_leaves_while_its_result_is_read(void **state)
{
	struct exchange *x;

	(void)state;
	start_with_pool();
	x = begin(7, two_halves, 5000);
	runner_run(runner, x);
	while (!x->is_aside && all_ready == 0)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(all_ready, 0);
	runner_note_departure(runner, x);
	run_until_ready(1);
	assert_echoed(7);
	assert_false(x->is_aside);
	stop_with_pool();
}

static void times_are_noted_in_every_mode(void **state)
{
	(void)state;
	wait_us = 2000;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode++) {
		struct exchange *x;

		start(mode);
		x = begin(2, three_awaits, 5000);
		runner_run(runner, x);
		run_until_ready(1);
		assert_true(x->db_ns > 0);
		assert_true(x->queue_ns + x->db_ns <= clock_now_ns() - x->arrived_ns);
		stop();
	}
}

/* Threads */

/* The workers have what was handed to them. */
/* What has not begun yet sees it when it does. */
static void a_departure_is_noted_in_every_mode(void **state)
{
	static const enum mode modes[] = {MODE_SYNC, MODE_THREADS, MODE_ASYNC};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(modes); i++) {
		struct exchange *x;

		start(modes[i]);
		x = begin(0, one_await, 5000);
		assert_false(atomic_load(&x->is_abandoned));
		runner_note_departure(runner, x);
		assert_true(atomic_load(&x->is_abandoned));
		stop();
	}
}

static void until_nobody_waits(void)
{
	for (int i = 0; i < 5000 && runner->class->numbers(runner).waiting > 0; i++)
		usleep(1000);
	assert_int_equal(runner->class->numbers(runner).waiting, 0);
}

static void beyond_the_queue_limit_is_busy_at_once(void **state)
{
	(void)state;
	options.threads = 1;
	options.queue_limit = 2;
	wait_us = 500000;
	start(MODE_THREADS);
	runner_run(runner, begin(1, one_await, 5000));
	until_nobody_waits();
	for (unsigned i = 2; i < 6; i++)
		runner_run(runner, begin(i, one_await, 5000));
	assert_int_equal(all_ready, 2);
	assert_memory_equal(responses[4], "503 ", 4);
	assert_memory_equal(responses[5], "503 ", 4);
	assert_int_equal(runner->class->numbers(runner).waiting, 2);
	run_until_ready(5);
	assert_memory_equal(responses[3], "200 ", 4);
	stop();
}

static void a_deadline_passes_while_no_worker_is_free(void **state)
{
	uint64_t began_ns;

	(void)state;
	options.threads = 1;
	wait_us = 1000000;
	start(MODE_THREADS);
	runner_run(runner, begin(1, one_await, 5000));
	until_nobody_waits();
	uv_update_time(&loop);
	began_ns = clock_now_ns();
	runner_run(runner, begin(2, one_await, 30));
	runner_run(runner, begin(3, one_await, 5000));
	run_until_ready(1);
	assert_memory_equal(responses[2], "504 ", 4);
	assert_non_null(strstr(responses[2], "its turn did not come"));
	assert_true(clock_now_ns() - began_ns >= 30 * NS_PER_MS);
	assert_int_equal(exchanges[2]->db_ns, 0);
	run_until_ready(3);
	assert_memory_equal(responses[3], "200 ", 4);
	assert_int_equal(ready_count[2], 1);
	stop();
}

static void the_loop_goes_on_while_a_worker_waits(void **state)
{
	(void)state;
	wait_us = 50000;
	start(MODE_THREADS);
	runner_run(runner, begin(1, one_await, 5000));
	assert_int_equal(all_ready, 0);
	runner_run(runner, begin(0, at_once, 5000));
	assert_int_equal(all_ready, 1);
	run_until_ready(2);
	stop();
}

static void many_rounds_lose_nobody(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		wait_us = (unsigned)round % 3 * 50;
		run_all(MODE_THREADS, IN_ORDER);
		assert_all_expected();
	}
}

/* The database's own awaitables, with one thread: fake_pq is no more than that */

static void a_batch_is_the_same_waited_for_and_started(void **state)
{
	static char waited_for[RESPONSE_BYTES];

	(void)state;
	settings.await_batch = &db_batch_awaitable;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode += MODE_ASYNC - MODE_SYNC) {
		begin_afresh();
		fake_pq.answers_everything = true;
		start(mode);
		runner_run(runner, begin(7, three_awaits, 5000));
		run_until_ready(1);
		if (mode == MODE_SYNC)
			strcpy(waited_for, responses[7]);
		stop();
	}
	assert_string_equal(waited_for, "201 application/json\nx-awaits: 3\n[\"echo(7)\",\"echo(7)\"]");
	assert_string_equal(responses[7], waited_for);
}

static void without_a_database_both_say_so(void **state)
{
	static char waited_for[RESPONSE_BYTES];

	(void)state;
	settings.await_batch = &db_batch_awaitable;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode += MODE_ASYNC - MODE_SYNC) {
		begin_afresh();
		fake_pq.refuses = true;
		start(mode);
		runner_run(runner, begin(1, one_await, 5000));
		run_until_ready(1);
		if (mode == MODE_SYNC)
			strcpy(waited_for, responses[1]);
		stop();
	}
	assert_memory_equal(waited_for, "503 ", 4);
	assert_string_equal(responses[1], waited_for);
}

static void who_waits_for_a_connection_is_counted(void **state)
{
	(void)state;
	settings.await_batch = &db_batch_awaitable;
	fake_pq.hangs = true;
	start(MODE_ASYNC);
	assert_int_equal(runner->class->numbers(runner).waiting, 0);
	for (unsigned i = 1; i <= 2; i++)
		runner_run(runner, begin(i, one_await, 20));
	assert_int_equal(runner->class->numbers(runner).waiting, 2);
	run_until_ready(2);
	assert_int_equal(runner->class->numbers(runner).waiting, 0);
	stop();
}

static void the_pipeline_turns_to_the_edition_that_is_served(void **state)
{
	static const unsigned carried_from[3] = {0, 1, 2};
	const struct db_catalog catalog = {.edition = 8, .statement_count = 3};

	(void)state;
	run.db.catalog.edition = 7;
	fake_pq.answers_everything = true;
	start(MODE_ASYNC);
	assert_int_equal(runner_oldest_edition(runner), 7);
	runner->class->turn(runner, catalog, carried_from);
	/* each connection has to do so, too */
	for (uint64_t end_ns = clock_now_ns() + 5 * NS_PER_S;
	     runner_oldest_edition(runner) < 8 && clock_now_ns() < end_ns;)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(runner_oldest_edition(runner), 8);
	stop();
}

/* Once the database is back the service has to notice, though a balancer sends it no request while it is not ready. */
static void readiness_comes_back_by_itself(void **state)
{
	(void)state;
	settings.await_batch = &db_batch_awaitable;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode++) {
		bool is_ready;

		begin_afresh();
		fake_pq.refuses = true;
		options.threads = 1;
		start(mode);
		runner_run(runner, begin(1, one_await, 5000));
		run_until_ready(1);
		for (int i = 0; i < 100 && runner->class->is_ready(runner); i++)
			usleep(1000);
		assert_false(runner->class->is_ready(runner));
		fake_pq.refuses = false;
		for (uint64_t end_ns = clock_now_ns() + 3 * NS_PER_S;
		     !runner->class->is_ready(runner) && clock_now_ns() < end_ns;)
			uv_run(&loop, UV_RUN_ONCE);
		is_ready = runner->class->is_ready(runner);
		stop();
		if (!is_ready)
			fail_msg("in mode %s it is not ready 3 s after the database came back", mode_name(mode));
	}
}

static enum step part_arrived(struct exchange *x);

static enum step part_taken(struct exchange *x)
{
	return await_rows(x, part_arrived);
}

static enum step part_arrived(struct exchange *x)
{
	if (exchange_db_error(x) != ERROR_NONE)
		return x->response.part_count == 0 ? respond_db_problem(x) : respond_broken_off(x);
	assert_non_null(exchange_rows(x));
	if (x->response.part_count == 2)
		return respond_last_part(x, 200, "text/plain", TEXT("end"));
	return respond_part(x, 200, "text/plain", db_value(exchange_rows(x), 0, 0), part_taken);
}

static enum step streamed(struct exchange *x)
{
	db_stream_rows(x, &echo, own_value(x));
	return await_rows(x, part_arrived);
}

static void a_stream_is_the_same_waited_for_and_started(void **state)
{
	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode += MODE_ASYNC - MODE_SYNC) {
		begin_afresh();
		fake_pq.answers_everything = true;
		fake_pq.rows_said = 5000; /* there may be more */
		start(mode);
		runner_run(runner, begin(1, streamed, 5000));
		for (unsigned part = 1; part <= 2; part++) {
			run_until_ready(part);
			assert_string_equal(responses[1], "200 text/plain\nFETCH()");
			assert_int_equal(exchanges[1]->outcome, STEP_STREAM);
			assert_int_equal(runner->streams, 1);
			runner_run(runner, exchanges[1]);
		}
		run_until_ready(3);
		assert_int_equal(exchanges[1]->outcome, STEP_RESPOND);
		assert_string_equal(responses[1], "200 text/plain\nend");
		runner_end_stream(runner, exchanges[1]);
		assert_int_equal(runner->streams, 0);
		stop();
	}
}

static void one_stream_too_many_is_busy(void **state)
{
	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode += MODE_ASYNC - MODE_SYNC) {
		begin_afresh();
		fake_pq.answers_everything = true;
		start(mode);
		for (unsigned i = 0; i < 3; i++)
			runner_run(runner, begin(i, streamed, 5000));
		run_until_ready(3);
		assert_memory_equal(responses[2], "503 ", 4);
		assert_int_equal(runner->streams, 2);
		runner_end_stream(runner, exchanges[0]);
		runner_run(runner, begin(3, streamed, 5000));
		run_until_ready(4);
		assert_memory_equal(responses[3], "200 ", 4);
		stop();
	}
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_departure_is_noted_in_every_mode),
	    TEST(sync_answers_every_kind),
	    TEST(threads_answer_the_same),
	    TEST(one_thread_answers_the_same),
	    TEST(async_answers_the_same_in_any_order),
	    TEST(async_reads_large_results_beside_the_loop),
	    TEST(async_reads_others_on_the_loop),
	    TEST(async_reads_large_bodies_beside_the_loop),
	    TEST(a_client_leaves_while_its_result_is_read),
	    TEST(times_are_noted_in_every_mode),
	    TEST(beyond_the_queue_limit_is_busy_at_once),
	    TEST(a_deadline_passes_while_no_worker_is_free),
	    TEST(the_loop_goes_on_while_a_worker_waits),
	    TEST(many_rounds_lose_nobody),
	    TEST(a_batch_is_the_same_waited_for_and_started),
	    TEST(without_a_database_both_say_so),
	    TEST(who_waits_for_a_connection_is_counted),
	    TEST(the_pipeline_turns_to_the_edition_that_is_served),
	    TEST(readiness_comes_back_by_itself),
	    TEST(a_stream_is_the_same_waited_for_and_started),
	    TEST(one_stream_too_many_is_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
