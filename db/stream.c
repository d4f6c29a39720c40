#include "db/stream.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "db/rerun.h"
#include "db/resolve.h"
#include "db/values/result.h"
#include "db/wait.h"
#include "db/watch.h"

#include <stdlib.h>
#include <time.h>

enum {
	FIRST_PART_ROWS = 100, /* until the size of a row is known */
	PART_ROWS_MAX = 5000,
};

static const char connection_lost[] = "the connection to the database was lost";

struct db_stream {
	struct db_conn conn;
	struct db_watch watch;
	struct db_resolve *resolve;
	uv_timer_t *timer;      /* the deadline of a part on the loop; frees itself */
	struct db_batch *batch; /* the part under way, or NULL */
	unsigned rows;          /* of the next part */
	bool is_open;           /* the cursor is */
	bool is_initialized;
	struct db_statement statement;                      /* the only one of its connection */
	const struct db_signature *checked_for, *signature; /* the values were; of the rows, NULL: not known yet */
	struct db_statement begin, declare, fetch;
	const char *const *values;
	const struct db_context *context;
	char fetch_sql[64];
	enum error late_error; /* what the timer says when it fires */
	const char *late_message;
};

struct db_stream *db_stream_create(const struct db_statement *statement, const struct db_signature *checked_for,
				   const char *const *values, const struct db_context *context, struct arena *arena)
{
	struct db_stream *stream = memory_alloc_zeroed(1, sizeof(*stream));

	stream->rows = FIRST_PART_ROWS;
	stream->statement = *statement;
	stream->statement.index = 0;
	stream->checked_for = checked_for;
	stream->values = values;
	stream->context = context;
	stream->begin = (struct db_statement){.sql = "BEGIN READ ONLY", .is_read_only = true};
	stream->declare = (struct db_statement){
	    .sql = arena_printf(arena, "DECLARE rows NO SCROLL CURSOR FOR %s", statement->sql),
	    .parameters = statement->parameters,
	    .parameter_count = statement->parameter_count,
	    .choices = statement->choices,
	    .choice_count = statement->choice_count,
	    .is_read_only = true,
	};
	stream->fetch = (struct db_statement){.sql = stream->fetch_sql, .is_read_only = true};
	/* SET LOCAL before the first statement of each part: it is all one transaction */
	stream->begin.timeout_ms = stream->fetch.timeout_ms = statement->timeout_ms;
	return stream;
}

static void begin_batch(struct db_batch *batch)
{
	uint64_t deadline_ns = batch->deadline_ns, submitted_ns = batch->submitted_ns;
	db_done_fn *done = batch->done;
	unsigned char reruns = batch->reruns;

	db_batch_cleanup(batch);
	batch->deadline_ns = deadline_ns;
	batch->submitted_ns = submitted_ns;
	batch->done = done;
	batch->reruns = reruns;
}

/* The statement itself is not sent: it is looked at. */
static void fill_with_statement(struct db_stream *stream, struct db_batch *batch)
{
	begin_batch(batch);
	db_batch_add(batch, &stream->statement, stream->values);
	batch->queries[0].checked_for = stream->checked_for;
}

/* The queries of the next part: sized by the rows of the last one. */
static void fill_part(struct db_stream *stream, struct db_batch *batch)
{
	begin_batch(batch);
	if (!stream->is_open) {
		db_batch_add(batch, &stream->begin, NULL);
		db_batch_add(batch, &stream->declare, stream->values);
		batch->context = stream->context; /* holds until the transaction is over */
	}
	snprintf(stream->fetch_sql, sizeof(stream->fetch_sql), "FETCH FORWARD %u FROM rows", stream->rows);
	db_batch_add(batch, &stream->fetch, NULL);
	batch->queries[batch->query_count - 1].signature = stream->signature;
}

static size_t bytes_of(const struct db_result *rows)
{
	return PQresultMemorySize((const PGresult *)rows);
}

static void after_part(struct db_stream *stream, struct db_batch *batch)
{
	const struct db_result *rows = batch->query_count > 0 ? batch->queries[batch->query_count - 1].result : NULL;
	unsigned count;

	if (batch->error != ERROR_NONE || rows == NULL)
		return;
	stream->is_open = true;
	count = db_row_count(rows);
	batch->is_last_part = count < stream->rows;
	if (count > 0) {
		size_t fitting = STREAM_PART_BYTES / (bytes_of(rows) / count + 1);

		stream->rows = (unsigned)(fitting < 1 ? 1 : fitting > PART_ROWS_MAX ? PART_ROWS_MAX : fitting);
	}
}

static void on_over(struct db_conn *conn, struct db_batch *batch, enum db_conn_outcome outcome)
{
	struct db_stream *stream = CONTAINER_OF(conn, struct db_stream, conn);

	if (outcome != DB_CONN_DONE)
		db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE, connection_lost);
	stream->batch = NULL;
}

static void init_conn(struct db_stream *stream, const struct db_settings *settings)
{
	if (stream->is_initialized)
		return;
	db_conn_init(&stream->conn, settings, true, 0, on_over);
	stream->conn.catalog = (struct db_catalog){stream->statement.edition, 1};
	stream->is_initialized = true;
}

static void fail_part(struct db_stream *stream, struct db_batch *batch, enum error error, const char *message)
{
	if (batch->slot != NULL)
		db_conn_forget(batch);
	stream->batch = NULL;
	batch->done_ns = clock_now_ns();
	db_batch_fail(batch, error, message);
}

/* What is prepared goes with it. */
static void close_conn(struct db_stream *stream)
{
	db_conn_close(&stream->conn);
	stream->signature = NULL;
}

/* The statement was described, and a migration changed its table before the cursor was declared. */
static bool has_other_columns(const struct db_stream *stream, const struct db_batch *batch)
{
	const struct db_result *rows = batch->query_count > 0 ? batch->queries[batch->query_count - 1].result : NULL;

	return batch->error == ERROR_NONE && rows != NULL && stream->signature != NULL &&
	       !db_columns_are_those_of(rows, stream->signature);
}

/* Whether the first part runs again, since other transactions were in its way: how long it rests before; 0: it does not.
 * It runs with a new connection, which ends the transaction. */
static uint64_t rest_ns(const struct db_stream *stream, struct db_batch *batch)
{
	if (stream->is_open)
		return 0;
	batch->is_rolled_back |= has_other_columns(stream, batch);
	return UNLIKELY(batch->is_rolled_back) ? rerun_rest_ns(batch, clock_now_ns()) : 0;
}

/* Blocking */

static void wait_for_part(struct db_stream *stream, struct db_batch *batch)
{
	int status = 0;

	/* a connection that was lost took its cursor with it */
	if (!db_conn_is_usable(&stream->conn))
		status = stream->is_open ? -1 : db_wait_open(&stream->conn, batch->deadline_ns);
	if (status > 0)
		fail_part(stream, batch, ERROR_DEADLINE, db_no_answer);
	if (status < 0)
		fail_part(stream, batch, ERROR_DATABASE_UNAVAILABLE, db_unreachable);
	if (status != 0)
		return;
	if (stream->signature == NULL) {
		fill_with_statement(stream, batch);
		if (db_wait_prepare(&stream->conn, batch) != 0)
			return;
		stream->signature = batch->queries[0].signature;
	}
	fill_part(stream, batch);
	db_wait_exchange(&stream->conn, batch);
}

void db_stream_wait(struct db_stream *stream, struct db_batch *batch, const struct db_settings *settings)
{
	struct timespec rest = {0};

	init_conn(stream, settings);
	wait_for_part(stream, batch);
	while ((rest.tv_nsec = (long)rest_ns(stream, batch)) > 0) {
		nanosleep(&rest, NULL);
		db_batch_rewind(batch);
		close_conn(stream);
		wait_for_part(stream, batch);
	}
	after_part(stream, batch);
	/* this thread's next request may wait for a lock that its transaction holds */
	if (batch->is_last_part)
		db_conn_close(&stream->conn);
}

/* On the loop */

static void on_timer_closed(uv_handle_t *timer)
{
	free(timer);
}

static void stop_watching(struct db_stream *stream)
{
	if (stream->resolve != NULL)
		db_resolve_forget(stream->resolve);
	stream->resolve = NULL;
	db_watch_stop(&stream->watch);
	if (stream->timer != NULL)
		uv_close((uv_handle_t *)stream->timer, on_timer_closed);
	stream->timer = NULL;
}

static bool rests(struct db_stream *stream, struct db_batch *batch);

static void end_part(struct db_stream *stream, struct db_batch *batch)
{
	if (rests(stream, batch))
		return;
	if (stream->timer != NULL)
		uv_timer_stop(stream->timer);
	after_part(stream, batch);
	batch->done(batch);
}

/* The connection is of no use any more; the part under way fails. */
static void break_off(struct db_stream *stream, enum error error, const char *message)
{
	struct db_batch *batch = stream->batch;

	if (batch != NULL)
		fail_part(stream, batch, error, message);
	stop_watching(stream);
	db_conn_close(&stream->conn);
	if (batch != NULL)
		end_part(stream, batch);
}

static void on_deadline(uv_timer_t *timer)
{
	struct db_stream *stream = timer->data;

	break_off(stream, stream->late_error, stream->late_message);
}

/* `done` is never called from inside start: what fails there fails on the next turn. */
static void break_off_soon(struct db_stream *stream)
{
	stream->late_error = ERROR_DATABASE_UNAVAILABLE;
	stream->late_message = db_unreachable;
	uv_timer_start(stream->timer, on_deadline, 0, 0);
}

/* The part's deadline; while it connects, the end of that when it is earlier. */
static void start_timer(struct db_stream *stream, uint32_t connect_timeout_ms)
{
	uint64_t now_ns = clock_now_ns(), deadline_ns = stream->batch->deadline_ns;
	uint64_t left_ms = deadline_ns > now_ns ? (deadline_ns - now_ns) / NS_PER_MS : 0;
	bool is_connect = connect_timeout_ms > 0 && connect_timeout_ms < left_ms;

	uv_update_time(stream->timer->loop);
	stream->late_error = is_connect ? ERROR_DATABASE_UNAVAILABLE : ERROR_DEADLINE;
	stream->late_message = is_connect ? db_unreachable : db_no_answer;
	uv_timer_start(stream->timer, on_deadline, is_connect ? connect_timeout_ms : left_ms, 0);
}

static void send_part(struct db_stream *stream)
{
	fill_part(stream, stream->batch);
	if (db_conn_send(&stream->conn, stream->batch, true) == 0)
		db_watch_update(&stream->watch);
	else
		break_off_soon(stream);
}

/* Before the first part: what are its columns? */
static void look_at_statement(struct db_stream *stream, bool has_waited)
{
	struct db_batch *batch = stream->batch;

	switch (db_conn_prepare(&stream->conn, batch, has_waited)) {
	case DB_CONN_READY:
		stream->signature = batch->queries[0].signature;
		send_part(stream);
		break;
	case DB_CONN_WAITS:
		db_watch_update(&stream->watch);
		break;
	case DB_CONN_REFUSES:
		break_off(stream, batch->error, batch->message);
		break;
	case DB_CONN_BROKEN:
		break_off_soon(stream);
		break;
	}
}

static void begin_part(struct db_stream *stream)
{
	start_timer(stream, 0);
	if (stream->signature != NULL) {
		send_part(stream);
		return;
	}
	fill_with_statement(stream, stream->batch);
	look_at_statement(stream, false);
}

static void on_ready(struct db_watch *watch)
{
	struct db_stream *stream = CONTAINER_OF(watch, struct db_stream, watch);
	struct db_batch *batch = stream->batch;
	bool was_usable = db_conn_is_usable(&stream->conn);

	if (db_conn_advance(&stream->conn) != 0) {
		bool is_over = batch != NULL && stream->batch == NULL;

		log_warning("db", "a stream's connection was lost: %s", stream->conn.error);
		break_off(stream, ERROR_DATABASE_UNAVAILABLE, was_usable ? connection_lost : db_unreachable);
		if (is_over)
			end_part(stream, batch);
		return;
	}
	db_watch_update(&stream->watch);
	if (!was_usable && db_conn_is_usable(&stream->conn))
		begin_part(stream);
	else if (stream->batch != NULL && stream->signature == NULL && db_conn_is_usable(&stream->conn))
		look_at_statement(stream, true);
	else if (batch != NULL && stream->batch == NULL)
		end_part(stream, batch);
}

static void connect_stream(struct db_stream *stream, const struct db_found *found)
{
	if (db_conn_open(&stream->conn, found) == 0)
		db_watch_update(&stream->watch);
	else
		break_off_soon(stream);
}

static void on_resolved(void *data, const struct db_found *found)
{
	struct db_stream *stream = data;

	stream->resolve = NULL;
	if (found->error != NULL)
		break_off(stream, ERROR_DATABASE_UNAVAILABLE, db_unreachable);
	else
		connect_stream(stream, found);
}

static void create_timer(struct db_stream *stream, uv_loop_t *loop)
{
	stream->timer = memory_alloc(sizeof(*stream->timer));
	uv_timer_init(loop, stream->timer);
	stream->timer->data = stream;
}

static void begin_to_connect(struct db_stream *stream)
{
	const struct db_settings *settings = stream->conn.settings;
	uv_loop_t *loop = stream->timer->loop;

	start_timer(stream, settings->connect_timeout_ms);
	db_watch_init(&stream->watch, loop, &stream->conn, on_ready);
	stream->resolve = db_resolve_start(loop, settings->conninfo, on_resolved, stream);
	if (stream->resolve == NULL)
		connect_stream(stream, NULL);
}

static void on_rested(uv_timer_t *timer)
{
	begin_to_connect(timer->data);
}

static bool rests(struct db_stream *stream, struct db_batch *batch)
{
	uint64_t ns = stream->timer != NULL ? rest_ns(stream, batch) : 0;
	uv_loop_t *loop = ns > 0 ? stream->timer->loop : NULL;

	if (ns == 0)
		return false;
	db_batch_rewind(batch);
	stop_watching(stream);
	close_conn(stream);
	stream->batch = batch;
	create_timer(stream, loop);
	uv_update_time(loop);
	uv_timer_start(stream->timer, on_rested, ns / NS_PER_MS, 0);
	return true;
}

void db_stream_start(struct db_stream *stream, struct db_batch *batch, const struct db_settings *settings,
		     struct uv_loop_s *loop)
{
	bool is_first = !stream->is_initialized;

	init_conn(stream, settings);
	stream->batch = batch;
	if (stream->timer == NULL)
		create_timer(stream, loop);
	if (is_first) {
		begin_to_connect(stream);
	} else if (db_conn_is_usable(&stream->conn)) {
		begin_part(stream);
	} else {
		break_off_soon(stream);
	}
}

void db_stream_destroy(struct db_stream *stream)
{
	if (stream->is_initialized) {
		stop_watching(stream);
		db_conn_close(&stream->conn);
	}
	free(stream);
}
