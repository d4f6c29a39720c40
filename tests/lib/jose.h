/* jose.h - keys and tokens for tests of identity/. */
#pragma once

#include "identity/jws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* The set that these texts are; the test fails where there is a diagnostic. */
static inline struct key_set *keys_of(struct text text, enum key_use use)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	struct arena arena = {0};
	struct key_set *keys;

	diagnostics_init(diagnostics, &arena);
	keys = key_set_create(text, "keys", use, diagnostics);
	if (diagnostics->count > 0)
		fail_msg("%s: %.60s", diagnostics->items[0].message, text.at);
	arena_cleanup(&arena);
	free(diagnostics);
	return keys;
}

/* What is said of these texts, one a line; "" when they are good. */
static inline char *wrong_with(struct text text, enum key_use use)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	struct arena arena = {0};
	size_t bytes = 0;
	char *said = NULL;
	FILE *out = open_memstream(&said, &bytes);

	diagnostics_init(diagnostics, &arena);
	key_set_destroy(key_set_create(text, "keys", use, diagnostics));
	diagnostics_print(diagnostics, out);
	fclose(out);
	arena_cleanup(&arena);
	free(diagnostics);
	return said;
}
