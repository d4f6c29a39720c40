/* read_only.h - finds a GET that PostgreSQL can only refuse, before its first request.
 *
 * To prepare a statement says nothing: PostgreSQL looks whether it writes when it begins to run it. Its plan shows it.
 * The plan is made for any values of the parameters, in a read-only transaction. It never runs (though the planner may
 * call functions that say that they are stable or immutable). What cannot be planned this way passes: where a
 * parameter is of a domain that takes no NULL, for one.
 *
 * Life:    at start, after the endpoint's statement was prepared under its name in `pg`.
 * Thread:  start-up; blocks, a round trip for each GET. No lock is waited for longer than LOCK_TIMEOUT_MS, and after
 *          the first that is held nothing more is planned.
 * Errors:  diagnostics in the set where each request would be a 405; a warning in the log where some would.
 */
#pragma once

#include <libpq-fe.h>

#include "handlers/sql/file.h"

struct read_only_check {
	struct endpoint_set *set;
	PGconn *pg;
	bool has_met_lock;
};

void read_only_check_endpoint(struct read_only_check *check, const struct endpoint *endpoint);
