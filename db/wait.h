/* wait.h - runs one batch and blocks the calling thread until it is over: the sync and threads modes.
 *
 * Life:    db_wait_init() -> db_wait_run()* -> db_wait_cleanup(). Connects when first needed, and again after a loss.
 * Thread:  one at a time; each thread has its own.
 * Limits:  one read-only and one read-write connection; where PostgreSQL grants only one, that is read-write and serves
 *          both. Every wait ends at the batch's deadline, or DB_BATCH_GRACE_MS behind it, for PostgreSQL's own word.
 * Errors:  in the batch.
 */
#pragma once

#include <stdatomic.h>

#include "db/conn.h"
#include "db/counters.h"

struct db_wait {
	struct db_conn reads, writes;
	uint64_t retry_ns;         /* after a failed connect: not before then */
	unsigned failures;         /* in a row */
	struct db_catalog catalog; /* of the statements to prepare from now on */
	/* for db_wait_count() */
	atomic_uint open, busy;
	atomic_ullong lost, run_again, units;
};

void db_wait_init(struct db_wait *wait, const struct db_settings *settings, unsigned number);
void db_wait_run(struct db_wait *wait, struct db_batch *batch);
/* From now on batches of another edition's statements come: each connection prepares those, when it is next used. */
void db_wait_turn(struct db_wait *wait, struct db_catalog catalog);
/* It has no connection, and its last connect failed. */
bool db_wait_is_cut_off(const struct db_wait *wait);
/* After a failed connect: tries again, when it is time for it, for at most PROBE_MS. */
void db_wait_probe(struct db_wait *wait);
/* Closes connections that have grown and are not used any more. */
void db_wait_rest(struct db_wait *wait, uint64_t now_ns);
void db_wait_cleanup(struct db_wait *wait);
/* Adds its own to `numbers`; any thread may ask. */
void db_wait_count(const struct db_wait *wait, struct db_numbers *numbers);

/* Connects within `deadline_ns`. For a connection that is used by one thread alone. Returns 0; 1 when the deadline came
 * before connect_timeout_ms had passed; or -1 when it cannot be reached: conn->error says why. */
MUST_CHECK int db_wait_open(struct db_conn *conn, uint64_t deadline_ns);
/* Waits until the batch can be sent, at most until its deadline; -1: it cannot, and has failed or is lost. */
MUST_CHECK int db_wait_prepare(struct db_conn *conn, struct db_batch *batch);
/* Sends a batch as one unit and waits for its end, at most until its deadline. */
void db_wait_exchange(struct db_conn *conn, struct db_batch *batch);
