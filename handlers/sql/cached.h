/* cached.h - an endpoint of `-- cache: TIME`: its good answers are kept, and one query answers requests that are alike.
 *
 * Two requests are alike when PostgreSQL is told the same of them: the parameters of the statement, the role, and what
 * `-- settings:` names. Of the claims only the one counts that `by claim PATH` names, and none with `by role`.
 *
 * Life:    sql_read_cache() for the annotation -> constant -> sql_cached_begin() for each request.
 * Owner:   the endpoint set's arena.
 * Thread:  any.
 * Limits:  those of the cache (cache/response_cache.h).
 * Errors:  an answer of 503 or 504 is the request's own. In its place a stale answer is given, where there is one.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"
#include "exchange/router.h"

enum cache_by { CACHE_BY_ALL, CACHE_BY_ROLE, CACHE_BY_CLAIM };

struct endpoint_cache {
	uint64_t id; /* no two endpoints of a process have the same, be they of different editions */
	unsigned subject;
	uint64_t fresh_ms, stale_ms;
	enum cache_by by;
	struct text claim; /* its path */
	unsigned line;
};

/* The first step of an endpoint whose answers are kept; route->data is the plan. */
step_fn sql_cached_begin;
