/* json_names.h - the names in the objects of a JSON text while it is read: finds one that an object has twice.
 *
 * Objects within objects: the names of the inner one are added, and closed, between those of the outer one.
 *
 * Life:    all zero but the arena -> json_names_add()* -> json_names_close() for each object.
 * Owner:   the arena, where the names live; those without an escape are views of the text.
 * Thread:  any.
 * Limits:  memory: at most 72 bytes for each name that is open at once, and the names with escapes.
 */
#pragma once

#include "base/arena.h"

struct json_name {
	struct text text; /* without its escapes */
	const char *at;   /* where it stands */
};

struct json_names {
	struct arena *arena;
	struct json_name *entries; /* of the open objects, the innermost last */
	size_t count, capacity;
};

/* `raw` is a well-formed JSON string with its quotes. */
void json_names_add(struct json_names *names, struct text raw);
/* Forgets the entries from `first` on, which are those of one object. Returns the first place in the text of a name that
 * stands before it in the same object, or NULL. */
const char *json_names_close(struct json_names *names, size_t first);
