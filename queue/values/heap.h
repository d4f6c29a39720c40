/* heap.h - what comes next: the entry with the smallest key. Any entry can be taken out, or get another key.
 *
 * A node has four children: the levels are half as many as with two, and the four lie side by side. See LaMarca, Ladner,
 * "The influence of caches on the performance of heaps", 1996.
 *
 * Life:    all zero -> heap_put(), heap_take_out(), heap_move()* -> heap_cleanup().
 * Owner:   the caller keeps for each entry the word of its place, which is 0 while it is not in, and leaves it alone.
 * Thread:  one at a time.
 * Limits:  16 to 24 bytes an entry while it fills, at most 64 while it empties. A call takes logarithmic time.
 */
#pragma once

#include <stdint.h>

#include "base/compiler.h"

struct heap_entry {
	uint64_t key;
	uint32_t *place; /* CONTAINER_OF() makes of it what the entry is */
};

struct heap {
	struct heap_entry *entries; /* private; the smallest key is first */
	uint32_t count, capacity;
};

void heap_cleanup(struct heap *heap);

void heap_put(struct heap *heap, uint64_t key, uint32_t *place);
/* Of an entry that is in. */
void heap_take_out(struct heap *heap, uint32_t *place);
void heap_move(struct heap *heap, uint32_t *place, uint64_t key);

/* Returns the entry with the smallest key, or NULL; valid until the heap changes. */
static inline const struct heap_entry *heap_first(const struct heap *heap)
{
	return heap->count > 0 ? heap->entries : NULL;
}

/* Returns UINT64_MAX of an empty heap. */
static inline uint64_t heap_first_key(const struct heap *heap)
{
	return heap->count > 0 ? heap->entries[0].key : UINT64_MAX;
}

/* Of an entry that is in. */
static inline uint64_t heap_key(const struct heap *heap, const uint32_t *place)
{
	return heap->entries[*place - 1].key;
}
