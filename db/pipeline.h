/* pipeline.h - runs many batches over few PostgreSQL connections on the loop, without blocking.
 *
 * What a loop turn submits leaves at its end: one write a connection. Reads of one turn share a Sync; when one fails,
 * those behind it are run again singly. Writes have a Sync each.
 *
 * Which batches share a connection: a statement is *quick* while its moving average is below QUICK_MS plus the round
 * trip to PostgreSQL. That is measured at each connect. So distance makes no statement slow. Quick batches share the
 * first few connections of their kind, least expected time first. Slow ones, and those never seen before, travel alone:
 * on an idle connection, else on a new one up to the limit. One connection of each kind stays with the quick ones. So
 * no quick batch waits behind one that is known to be slow, and quick ones keep the benefit of sharing. When a quick
 * batch turns out slow, the reads that share its connection are run again, each alone.
 *
 * Life:    db_pipeline_create() -> db_pipeline_submit()* -> db_pipeline_close(); the loop then runs until its
 *          handles are closed -> db_pipeline_destroy().
 * Owner:   a batch is the pipeline's from submit until `done`: exactly once, never from inside
 *          db_pipeline_submit().
 * Thread:  loop only.
 * Limits:  `connections`, settings->depth in flight on each, `queue_limit` waiting, and as long as base/congestion.h
 *          says; then ERROR_BUSY at once, with `retry_s`.
 * Errors:  in the batch. Of a connection that is lost, rerun.h says which batches run again.
 */
#pragma once

#include <limits.h>
#include <uv.h>

#include "db/values/batch.h"
#include "db/counters.h"
#include "db/settings.h"

struct db_pipeline; /* opaque */

#define DB_NOT_CARRIED UINT_MAX /* there was no such statement */

struct db_pipeline_settings {
	const struct db_settings *db;
	unsigned connections;        /* most, of both kinds together */
	unsigned shared_connections; /* for quick reads */
	unsigned write_connections;  /* most for quick writes, each alone on its own; they leave the reads theirs */
	unsigned queue_limit;
	unsigned first_number; /* of its connections, for the log */
};

struct db_pipeline *db_pipeline_create(uv_loop_t *loop, const struct db_pipeline_settings *settings);
/* Takes over `batch` until batch->done. */
void db_pipeline_submit(struct db_pipeline *pipeline, struct db_batch *batch);
/* Calls batch->done, of a batch that has failed before it could be submitted, at the end of this turn. */
void db_pipeline_finish_later(struct db_pipeline *pipeline, struct db_batch *batch);
/* The client of a batch that was submitted has left. One that waits for a connection is over at the end of this turn. */
void db_pipeline_note_departure(struct db_pipeline *pipeline, struct db_batch *batch);
/* Nothing is to become of a batch that was submitted, and that only reads. One that waits is over at the end of this turn.
 * One that was sent is over at the next tick, and its connection goes on with it. */
void db_pipeline_withdraw(struct db_pipeline *pipeline, struct db_batch *batch);
/* Whether a read could be answered now: at least one connection is there. */
bool db_pipeline_is_ready(const struct db_pipeline *pipeline);
/* From now on batches of another edition's statements come: each connection that is idle, or as soon as it is, prepares
 * those. What is under way or waits ends all the same. `carried_from`: for each statement of it, which one of the
 * edition before it is; what that was expected to take still holds. */
void db_pipeline_turn(struct db_pipeline *pipeline, struct db_catalog catalog, const unsigned *carried_from);
/* The oldest edition that a connection has statements of, in flight or prepared. */
unsigned db_pipeline_oldest_edition(const struct db_pipeline *pipeline);
struct db_numbers db_pipeline_numbers(const struct db_pipeline *pipeline);
/* Everything submitted must be over. */
void db_pipeline_close(struct db_pipeline *pipeline);
void db_pipeline_destroy(struct db_pipeline *pipeline);
