/* fields.h - the fields of objects in a body for the queues, read by a table.
 *
 * A body is an object, an array of them, or NDJSON: an object a line. A field that is not in the table is refused.
 *
 * Owner:   texts are in the arena, or in the body.
 * Thread:  any.
 * Limits:  ORDER_PARTS_MAX objects.
 * Errors:  a sentence for the client.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"

struct field {
	const char *name;
	const char *expected; /* "a duration, as \"30s\"" */
	/* `raw` is well-formed JSON. False: it is not what was expected. */
	bool (*read)(struct text raw, struct arena *arena, void *item);
	bool is_required;
};

struct fields {
	const struct field *fields;
	unsigned count;
	size_t item_bytes;
	void (*init)(void *item);
};

struct fields_read {
	void *items;
	unsigned count;
	bool is_array; /* as it came; of lines, too */
};

/* Returns NULL, or what is wrong. */
const char *fields_read_body(const struct fields *fields, struct text body, unsigned max_depth, struct arena *arena,
			     struct fields_read *read);

/* Of NDJSON. Empty lines are passed over. */
const char *fields_read_lines(const struct fields *fields, struct text lines, unsigned max_depth, struct arena *arena,
			      struct fields_read *read);

/* For tables: what several of them need. */
bool field_read_integer(struct text raw, int64_t min, int64_t max, int64_t *number);
bool field_read_duration(struct text raw, struct arena *arena, uint64_t *ns);
/* A string of so many bytes at most. */
bool field_read_string(struct text raw, struct arena *arena, size_t bytes_max, struct text *text);
