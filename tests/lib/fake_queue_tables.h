/* fake_queue_tables.h - the tables of the queues in memory, for the store's tests; writing to them fails on demand.
 *
 * The store's statements are known by how they begin; one that is not known aborts. fake_queue_pipeline.c runs them.
 *
 * Life:    fake_tables_reset() -> the store's life -> fake_tables_reset().
 * Thread:  any, but for fake_tables_reset(): there is no store then.
 * Limits:  FAKE_ROWS_MAX rows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum { FAKE_ROWS_MAX = 4096 };

enum fake_write {
	FAKE_INSERT,
	FAKE_DELETE,
	FAKE_CHANGE,
	FAKE_TAKE,
	FAKE_MOVE,
	FAKE_READ,
	FAKE_PAYLOADS,
	FAKE_SWEEP,
	FAKE_IDS,
	FAKE_LETTERS,
	FAKE_WRITES
};

enum fake_outcome {
	FAKE_GOOD,
	FAKE_LOST,        /* with its connection: nothing was written, and that is known */
	FAKE_UNSURE,      /* it is not known; nothing was written */
	FAKE_UNSURE_DONE, /* it is not known; it was written */
	FAKE_REFUSED,     /* by PostgreSQL, with words that no client may read */
};

void fake_tables_reset(void);
/* The next `times` batches of this kind end like this. */
void fake_tables_fail(enum fake_write kind, enum fake_outcome outcome, unsigned times);
/* While they are held, batches of this kind wait. */
void fake_tables_hold(enum fake_write kind, bool is_held);
/* How many batches of this kind were sent, the failed ones included; of those that are held, too. */
unsigned fake_tables_sent(enum fake_write kind);
/* Another service takes the queues over and is there, or has left. */
void fake_tables_set_others(bool are_there);
/* So many idempotency keys are over. */
void fake_tables_set_old_keys(unsigned count);
void fake_tables_set_isolation(const char *isolation);
/* A row, with the payload "1". */
void fake_tables_add(int64_t id, unsigned attempt, unsigned max_attempts);
/* As is done by hand. */
void fake_tables_remove(int64_t id);
bool fake_tables_has(int64_t id, unsigned *attempt);
unsigned fake_tables_count(void);
unsigned fake_tables_dead(void);
/* A job that came through another service, with the payload "7". `queue` has to live as long. */
void fake_tables_add_inbox(int64_t place, int64_t id, const char *queue);
unsigned fake_tables_inbox_count(void);
/* How many names of queues were added, those that were there already included. */
unsigned fake_tables_names(void);
