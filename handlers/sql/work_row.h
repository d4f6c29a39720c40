/* work_row.h - the common work: one row, computed once, off the loop. A work that has `compute` needs no steps of its own.
 *
 *     static void compute(struct work_row *row)
 *     {
 *             row->gives[0] = text_of(row->values[0]);
 *     }
 *
 * Life:    work_row_begin() -> compute() -> the response.
 * Owner:   the exchange's arena.
 * Thread:  work_row_begin(): a step's. compute(): a compute thread, which alone may use the arena meanwhile.
 * Limits:  the request's deadline: what takes longer than a few milliseconds asks work_row_is_over() now and then, and
 *          returns early.
 * Errors:  `problem`: a 400.
 */
#pragma once

#include "base/buffer.h"
#include "base/computation.h"
#include "base/text.h"
#include "handlers/sql/work.h"

struct work_row {
	const char *const *values; /* of what the work takes, checked; NULL for null, where that may be */
	struct arena *arena;
	/* for each column that the work gives its text, as PostgreSQL would write it; `at` NULL: null */
	struct text gives[WORK_VALUES_MAX];
	const char *problem; /* or what is wrong with the values */

	/* private */
	struct computation computation;
	const struct endpoint *endpoint;
	const struct work *work;
	struct buffer json;
};

/* The first step of an endpoint whose work has `compute`. */
enum step work_row_begin(struct exchange *x, const struct endpoint *endpoint, const struct work *work,
			 const char *const *values);
/* Returns whether nothing waits for the row any more. */
bool work_row_is_over(struct work_row *row);
