/* Its parts are run on a loop. */
#include "db/stream_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <stdlib.h>

static void on_timer_closed(uv_handle_t *timer)
{
	free(timer);
}

void stream_stop_loop(struct db_stream *stream)
{
	if (stream->resolve != NULL)
		db_resolve_forget(stream->resolve);
	stream->resolve = NULL;
	db_watch_stop(&stream->watch);
	if (stream->timer != NULL)
		uv_close((uv_handle_t *)stream->timer, on_timer_closed);
	stream->timer = NULL;
}

static bool begins_again(struct db_stream *stream, struct db_batch *batch);

static void end_part(struct db_stream *stream, struct db_batch *batch)
{
	if (begins_again(stream, batch))
		return;
	if (stream->timer != NULL)
		uv_timer_stop(stream->timer);
	stream_end_part(stream, batch);
	batch->done(batch);
}

/* The connection is of no use any more; the part under way fails. */
static void break_off(struct db_stream *stream, enum error error, const char *message)
{
	struct db_batch *batch = stream->batch;

	if (batch != NULL)
		stream_fail_part(stream, batch, error, message);
	stream_stop_loop(stream);
	db_conn_close(&stream->session->conn);
	if (batch != NULL)
		end_part(stream, batch);
}

static void on_deadline(uv_timer_t *timer)
{
	struct db_stream *stream = timer->data;

	break_off(stream, stream->late_error, stream->late_message);
}

/* `done` is never called from inside start: what fails there fails on the next turn. */
static void break_off_soon(struct db_stream *stream, enum error error, const char *message)
{
	db_watch_stop(&stream->watch);
	stream->late_error = error;
	stream->late_message = message;
	uv_timer_start(stream->timer, on_deadline, 0, 0);
}

static void lose_soon(struct db_stream *stream)
{
	break_off_soon(stream, ERROR_DATABASE_UNAVAILABLE, db_unreachable);
}

/* The part's deadline; while it connects, the end of that when it is earlier. */
static void start_timer(struct db_stream *stream, uint32_t connect_timeout_ms)
{
	uint64_t now_ns = clock_now_ns(), deadline_ns = stream->batch->deadline_ns;
	uint64_t left_ms = deadline_ns > now_ns ? (deadline_ns - now_ns) / NS_PER_MS : 0;
	bool is_connect = connect_timeout_ms > 0 && connect_timeout_ms < left_ms;

	uv_update_time(stream->loop);
	stream->late_error = is_connect ? ERROR_DATABASE_UNAVAILABLE : ERROR_DEADLINE;
	stream->late_message = is_connect ? db_unreachable : db_no_answer;
	uv_timer_start(stream->timer, on_deadline, is_connect ? connect_timeout_ms : left_ms, 0);
}

static void send_part(struct db_stream *stream)
{
	stream_fill_part(stream, stream->batch);
	if (db_conn_send(&stream->session->conn, stream->batch, true) == 0)
		db_watch_update(&stream->watch);
	else
		lose_soon(stream);
}

/* Before the first part: what are its columns? */
static void look_at_statement(struct db_stream *stream, bool has_waited)
{
	struct db_batch *batch = stream->batch;

	switch (db_conn_prepare(&stream->session->conn, batch, has_waited)) {
	case DB_CONN_READY:
		stream->signature = batch->queries[0].signature;
		send_part(stream);
		break;
	case DB_CONN_WAITS:
		db_watch_update(&stream->watch);
		break;
	case DB_CONN_REFUSES:
		break_off_soon(stream, batch->error, batch->message);
		break;
	case DB_CONN_BROKEN:
		lose_soon(stream);
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
	stream_fill_with_statement(stream, stream->batch);
	look_at_statement(stream, false);
}

/* `batch` was under way, and may be over, with what has come before the end of the connection. */
static void lose(struct db_stream *stream, struct db_batch *batch, bool was_usable)
{
	bool is_over = batch != NULL && stream->batch == NULL;
	bool is_news = !stream->session->was_kept || stream->is_open || is_over;

	log_line(is_news ? LOG_WARNING : LOG_DEBUG, "db", "a stream's connection was lost: %s",
		 stream->session->conn.error);
	break_off(stream, ERROR_DATABASE_UNAVAILABLE, was_usable ? stream_lost : db_unreachable);
	if (is_over)
		end_part(stream, batch);
}

static void on_ready(struct db_watch *watch)
{
	struct db_stream *stream = CONTAINER_OF(watch, struct db_stream, watch);
	struct db_conn *conn = &stream->session->conn;
	struct db_batch *batch = stream->batch;
	bool was_usable = db_conn_is_usable(conn);

	if (db_conn_advance(conn) != 0) {
		lose(stream, batch, was_usable);
		return;
	}
	db_watch_update(&stream->watch);
	if (!was_usable && db_conn_is_usable(conn))
		begin_part(stream);
	else if (stream->batch != NULL && stream->signature == NULL && db_conn_is_usable(conn))
		look_at_statement(stream, true);
	else if (batch != NULL && stream->batch == NULL)
		end_part(stream, batch);
}

static void connect_stream(struct db_stream *stream, const struct db_found *found)
{
	if (db_conn_open(&stream->session->conn, found) == 0)
		db_watch_update(&stream->watch);
	else
		lose_soon(stream);
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

static void create_timer(struct db_stream *stream)
{
	stream->timer = memory_alloc(sizeof(*stream->timer));
	uv_timer_init(stream->loop, stream->timer);
	stream->timer->data = stream;
}

static void begin_to_connect(struct db_stream *stream)
{
	const struct db_settings *settings = stream->session->conn.settings;

	start_timer(stream, settings->connect_timeout_ms);
	stream->resolve = db_resolve_start(stream->loop, settings->conninfo, on_resolved, stream);
	if (stream->resolve == NULL)
		connect_stream(stream, NULL);
}

static void on_rested(uv_timer_t *timer)
{
	begin_to_connect(timer->data);
}

static bool begins_again(struct db_stream *stream, struct db_batch *batch)
{
	uint64_t rest_ns;

	if (!stream_begins_again(stream, batch, &rest_ns))
		return false;
	stream_stop_loop(stream);
	stream_close_conn(stream);
	stream->batch = batch;
	create_timer(stream);
	uv_update_time(stream->loop);
	uv_timer_start(stream->timer, on_rested, rest_ns / NS_PER_MS, 0);
	return true;
}

void db_stream_start(struct db_stream *stream, struct db_batch *batch, const struct db_settings *settings,
		     struct uv_loop_s *loop)
{
	bool is_first = stream->loop == NULL;

	stream->loop = loop;
	stream->batch = batch;
	if (stream->timer == NULL)
		create_timer(stream);
	if (is_first) {
		stream_take_session(stream, settings);
		db_watch_init(&stream->watch, loop, &stream->session->conn, on_ready);
	}
	if (stream_is_usable(stream))
		begin_part(stream);
	else if (is_first)
		begin_to_connect(stream);
	else
		lose_soon(stream);
}
