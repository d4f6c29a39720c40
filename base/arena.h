/* arena.h - memory that is handed out piece by piece and given back all at once.
 *
 * Life:    arena_init() -> arena_alloc()* -> arena_reset() -> ... -> arena_cleanup(). All zero is an empty arena
 *          too.
 * Owner:   everything allocated belongs to the arena and dies at arena_reset(), which keeps one block for the next
 *          time. What is used again and again asks malloc once.
 * Thread:  one at a time.
 * Limits:  none of its own; sizes that come from outside are bounded before they get here.
 * Errors:  out of memory aborts, as libh2o does itself.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/text.h"

struct arena_block;

struct arena {
	char *next, *end;           /* private: the free part of the current block */
	struct arena_block *blocks; /* private: blocks from malloc, newest first */
	struct arena_block *spare;  /* private: kept by arena_reset() */
	char *first;                /* borrowed from the caller for the arena's life, or NULL */
	size_t first_bytes;
};

/* `first` is used up before anything is asked of malloc; it may be NULL with 0 bytes. */
void arena_init(struct arena *arena, void *first, size_t first_bytes);

/* Returns memory for any type, not cleared. */
void *arena_alloc(struct arena *arena, size_t bytes);
void *arena_alloc_zeroed(struct arena *arena, size_t bytes);

/* Makes a piece of `bytes` longer by `more`. Returns where it stands now. It stays in its old place when it is the
 * newest and its block has room. Else it stands elsewhere, and `piece` is not to be used again. A large one is moved
 * without being copied. */
void *arena_grow(struct arena *arena, void *piece, size_t bytes, size_t more);

/* Returns a NUL-terminated copy. */
char *arena_copy(struct arena *arena, struct text text);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list values) PRINTF_LIKE(2, 0);

/* Everything is given back; the arena can be used again. */
void arena_reset(struct arena *arena);
/* Gives the kept block back as well. */
void arena_cleanup(struct arena *arena);
