/* Its parts are waited for. */
#include "db/stream_parts.h"

#include "base/clock.h"
#include "db/wait.h"

#include <time.h>

/* A connection that was lost took its cursor with it. As db_wait_open(). */
static int open_when_needed(struct db_stream *stream, uint64_t deadline_ns)
{
	if (stream_is_usable(stream))
		return 0;
	return stream->is_open ? -1 : db_wait_open(&stream->session->conn, deadline_ns);
}

static void wait_for_part(struct db_stream *stream, struct db_batch *batch)
{
	int status = open_when_needed(stream, batch->deadline_ns);

	if (status > 0)
		stream_fail_part(stream, batch, ERROR_DEADLINE, db_no_answer);
	if (status < 0)
		stream_fail_part(stream, batch, ERROR_DATABASE_UNAVAILABLE, db_unreachable);
	if (status != 0)
		return;
	if (stream->signature == NULL) {
		stream_fill_with_statement(stream, batch);
		if (db_wait_prepare(&stream->session->conn, batch) != 0)
			return;
		stream->signature = batch->queries[0].signature;
	}
	stream_fill_part(stream, batch);
	db_wait_exchange(&stream->session->conn, batch);
}

void db_stream_wait(struct db_stream *stream, struct db_batch *batch, const struct db_settings *settings)
{
	struct timespec rest = {0};
	uint64_t rest_ns;

	if (stream->session == NULL && !stream->is_open)
		stream_take_session(stream, settings);
	wait_for_part(stream, batch);
	while (stream_begins_again(stream, batch, &rest_ns)) {
		rest.tv_nsec = (long)rest_ns;
		nanosleep(&rest, NULL);
		stream_close_conn(stream);
		wait_for_part(stream, batch);
	}
	stream_end_part(stream, batch);
	/* this thread's next request may wait for a lock that its transaction holds */
	if (batch->is_last_part)
		stream_leave_session(stream);
}
