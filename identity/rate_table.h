/* rate_table.h - how often a key may come: token buckets, in bounded memory (the generic cell rate algorithm of ITU-T
 * I.371: one time for each key).
 *
 * A key is known by its SHA-256 with a random seed, so no client chooses which share a place. Where a place is full, the
 * key goes that would be allowed the most: at worst it is allowed its whole quota once more. No key is ever refused since
 * there is no room.
 *
 * Life:    rate_table_create() -> rate_table_take()* -> rate_table_destroy().
 * Thread:  any, at the same time: nothing waits but for a lock that is held for some instructions.
 * Limits:  RATE_TABLE_KEYS keys, in 1 MiB.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum { RATE_TABLE_KEYS = 65536 };

struct rate_table;

/* So many in so long, and no more than `count` at once. */
struct rate_quota {
	unsigned count;
	unsigned period_s;
};

struct rate_verdict {
	bool is_allowed;
	unsigned left;    /* that may come at once */
	unsigned reset_s; /* until all of the quota is there again, rounded up */
	unsigned retry_s; /* of what is not allowed: until one is; rounded up, at least 1 */
};

struct rate_table *rate_table_create(void);
void rate_table_destroy(struct rate_table *table);
struct rate_verdict rate_table_take(struct rate_table *table, struct text key, const struct rate_quota *quota,
				    uint64_t now_ns);
