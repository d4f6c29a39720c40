/* body_rows.h - a body of many rows, NDJSON or CSV, becomes one JSON array of objects.
 *
 * A line of NDJSON is kept as it is. A field of CSV becomes a string; one that is empty and not quoted is left out, so
 * that it is NULL to json_to_recordset.
 *
 * Owner:   `out` and its arena.
 * Thread:  any.
 * Limits:  BODY_COLUMNS_MAX columns with names of BODY_NAME_BYTES_MAX; a JSON of body_rows_most(body) bytes.
 * Errors:  NULL, or what is wrong with its line. `is_too_large`: only that is wrong.
 */
#pragma once

#include "base/buffer.h"

enum {
	BODY_COLUMNS_MAX = 1600,  /* of a table of PostgreSQL's */
	BODY_NAME_BYTES_MAX = 63, /* of a column of PostgreSQL's */
};

/* The names of columns are in each object. So the JSON may be longer than the CSV, but not without bound. */
static inline size_t body_rows_most(size_t body_bytes)
{
	return 16 * body_bytes + 65536;
}

/* Both texts are UTF-8. */
const char *body_rows_from_lines(struct text lines, unsigned max_depth, struct buffer *out);
const char *body_rows_from_csv(struct text csv, struct buffer *out, bool *is_too_large);
