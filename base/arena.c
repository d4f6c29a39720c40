#include "base/arena.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	ALIGNMENT = 16,
	BLOCK_BYTES = 16 * 1024, /* beyond it a piece gets a block of its own size */
};

struct arena_block {
	_Alignas(ALIGNMENT) struct arena_block *older;
	size_t capacity;
	char bytes[];
};

static void use_first(struct arena *arena)
{
	size_t skip = (size_t)(-(uintptr_t)arena->first % ALIGNMENT);

	arena->next = arena->end = NULL;
	if (arena->first_bytes > skip) {
		arena->next = arena->first + skip;
		arena->end = arena->first + arena->first_bytes;
	}
}

void arena_init(struct arena *arena, void *first, size_t first_bytes)
{
	*arena = (struct arena){.first = first, .first_bytes = first_bytes};
	use_first(arena);
}

static void *alloc_in_new_block(struct arena *arena, size_t bytes)
{
	struct arena_block *block = arena->spare;

	if (block != NULL && bytes <= BLOCK_BYTES) {
		arena->spare = NULL;
	} else {
		size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

		block = memory_alloc(sizeof(*block) + capacity);
		block->capacity = capacity;
	}
	block->older = arena->blocks;
	arena->blocks = block;
	arena->next = block->bytes + bytes;
	arena->end = block->bytes + block->capacity;
	return block->bytes;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	size_t rounded = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	char *piece = arena->next;

	if (UNLIKELY((size_t)(arena->end - arena->next) < rounded))
		return alloc_in_new_block(arena, rounded);
	arena->next += rounded;
	return piece;
}

void *arena_alloc_zeroed(struct arena *arena, size_t bytes)
{
	return memset(arena_alloc(arena, bytes), 0, bytes);
}

bool arena_extend(struct arena *arena, void *newest, size_t bytes, size_t more)
{
	size_t rounded = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	size_t wanted = (bytes + more + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

	if ((char *)newest + rounded != arena->next || (size_t)(arena->end - (char *)newest) < wanted)
		return false;
	arena->next = (char *)newest + wanted;
	return true;
}

char *arena_copy(struct arena *arena, struct text text)
{
	char *copy = arena_alloc(arena, text.length + 1);

	if (text.length > 0)
		memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	return copy;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list values)
{
	va_list again;
	int length;
	char *string;

	va_copy(again, values);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	string = arena_alloc(arena, (size_t)length + 1);
	vsnprintf(string, (size_t)length + 1, format, values);
	return string;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list values;
	char *string;

	va_start(values, format);
	string = arena_vprintf(arena, format, values);
	va_end(values);
	return string;
}

void arena_reset(struct arena *arena)
{
	while (arena->blocks != NULL) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->older;
		if (arena->spare == NULL && block->capacity == BLOCK_BYTES)
			arena->spare = block;
		else
			free(block);
	}
	use_first(arena);
}

void arena_cleanup(struct arena *arena)
{
	arena_reset(arena);
	free(arena->spare);
	arena->spare = NULL;
}
