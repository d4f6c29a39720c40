/* enqueue_keys.h - idempotency keys: of each key one enqueue writes jobs, and others are told what it wrote.
 *
 * Keys are rows of the transaction that inserts the jobs. So both are there, or neither is.
 *
 * Life:    enqueue_keys_begin() -> enqueue_keys_add()* -> enqueue_keys_add_statements() -> the batch ->
 *          enqueue_keys_verdict().
 * Owner:   the arena.
 * Thread:  one at a time.
 */
#pragma once

#include <stdbool.h>

#include "db/values/batch.h"
#include "queue/job_columns.h"

struct enqueue_key {
	const char *text; /* NULL: it has none */
	uint64_t body_hash[2];
};

struct enqueue_keys {
	struct arena *arena;
	struct buffer queues, keys, bodies, firsts, ids; /* of each enqueue */
	struct buffer job_keys, job_firsts;              /* of each job */
	struct job_columns jobs;
	unsigned count;          /* enqueues */
	const char *question[4]; /* values */
};

void enqueue_keys_begin(struct enqueue_keys *keys, struct arena *arena);
/* `queue` is its name. */
void enqueue_keys_add(struct enqueue_keys *keys, const char *queue, const struct enqueue_key *key,
		      const struct job_spec *jobs, unsigned count);
/* The keys, the jobs, and last what is known of the keys. `epoch` is the owner's, or NULL: then
 * they are for the inbox. There has to be an enqueue. */
void enqueue_keys_add_statements(struct enqueue_keys *keys, struct db_batch *batch, const char *epoch);
/* Of a batch that asks what became of them. */
void enqueue_keys_add_question(struct enqueue_keys *keys, struct db_batch *batch);

enum enqueue_verdict {
	ENQUEUE_WRITTEN,
	ENQUEUE_REPEATED,  /* it was before; its ids are in the answer */
	ENQUEUE_KEY_TAKEN, /* by another body */
	ENQUEUE_LOST,      /* the key is not there: nothing was written */
};

/* Of the enqueue that was added so many before; `rows` answer the last statement, or the question. */
enum enqueue_verdict enqueue_keys_verdict(const struct db_result *rows, unsigned place);
/* Returns the ids of one that is repeated. */
const int64_t *enqueue_keys_ids(const struct db_result *rows, unsigned place, unsigned count, struct arena *arena);
