/* cors.h - pages of other origins: which of them a browser lets call the service (Fetch Standard, CORS).
 *
 * Without `cors_origins` nothing is said, and nothing is looked at. With it every response varies by Origin. An origin
 * that is not among them gets no field: its browser then keeps the answer from the page.
 *
 * Life:    cors_create() -> constant -> cors_destroy().
 * Owner:   the list's text is borrowed.
 * Thread:  any.
 * Limits:  CORS_ORIGINS_MAX origins.
 * Errors:  cors_create(): NULL, and what is wrong, as the rest of a sentence.
 */
#pragma once

#include "base/arena.h"

enum { CORS_ORIGINS_MAX = 64, CORS_MAX_AGE_S = 600 };

struct cors {
	bool takes_any;
	unsigned count;
	struct text origins[CORS_ORIGINS_MAX];
};

/* `list` has origins with commas between them, or is "*". */
struct cors *cors_create(const char *list, char *why, size_t why_bytes);
/* NULL is none. */
void cors_destroy(struct cors *cors);
bool cors_takes(const struct cors *cors, struct text origin);
