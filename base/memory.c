#include "base/memory.h"

#include "base/log.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *memory, size_t bytes)
{
	if (memory == NULL && bytes > 0) {
		fprintf(stderr, "meantime: out of memory (%zu bytes wanted)\n", bytes);
		log_flush();
		abort();
	}
	return memory;
}

void *memory_alloc(size_t bytes)
{
	return check(malloc(bytes), bytes);
}

void *memory_alloc_zeroed(size_t count, size_t bytes)
{
	return check(calloc(count, bytes), count * bytes);
}

void *memory_grow(void *memory, size_t bytes)
{
	return check(realloc(memory, bytes), bytes);
}

char *memory_copy_string(const char *string)
{
	return check(strdup(string), strlen(string) + 1);
}

void memory_prepare(void)
{
	mallopt(M_MMAP_THRESHOLD, MEMORY_OWN_BYTES);
}

void memory_give_back(void)
{
	malloc_trim(0);
}
