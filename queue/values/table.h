/* table.h - finds the records of a pool by a hash.
 *
 * It grows by one place at a time, so that no call takes long. See Litwin, "Linear hashing: a new tool for file and table
 * addressing", VLDB 1980.
 *
 * Life:    table_init() -> table_add(), table_first(), table_remove()* -> table_cleanup().
 * Owner:   the pool owns the records. Each begins with a struct table_link.
 * Thread:  one at a time.
 * Limits:  about one record for each place; it keeps the places that its fullest time needed.
 */
#pragma once

#include "queue/values/pool.h"

struct table_link {
	uint32_t next; /* of those that share a place; 0: none */
};

typedef uint64_t table_hash_fn(const void *record);

struct table {
	const struct pool *pool; /* private, all of it */
	table_hash_fn *hash_of;
	uint32_t *places;
	uint32_t place_count, capacity, count;
	uint32_t half; /* a power of two; place_count is at least as much, and less than twice */
};

void table_init(struct table *table, const struct pool *pool, table_hash_fn *hash_of);
void table_cleanup(struct table *table);

void table_add(struct table *table, uint32_t number);
/* Of a record that is in. */
void table_remove(struct table *table, uint32_t number);

/* Returns the first of those that share the place of `hash`, or 0; its link leads to the next. */
uint32_t table_first(const struct table *table, uint64_t hash);
