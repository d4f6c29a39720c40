/* stream.h - the rows of one read-only statement, a part at a time, through a cursor on a connection of its own.
 *
 * The connection is one that a stream before has left (spares.h), or a new one. It is left again for the next.
 * The statement is prepared, so that its columns are known; its cursor is opened with its text. A part is a batch: the
 * first opens the cursor and fetches, each next fetches. PostgreSQL computes what is asked for,
 * so a client that reads slowly holds back the query and costs no memory.
 *
 * Life:    db_stream_create() -> (db_stream_wait() or db_stream_start())* -> db_stream_destroy(), at any time.
 * Owner:   its exchange; it has its connection to itself.
 * Thread:  one at a time; a stream that was started on a loop stays there.
 * Limits:  rows of a part: so many that they are some STREAM_PART_BYTES; a connection each: the caller bounds streams.
 * Errors:  in the batch, as always.
 */
#pragma once

#include "base/arena.h"
#include "db/values/batch.h"
#include "db/settings.h"

enum { STREAM_PART_BYTES = 64 * 1024 };

struct db_stream;
struct uv_loop_s;

struct db_stream *db_stream_create(const struct db_statement *statement, const struct db_signature *checked_for,
				   const char *const *values, const struct db_context *context, struct arena *arena);
/* Runs the next part in `batch`: blocking, or on the loop with batch->done called later. */
void db_stream_wait(struct db_stream *stream, struct db_batch *batch, const struct db_settings *settings);
void db_stream_start(struct db_stream *stream, struct db_batch *batch, const struct db_settings *settings,
		     struct uv_loop_s *loop);
void db_stream_destroy(struct db_stream *stream);
