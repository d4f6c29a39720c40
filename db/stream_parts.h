/* stream_parts.h - the inside of a stream, for db/stream*.c only.
 *
 *   stream.c       its life; what a part asks for; whether the first begins again
 *   stream_wait.c  blocking
 *   stream_loop.c  on the loop
 */
#pragma once

#include "db/stream.h"

#include "db/resolve.h"
#include "db/spares.h"
#include "db/watch.h"

struct db_stream {
	struct db_session *session; /* NULL: not yet, or no more */
	struct db_batch *batch;     /* the part under way, or NULL */
	unsigned rows;              /* of the next part */
	bool is_open;               /* the cursor is */
	bool has_failed;            /* the last part has */
	const struct db_statement *statement;
	const struct db_signature *checked_for, *signature; /* the values were; of the rows, NULL: not known yet */
	struct db_statement begin, declare, fetch;
	const char *const *values;
	const struct db_context *context;
	char fetch_sql[64];

	/* on the loop */
	uv_loop_t *loop; /* NULL: it is waited for */
	struct db_watch watch;
	struct db_resolve *resolve;
	uv_timer_t *timer;     /* the deadline of a part; frees itself */
	enum error late_error; /* what the timer says when it fires */
	const char *late_message;
};

extern const char stream_lost[];

/* Of the first part: takes a session, which may be usable. */
void stream_take_session(struct db_stream *stream, const struct db_settings *settings);
bool stream_is_usable(const struct db_stream *stream);
/* What is prepared goes with it. */
void stream_close_conn(struct db_stream *stream);
/* The session is of no more use to it. */
void stream_leave_session(struct db_stream *stream);

/* The statement itself is not sent: it is looked at. */
void stream_fill_with_statement(struct db_stream *stream, struct db_batch *batch);
/* The queries of the next part: sized by the rows of the last one. */
void stream_fill_part(struct db_stream *stream, struct db_batch *batch);
void stream_fail_part(struct db_stream *stream, struct db_batch *batch, enum error error, const char *message);
/* Learns from the part, which is over. */
void stream_end_part(struct db_stream *stream, struct db_batch *batch);
/* Whether the first part runs again, on a new connection, which ends the transaction, and after what rest. Its batch is as
 * before it ran then. */
bool stream_begins_again(struct db_stream *stream, struct db_batch *batch, uint64_t *rest_ns);

/* Stops whatever the loop does for it. */
void stream_stop_loop(struct db_stream *stream);
