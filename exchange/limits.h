/* limits.h - how often, and how many at once, a route may be called.
 *
 * Owner:   the endpoint set's arena.
 * Thread:  any.
 */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"

enum limit_key { LIMIT_BY_ADDRESS, LIMIT_BY_IDENTITY, LIMIT_BY_CLAIM };

struct rate_limit {
	unsigned count, period_s; /* so many in so long; count 0: there is no limit */
	enum limit_key by;        /* what has no identity, or no such claim, is counted by its address */
	const char *claim;        /* its path */
};

struct limits {
	const char *name; /* of the quota: those of one name share it */
	struct rate_limit rate;
	unsigned inflight_max; /* 0: no limit */
	atomic_uint inflight;
};

enum { RATE_COUNT_MAX = 1000000, INFLIGHT_MAX = 1000000 };

/* What a message says was expected. */
extern const char rate_limit_expected[];

/* Reads "100/minute", "5/second by key", "9/hour by claim app.tenant". */
bool rate_limit_read(struct text text, struct arena *arena, struct rate_limit *rate);
