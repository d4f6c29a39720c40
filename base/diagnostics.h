/* diagnostics.h - what is wrong with the files of the user, each with its place.
 *
 * Owner:   the arena given at init.
 * Limits:  DIAGNOSTICS_MAX are kept, the rest counted.
 */
#pragma once

#include <stdio.h>

#include "base/arena.h"

enum { DIAGNOSTICS_MAX = 100 };

struct diagnostic {
	const char *file;
	unsigned line;       /* 0: the file as a whole */
	const char *message; /* what is wrong, and what was expected */
	const char *excerpt; /* lines to show below it, without the last line break; NULL: none */
};

struct diagnostics {
	struct arena *arena;
	struct diagnostic items[DIAGNOSTICS_MAX];
	unsigned count; /* may exceed DIAGNOSTICS_MAX */
};

void diagnostics_init(struct diagnostics *diagnostics, struct arena *arena);
void diagnostics_add(struct diagnostics *diagnostics, const char *file, unsigned line, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* Of the one that was added last. */
void diagnostics_add_excerpt(struct diagnostics *diagnostics, struct text lines);
/* file:line: message, one a line, with its excerpt below; says how many more there were. */
void diagnostics_print(const struct diagnostics *diagnostics, FILE *out);
