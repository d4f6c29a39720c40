/* conn_fixture.h - one connection, a blocking pair and a stream on a libpq that does what the test says. */
#pragma once

#include "db/conn.h"

#include "db/stream.h"
#include "db/wait.h"

#include "base/clock.h"
#include "base/log.h"
#include "lib/fake_pq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { BATCHES = 8 };

static const struct db_parameter one_text[] = {{.name = "code", .oid = 25}};
#define ONE_TEXT .parameter_count = 1, .signature = {.parameters = one_text}

static const struct db_statement country = {.name = "country", .sql = "SELECT", ONE_TEXT, .is_read_only = true};
static const struct db_statement slow = {
    .name = "slow", .sql = "SELECT", .index = 1, .is_read_only = true, .timeout_ms = 250};
static const struct db_statement add = {.name = "add", .sql = "INSERT", .index = 2, ONE_TEXT};
static const struct db_statement *const statements[] = {&country, &slow, &add};
static const struct db_statement unprepared = {.sql = "SELECT 1", .index = 3, .is_read_only = true};

static struct db_settings settings;
static struct db_conn conn;
static struct db_wait wait;
static struct db_stream *stream;
static struct arena arena;
static struct db_batch batches[BATCHES];
static char numbers[BATCHES][8];
static const char *values[BATCHES][1];

/* What came back, in order: "0 done, 1 not run, ..." */
static char over[512];

static inline void note_over(struct db_conn *of, struct db_batch *batch, enum db_conn_outcome outcome)
{
	static const char *const words[] = {"done", "not run", "given up", "lost"};
	size_t used = strlen(over);

	assert_ptr_equal(of, &conn);
	assert_null(batch->slot);
	snprintf(over + used, sizeof(over) - used, "%s%d %s", used > 0 ? ", " : "", (int)(batch - batches),
		 words[outcome]);
}

static inline int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	fake_pq_reset();
	fake_pq_describe("slow", 0, 0, 0);
	settings = (struct db_settings){
	    .conninfo = "",
	    .catalog.statement_count = 3,
	    .connect_timeout_ms = 1000,
	    .statement_timeout_ms = 5000,
	    .idle_timeout_ms = 31000,
	    .is_shared = true,
	    .result_limit_bytes = 1000,
	    .depth = 4,
	};
	over[0] = '\0';
	for (int i = 0; i < BATCHES; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%d", i);
		values[i][0] = numbers[i];
		db_batch_init(&batches[i]);
	}
	db_conn_init(&conn, &settings, true, 7, note_over);
	db_wait_init(&wait, &settings, 0);
	arena_init(&arena, NULL, 0);
	stream = NULL;
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	db_conn_close(&conn);
	db_wait_cleanup(&wait);
	if (stream != NULL)
		db_stream_destroy(stream);
	arena_cleanup(&arena);
	for (int i = 0; i < BATCHES; i++)
		db_batch_cleanup(&batches[i]);
	return fake_pq_is_clean() ? 0 : -1;
}

static inline PGconn *pg(void)
{
	return fake_pq_conn(fake_pq.opened - 1);
}

static inline void init_as(bool is_read_only)
{
	db_conn_init(&conn, &settings, is_read_only, 7, note_over);
}

static inline void open_and_prepare(void)
{
	assert_int_equal(db_conn_open(&conn, NULL), 0);
	for (int i = 0; i < 10 && !db_conn_is_usable(&conn); i++)
		assert_int_equal(db_conn_advance(&conn), 0);
	assert_int_equal(conn.state, CONN_READY);
	fake_pq_sent(pg());
	for (unsigned i = 0; i < settings.catalog.statement_count; i++)
		conn.prepared[i] =
		    (struct db_prepared){.signature = &statements[i]->signature, .seen = 1, .is_in_session = true};
}

/* As open_and_prepare(), and what is sent is prepared first, to be seen and to be answered. */
static inline void open_unprepared(void)
{
	open_and_prepare();
	fake_pq.shows_prepares = true;
	for (unsigned i = 0; i < settings.catalog.statement_count; i++)
		conn.prepared[i] = (struct db_prepared){0};
}

static inline void add_batch(int i, const struct db_statement *statement)
{
	db_batch_add(&batches[i], statement, values[i]);
	batches[i].deadline_ns = clock_now_ns() + NS_PER_S;
}

static inline int send_batch(int i, const struct db_statement *statement, bool ends_unit)
{
	add_batch(i, statement);
	if (conn.unit_ns == 0)
		assert_int_equal(db_conn_prepare(&conn, &batches[i], false), DB_CONN_READY);
	return db_conn_send(&conn, &batches[i], ends_unit);
}

/* What is sent for it first has been answered. */
static inline enum db_conn_readiness ask_again(int i)
{
	fake_pq_answer_all(pg());
	assert_int_equal(db_conn_advance(&conn), 0);
	return db_conn_prepare(&conn, &batches[i], true);
}

static inline void assert_row(int i, const char *expected)
{
	const struct db_result *rows = batches[i].queries[0].result;

	assert_int_equal(batches[i].error, ERROR_NONE);
	assert_non_null(rows);
	assert_int_equal(db_row_count(rows), 1);
	assert_int_equal(db_value(rows, 0, 0).length, strlen(expected));
	assert_memory_equal(db_value(rows, 0, 0).at, expected, strlen(expected));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
