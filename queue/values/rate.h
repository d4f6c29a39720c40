/* rate.h - a token bucket: so many in so long, and no more than that at once.
 *
 * It is kept as one time, as by the generic cell rate algorithm of ITU-T I.371 (and in identity/rate_table.h).
 *
 * Life:    all zero -> rate_take()*.
 * Thread:  one at a time.
 */
#pragma once

#include "base/clock.h"
#include "base/compiler.h"

#include <stdbool.h>

enum { RATE_COUNT_MAX = 1000000, RATE_PERIOD_S_MAX = 86400 };

struct rate {
	unsigned count, period_s; /* count 0: there is no rate */
	uint64_t full_ns;         /* when all of it is there again */
};

/* False: not before *next_ns. */
bool rate_take(struct rate *rate, uint64_t now_ns, uint64_t *next_ns) MUST_CHECK;
