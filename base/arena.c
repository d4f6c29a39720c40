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

static size_t round_up(size_t bytes)
{
	return (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

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
	size_t rounded = round_up(bytes);
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

static bool extends_in_place(struct arena *arena, char *piece, size_t rounded, size_t wanted)
{
	if (piece + rounded != arena->next || (size_t)(arena->end - piece) < wanted)
		return false;
	arena->next = piece + wanted;
	return true;
}

/* The block that holds nothing but this piece; NULL: there is none. */
static struct arena_block **block_of(struct arena *arena, const char *piece)
{
	for (struct arena_block **block = &arena->blocks; *block != NULL; block = &(*block)->older)
		if ((*block)->bytes == piece)
			return (*block)->capacity > BLOCK_BYTES ? block : NULL;
	return NULL;
}

static void *grow_block(struct arena *arena, struct arena_block **block, size_t capacity)
{
	bool is_current = arena->end == (*block)->bytes + (*block)->capacity;

	*block = memory_grow(*block, sizeof(**block) + capacity);
	(*block)->capacity = capacity;
	if (is_current)
		arena->next = arena->end = (*block)->bytes + capacity;
	return (*block)->bytes;
}

void *arena_grow(struct arena *arena, void *piece, size_t bytes, size_t more)
{
	size_t rounded = round_up(bytes), wanted = round_up(bytes + more);
	struct arena_block **block;

	if (extends_in_place(arena, piece, rounded, wanted))
		return piece;
	block = rounded > BLOCK_BYTES ? block_of(arena, piece) : NULL;
	if (block != NULL)
		return grow_block(arena, block, wanted);
	return memcpy(arena_alloc(arena, wanted), piece, bytes);
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
