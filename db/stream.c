#include "db/stream_parts.h"

#include "base/clock.h"
#include "base/memory.h"
#include "db/rerun.h"
#include "db/values/result.h"

#include <stdlib.h>

enum {
	PART_ROWS_MAX = 5000,
};

const char stream_lost[] = "the connection to the database was lost";

struct db_stream *db_stream_create(const struct db_statement *statement, const struct db_signature *checked_for,
				   const char *const *values, const struct db_context *context, struct arena *arena)
{
	struct db_stream *stream = memory_alloc_zeroed(1, sizeof(*stream));

	stream->rows = DB_CONN_FIRST_ROWS;
	stream->statement = statement;
	stream->checked_for = checked_for;
	stream->values = values;
	stream->context = context;
	stream->begin = (struct db_statement){.sql = "BEGIN READ ONLY", .is_read_only = true};
	stream->declare = (struct db_statement){
	    .sql = arena_printf(arena, "%s%s", db_conn_declare, statement->sql),
	    .sent_as = statement->name,
	    .parameters = statement->parameters,
	    .parameter_count = statement->parameter_count,
	    .choices = statement->choices,
	    .choice_count = statement->choice_count,
	    .is_read_only = true,
	};
	stream->fetch = (struct db_statement){.sql = stream->fetch_sql, .is_inside = true, .is_read_only = true};
	/* SET LOCAL before the first statement of each part: it is all one transaction */
	stream->begin.timeout_ms = stream->declare.timeout_ms = stream->fetch.timeout_ms = statement->timeout_ms;
	return stream;
}

/* Its session */

static void on_over(struct db_conn *conn, struct db_batch *batch, enum db_conn_outcome outcome)
{
	struct db_session *session = CONTAINER_OF(conn, struct db_session, conn);

	if (outcome != DB_CONN_DONE)
		db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE, stream_lost);
	session->stream->batch = NULL;
}

/* Of the statement's edition, which may not be the newest. */
static struct db_catalog catalog_of(const struct db_statement *statement)
{
	unsigned least = statement->index + 1;

	return (struct db_catalog){statement->edition, statement->set_size > least ? statement->set_size : least};
}

void stream_take_session(struct db_stream *stream, const struct db_settings *settings)
{
	stream->session = db_spares_take(settings, catalog_of(stream->statement), on_over);
	stream->session->stream = stream;
}

bool stream_is_usable(const struct db_stream *stream)
{
	return stream->session != NULL && db_conn_is_usable(&stream->session->conn);
}

void stream_close_conn(struct db_stream *stream)
{
	db_conn_close(&stream->session->conn);
	stream->session->was_kept = false;
	stream->signature = NULL;
}

void stream_leave_session(struct db_stream *stream)
{
	struct db_session *session = stream->session;

	if (session == NULL)
		return;
	if (stream->batch == NULL && stream->is_open && !stream->has_failed)
		db_spares_put(session);
	else
		db_session_close(session);
	stream->session = NULL;
}

void db_stream_destroy(struct db_stream *stream)
{
	stream_stop_loop(stream);
	stream_leave_session(stream);
	free(stream);
}

/* A part */

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

void stream_fill_with_statement(struct db_stream *stream, struct db_batch *batch)
{
	begin_batch(batch);
	db_batch_add(batch, stream->statement, stream->values);
	batch->queries[0].checked_for = stream->checked_for;
}

void stream_fill_part(struct db_stream *stream, struct db_batch *batch)
{
	begin_batch(batch);
	stream->fetch.sent_as = stream->is_open ? NULL : db_conn_first_rows;
	if (!stream->is_open) {
		/* elsewhere the transaction begins with being read-only */
		if (!stream->session->conn.has_cursors)
			db_batch_add(batch, &stream->begin, NULL);
		db_batch_add(batch, &stream->declare, stream->values);
		batch->context = stream->context; /* holds until the transaction is over */
	}
	snprintf(stream->fetch_sql, sizeof(stream->fetch_sql), "FETCH FORWARD %u FROM rows", stream->rows);
	db_batch_add(batch, &stream->fetch, NULL);
	batch->queries[batch->query_count - 1].signature = stream->signature;
}

void stream_fail_part(struct db_stream *stream, struct db_batch *batch, enum error error, const char *message)
{
	if (batch->slot != NULL)
		db_conn_forget(batch);
	stream->batch = NULL;
	batch->done_ns = clock_now_ns();
	db_batch_fail(batch, error, message);
}

static const struct db_result *rows_of(const struct db_batch *batch)
{
	return batch->error == ERROR_NONE && batch->query_count > 0 ? batch->queries[batch->query_count - 1].result
								    : NULL;
}

static size_t bytes_of(const struct db_result *rows)
{
	return PQresultMemorySize((const PGresult *)rows);
}

void stream_end_part(struct db_stream *stream, struct db_batch *batch)
{
	const struct db_result *rows = rows_of(batch);
	unsigned count;

	stream->has_failed = rows == NULL;
	if (rows == NULL)
		return;
	stream->is_open = true;
	count = db_row_count(rows);
	batch->is_last_part = count < stream->rows;
	if (count > 0) {
		size_t fitting = STREAM_PART_BYTES / (bytes_of(rows) / count + 1);

		stream->rows = (unsigned)(fitting < 1 ? 1 : fitting > PART_ROWS_MAX ? PART_ROWS_MAX : fitting);
	}
}

/* Beginning again */

/* The statement was described, and a migration changed its table before the cursor was declared. */
static bool has_other_columns(const struct db_stream *stream, const struct db_batch *batch)
{
	const struct db_result *rows = rows_of(batch);

	return rows != NULL && stream->signature != NULL && !db_columns_are_those_of(rows, stream->signature);
}

/* A session that was there before may have ended meanwhile, or know what a migration has changed: a new one tells. */
static bool may_be_its_session_s(const struct db_stream *stream, const struct db_batch *batch)
{
	if (!stream->session->was_kept || clock_now_ns() >= batch->deadline_ns)
		return false;
	return batch->error == ERROR_DATABASE_UNAVAILABLE || strcmp(batch->sqlstate, "0A000") == 0 ||
	       (strncmp(batch->sqlstate, "42", 2) == 0 && strcmp(batch->sqlstate, "42501") != 0);
}

bool stream_begins_again(struct db_stream *stream, struct db_batch *batch, uint64_t *rest_ns)
{
	*rest_ns = 0;
	if (stream->is_open || stream->session == NULL)
		return false;
	if (batch->error == ERROR_NONE || !may_be_its_session_s(stream, batch)) {
		batch->is_rolled_back |= has_other_columns(stream, batch);
		*rest_ns = UNLIKELY(batch->is_rolled_back) ? rerun_rest_ns(batch, clock_now_ns()) : 0;
		if (LIKELY(*rest_ns == 0))
			return false;
	}
	db_batch_rewind(batch);
	return true;
}
