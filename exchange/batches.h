/* batches.h - several batches of one exchange, each a transaction of its own, which need nothing of each other.
 *
 * Where nothing blocks, all are started at once, and each goes through the pipeline by itself. Where a thread waits, they
 * run one after another, in their order.
 *
 * Life:    batches_create() -> batches_add() for each -> await_db_all() (exchange.h) -> the step behind it reads them; then
 *          their results are given back.
 * Owner:   the exchange's arena.
 * Thread:  the exchange's; in async mode the loop.
 * Limits:  BATCHES_MAX; one deadline, the exchange's, for all of them. They only read.
 * Errors:  in each batch. When one fails that is not optional, those behind it are withdrawn, or not run. So the first
 *          failure in their order is the same in each mode.
 */
#pragma once

#include "exchange/exchange.h"

enum { BATCHES_MAX = 16 };

struct batches {
	unsigned count;
	/* private */
	step_fn *next;
	struct db_pipeline *pipeline; /* that they were submitted to */
	unsigned under_way;           /* so many are not over */
	struct batches_item {
		struct db_batch batch;
		struct exchange *x;
		bool is_optional;
		bool is_over;
	} items[];
};

/* They are the exchange's from now on. */
struct batches *batches_create(struct exchange *x, unsigned count);
/* What number `index` runs. `checked_for`: as db_checked_for(). */
void batches_add(struct batches *batches, unsigned index, const struct db_statement *statement,
		 const char *const *values, const struct db_signature *checked_for);
/* It may fail, and the others go on. */
void batches_may_fail(struct batches *batches, unsigned index);
/* Valid in the step behind await_db_all(). */
static inline const struct db_batch *batches_at(const struct batches *batches, unsigned index)
{
	return &batches->items[index].batch;
}

/* For exchange.c and the awaitable */

void batches_begin(struct batches *batches, uint64_t deadline_ns, step_fn *next);
/* The step behind await_db_all(): it runs `next`. */
step_fn batches_over;
/* Whether this failure decides: those behind it are of no use any more. */
static inline bool batches_item_decides(const struct batches_item *item)
{
	return item->batch.error != ERROR_NONE && !item->is_optional;
}
/* When all are over: adds up where the time went. They share it, so it counts once. */
void batches_note_times(struct exchange *x);
/* Whether no connection was found for any of them: none was asked. */
bool batches_are_unreached(const struct batches *batches);
/* For a second run. */
void batches_rewind(struct batches *batches);
