#include "queue/values/pool.h"

#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>
#include <string.h>

void pool_init(struct pool *pool, size_t record_bytes)
{
	*pool = (struct pool){.record_bytes = record_bytes};
}

void pool_cleanup(struct pool *pool)
{
	for (uint32_t i = 0; i < pool->chunk_count; i++)
		free(pool->chunks[i]);
	free(pool->chunks);
}

static uint32_t new_number(struct pool *pool)
{
	REQUIRE(pool->numbers < UINT32_MAX);
	if (pool->numbers == pool->chunk_count << POOL_CHUNK_BITS) {
		pool->chunks = memory_grow(pool->chunks, (pool->chunk_count + 1) * sizeof(*pool->chunks));
		pool->chunks[pool->chunk_count++] = memory_alloc(POOL_CHUNK_RECORDS * pool->record_bytes);
	}
	return ++pool->numbers;
}

uint32_t pool_take(struct pool *pool)
{
	uint32_t number = pool->free_first;

	if (number != 0)
		memcpy(&pool->free_first, pool_at(pool, number), sizeof(pool->free_first));
	else
		number = new_number(pool);
	memset(pool_at(pool, number), 0, pool->record_bytes);
	pool->used_count++;
	return number;
}

void pool_give(struct pool *pool, uint32_t number)
{
	memcpy(pool_at(pool, number), &pool->free_first, sizeof(pool->free_first));
	pool->free_first = number;
	pool->used_count--;
}
