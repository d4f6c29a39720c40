/* pool.h - records of one size, each known by a number of 32 bits, in chunks that never move.
 *
 * Life:    pool_init() -> pool_take(), pool_give()* -> pool_cleanup().
 * Owner:   the pool owns the records; what they point at is the caller's.
 * Thread:  one at a time.
 * Limits:  it keeps the memory that its fullest time needed. The caller bounds how many there are.
 */
#pragma once

#include <stdint.h>

#include "base/compiler.h"

struct pool {
	char **chunks; /* private, all of it but used_count */
	size_t record_bytes;
	uint32_t chunk_count, numbers; /* how many numbers were ever given out */
	uint32_t free_first;           /* the first four bytes of a free record are the next one's number */
	uint32_t used_count;
};

enum { POOL_CHUNK_BITS = 10, POOL_CHUNK_RECORDS = 1 << POOL_CHUNK_BITS };

void pool_init(struct pool *pool, size_t record_bytes);
void pool_cleanup(struct pool *pool);

/* Returns a record's number, which is never 0. The record is all zero. Without a pool_give() numbers count from 1. */
uint32_t pool_take(struct pool *pool);
void pool_give(struct pool *pool, uint32_t number);

static inline void *pool_at(const struct pool *pool, uint32_t number)
{
	uint32_t index = number - 1;

	return pool->chunks[index >> POOL_CHUNK_BITS] + (index & (POOL_CHUNK_RECORDS - 1)) * pool->record_bytes;
}
