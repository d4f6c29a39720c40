/* pipeline_fixture.h - a loop, a pipeline and a stream on a libpq that does what the test says. */
#pragma once

#include "db/pipeline_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/stream.h"
#include "lib/fake_clock.h"
#include "lib/fake_pq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BATCHES = 64 };

static const struct db_parameter one_text[] = {{.name = "code", .oid = 25}};
#define ONE_TEXT .parameter_count = 1, .signature = {.parameters = one_text}
#define READ(name_, index_, ...)                                                                                       \
	{                                                                                                              \
		.name = name_, .sql = "SELECT", .index = index_, ONE_TEXT, .is_read_only = true, __VA_ARGS__           \
	}

static const struct db_statement country = READ("country", 0, .row_limit = 0);
static const struct db_statement language = READ("language", 1, .row_limit = 0);
static const struct db_statement isolated = READ("isolated", 2, .is_isolated = true);
static const struct db_statement limited = READ("limited", 3, .timeout_ms = 250);
static const struct db_statement slow = READ("slow", 4, .row_limit = 0);
static const struct db_statement add = {.name = "add", .sql = "INSERT", .index = 5, ONE_TEXT};
static const struct db_statement other_add = {.name = "other", .sql = "INSERT", .index = 6, ONE_TEXT};

static uv_loop_t loop;
static struct db_settings settings;
static struct db_pipeline_settings pipeline_settings;
static struct db_pipeline *pipeline;
static struct db_stream *stream;
static struct arena arena;

static struct db_batch batches[BATCHES];
static unsigned done_count[BATCHES], all_done;
static char numbers[BATCHES][8];
static const char *values[BATCHES][1];
static bool is_in_submit;

static inline void on_done(struct db_batch *batch)
{
	assert_false(is_in_submit);
	assert_null(batch->slot);
	assert_true(list_is_empty(&batch->link));
	assert_true(batch->done_ns > 0);
	done_count[batch - batches]++;
	all_done++;
}

static inline int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq_reset();
	settings = (struct db_settings){
	    .conninfo = "",
	    .catalog.statement_count = 7,
	    .connect_timeout_ms = 200,
	    .statement_timeout_ms = 5000,
	    .idle_timeout_ms = 31000,
	    .is_shared = true,
	    .result_limit_bytes = 100000,
	    .depth = 16,
	};
	pipeline_settings = (struct db_pipeline_settings){
	    .db = &settings, .connections = 4, .shared_connections = 1, .write_connections = 2, .queue_limit = 32};
	assert_int_equal(uv_loop_init(&loop), 0);
	arena_init(&arena, NULL, 0);
	pipeline = NULL;
	stream = NULL;
	all_done = 0;
	for (int i = 0; i < BATCHES; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%d", i);
		values[i][0] = numbers[i];
		done_count[i] = 0;
		db_batch_init(&batches[i]);
	}
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	if (pipeline != NULL)
		db_pipeline_close(pipeline);
	if (stream != NULL)
		db_stream_destroy(stream);
	uv_run(&loop, UV_RUN_DEFAULT);
	if (pipeline != NULL)
		db_pipeline_destroy(pipeline);
	arena_cleanup(&arena);
	for (int i = 0; i < BATCHES; i++)
		db_batch_cleanup(&batches[i]);
	return uv_loop_close(&loop) == 0 && fake_pq_is_clean() ? 0 : -1;
}

/* Time passes */

#ifdef FAKE_CLOCK
/* Lets so much time pass, a millisecond a turn of the loop: however busy the machine is, no more and no less. */
static inline void run_for(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		fake_clock_advance(NS_PER_MS);
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	uv_run(&loop, UV_RUN_NOWAIT);
}
#else
static inline void on_timer(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Lets the loop run for so long. */
static inline void run_for(unsigned ms)
{
	bool is_over = false;
	uv_timer_t timer = {.data = &is_over};

	uv_update_time(&loop);
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_timer, ms, 0);
	while (!is_over)
		uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}
#endif

/* What is ready now, and no waiting. */
static inline void turn(void)
{
	for (int i = 0; i < 4; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

static inline void run_until_done(unsigned count)
{
	for (int i = 0; i < 600 && all_done < count; i++)
		run_for(5);
	assert_int_equal(all_done, count);
}

/* The pipeline */

static inline void submit(int i, const struct db_statement *statement)
{
	struct db_batch *batch = &batches[i];

	db_batch_add(batch, statement, values[i]);
	batch->done = on_done;
	batch->submitted_ns = clock_now_ns();
	if (batch->deadline_ns == 0)
		batch->deadline_ns = batch->submitted_ns + 5 * NS_PER_S;
	is_in_submit = true;
	db_pipeline_submit(pipeline, batch);
	is_in_submit = false;
}

static inline void submit_until(int i, const struct db_statement *statement, unsigned ms)
{
	batches[i].deadline_ns = clock_now_ns() + ms * NS_PER_MS;
	submit(i, statement);
}

static inline void start(void)
{
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	for (int i = 0; i < 100 && !db_pipeline_is_ready(pipeline); i++)
		run_for(5);
	run_for(5); /* the writing one, too */
	assert_true(db_pipeline_is_ready(pipeline));
	for (unsigned i = 0; i < fake_pq.opened; i++)
		fake_pq_sent(fake_pq_conn(i));
}

static inline void answer_all_open(void)
{
	for (unsigned c = 0; c < fake_pq.opened; c++)
		if (fake_pq_is_open(fake_pq_conn(c)))
			fake_pq_answer_all(fake_pq_conn(c));
}

static inline void answer_until_done(unsigned count)
{
	for (int i = 0; i < 100 && all_done < count; i++) {
		answer_all_open();
		run_for(3);
	}
	assert_int_equal(all_done, count);
}

/* A connection on which several wait, or NULL. */
static inline PGconn *crowded(const PGconn *but_not)
{
	for (unsigned c = 0; c < fake_pq.opened; c++)
		if (fake_pq_conn(c) != but_not && fake_pq_unanswered(fake_pq_conn(c)) >= 4)
			return fake_pq_conn(c);
	return NULL;
}

/* A statement runs once and takes so long: from then on it is known as quick or slow. The last batches are for that. */
static inline void teach(const struct db_statement *statement, unsigned ms)
{
	int i = BATCHES - 1 - (int)statement->index;
	unsigned before = all_done;

	submit(i, statement);
	turn();
	if (ms > 0)
		run_for(ms);
	for (int round = 0; round < 3 && all_done == before; round++) { /* what it is prepared with comes first */
		answer_all_open();
		turn();
	}
	assert_int_equal(all_done, before + 1);
	assert_int_equal(batches[i].error, ERROR_NONE);
	for (unsigned c = 0; c < fake_pq.opened; c++)
		fake_pq_sent(fake_pq_conn(c));
	all_done = before;
}

/* With one shared connection a kind: the first opened reads, the second writes. */
static inline PGconn *reads(void)
{
	return fake_pq_conn(0);
}

static inline PGconn *writes(void)
{
	return fake_pq_conn(1);
}

static inline struct link *link_of(unsigned i)
{
	return &pipeline->links[i];
}

/* The connection that carries the batch; NULL: it waits. */
static inline PGconn *carrier(int i)
{
	for (unsigned l = 0; l < pipeline_settings.connections; l++)
		for (unsigned s = 0; s < link_of(l)->conn.in_flight; s++)
			if (db_conn_slot(&link_of(l)->conn, s)->batch == &batches[i])
				return link_of(l)->conn.pg;
	return NULL;
}

static inline PGconn *await_carrier(int i)
{
	for (int ms = 0; ms < 1000 && carrier(i) == NULL; ms++)
		run_for(1);
	assert_non_null(carrier(i));
	return carrier(i);
}

static inline void assert_ok(int i, const char *statement)
{
	char expected[32];
	struct text value;

	snprintf(expected, sizeof(expected), "%s(%d)", statement, i);
	assert_int_equal(done_count[i], 1);
	assert_int_equal(batches[i].error, ERROR_NONE);
	value = db_value(batches[i].queries[0].result, 0, 0);
	assert_int_equal(value.length, strlen(expected));
	assert_memory_equal(value.at, expected, value.length);
}

static inline void assert_failed(int i, enum error error)
{
	assert_int_equal(done_count[i], 1);
	assert_string_equal(error_word(batches[i].error), error_word(error));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
