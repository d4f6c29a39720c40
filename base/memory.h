/* memory.h - malloc that never returns NULL: a server that is out of memory cannot answer anyway.
 *
 * Errors: prints how much was asked for and aborts; the restart policy takes over.
 */
#pragma once

#include <stddef.h>

void *memory_alloc(size_t bytes);
void *memory_alloc_zeroed(size_t count, size_t bytes);
/* Returns where it stands now; `memory` is not to be used again. */
void *memory_grow(void *memory, size_t bytes);
char *memory_copy_string(const char *string);

/* Before the first thread: what is larger than MEMORY_OWN_BYTES is the kernel's again as soon as it is freed. By default
 * malloc would raise that bound to what was last freed, and keep it. */
enum { MEMORY_OWN_BYTES = 1024 * 1024 };
void memory_prepare(void);
/* Gives the kernel what malloc keeps of the freed. Takes milliseconds after a burst, and other threads may wait for it. */
void memory_give_back(void);
