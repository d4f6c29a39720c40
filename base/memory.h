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
