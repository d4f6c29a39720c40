/* work.h - what an endpoint may do instead of running its SQL: `-- work: NAME`. Its SQL then says what goes in and out,
 * so that parameters are checked, documented and refused exactly as those of every other endpoint.
 *
 * Life:    constant.
 * Thread:  any.
 * Errors:  work_check(): a diagnostic that says what the work takes and gives.
 */
#pragma once

#include "handlers/sql/file.h"
#include "exchange/router.h"

enum { WORK_VALUES_MAX = 10 };

struct work_row;

struct work_value {
	const char *name;
	enum db_type_kind kind;
};

struct work {
	const char *name;
	enum http_method method;
	enum endpoint_shape shape;
	bool is_stream;
	bool prefers_lines;   /* NDJSON for clients that do not choose: a stream's rows can be read as they come */
	bool fetches;         /* pages of other hosts */
	bool takes_array;     /* the first of what it takes is one */
	unsigned may_be_null; /* of those that it takes: a bit each */
	struct work_value takes[WORK_VALUES_MAX], gives[WORK_VALUES_MAX]; /* to the first without a name */
	/* One of these two. The common case: fills in one row on a compute thread (work_row.h). */
	void (*compute)(struct work_row *row);
	/* Any other: the first step. `values` are those of `takes`, checked against their types; NULL for null, where
	 * that may be. */
	enum step (*begin)(struct exchange *x, const char *const *values);
};

#define WORK(name) extern const struct work work_##name;
#include "handlers/sql/works.def"
#undef WORK

/* NULL when there is none. */
const struct work *work_find(const char *name);
/* Adds a diagnostic that names those that there are when the endpoint's is none of them. */
MUST_CHECK bool work_is_known(const struct endpoint *endpoint, struct diagnostics *diagnostics);
/* Whether the endpoint's route, shape, parameters and columns are those of its work, which is known. */
MUST_CHECK int work_check(const struct endpoint *endpoint, struct diagnostics *diagnostics);
/* Fills `order` with the endpoint's parameter for each of those that the work takes. */
void work_order(const struct work *work, const struct db_statement *statement, unsigned order[static WORK_VALUES_MAX]);
