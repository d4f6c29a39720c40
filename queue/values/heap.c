#include "queue/values/heap.h"

#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>

enum { CHILDREN = 4, CAPACITY_FIRST = 4 };

void heap_cleanup(struct heap *heap)
{
	free(heap->entries);
	*heap = (struct heap){NULL, 0, 0};
}

static void set_capacity(struct heap *heap, uint32_t capacity)
{
	heap->entries = memory_grow(heap->entries, capacity * sizeof(*heap->entries));
	heap->capacity = capacity;
}

static void put_at(struct heap *heap, uint32_t index, struct heap_entry entry)
{
	heap->entries[index] = entry;
	*entry.place = index + 1;
}

static void rise(struct heap *heap, uint32_t index, struct heap_entry entry)
{
	while (index > 0) {
		uint32_t parent = (index - 1) / CHILDREN;

		if (heap->entries[parent].key <= entry.key)
			break;
		put_at(heap, index, heap->entries[parent]);
		index = parent;
	}
	put_at(heap, index, entry);
}

static uint32_t smallest_child(const struct heap *heap, uint32_t index)
{
	uint32_t first = CHILDREN * index + 1, smallest = first;

	for (uint32_t child = first + 1; child < first + CHILDREN && child < heap->count; child++)
		if (heap->entries[child].key < heap->entries[smallest].key)
			smallest = child;
	return smallest;
}

static void sink(struct heap *heap, uint32_t index, struct heap_entry entry)
{
	while (CHILDREN * index + 1 < heap->count) {
		uint32_t child = smallest_child(heap, index);

		if (heap->entries[child].key >= entry.key)
			break;
		put_at(heap, index, heap->entries[child]);
		index = child;
	}
	put_at(heap, index, entry);
}

/* Puts `entry` where it belongs, from the free place `index` on. */
static void settle(struct heap *heap, uint32_t index, struct heap_entry entry)
{
	if (index > 0 && heap->entries[(index - 1) / CHILDREN].key > entry.key)
		rise(heap, index, entry);
	else
		sink(heap, index, entry);
}

void heap_put(struct heap *heap, uint64_t key, uint32_t *place)
{
	REQUIRE(*place == 0 && heap->count < UINT32_MAX / CHILDREN - CHILDREN);
	if (heap->count == heap->capacity)
		set_capacity(heap, heap->capacity == 0 ? CAPACITY_FIRST : heap->capacity + heap->capacity / 2);
	heap->count++;
	rise(heap, heap->count - 1, (struct heap_entry){key, place});
}

void heap_take_out(struct heap *heap, uint32_t *place)
{
	uint32_t index = *place - 1;
	struct heap_entry last = heap->entries[--heap->count];

	*place = 0;
	if (index < heap->count)
		settle(heap, index, last);
	if (heap->capacity > CAPACITY_FIRST && heap->count < heap->capacity / 4)
		set_capacity(heap, heap->capacity / 2);
}

void heap_move(struct heap *heap, uint32_t *place, uint64_t key)
{
	settle(heap, *place - 1, (struct heap_entry){key, place});
}
