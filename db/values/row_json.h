/* row_json.h - rows as JSON.
 *
 * Integers, floats and numeric are numbers; NaN and infinities strings; bool true/false; void and NULL null. json and
 * jsonb pass through byte for byte; arrays are arrays (of any dimension); bytea is base64. Timestamps are ISO 8601
 * ("2026-11-22T10:00:00.5+00:00"). Those that have no such form (infinity, BC) are strings as PostgreSQL gives them,
 * and so is everything else. Results are in text form, DateStyle ISO, IntervalStyle iso_8601, bytea_output hex.
 *
 * Thread:  any.
 */
#pragma once

#include "db/values/array_json.h"
#include "db/values/result.h"
#include "db/values/signature.h"

/* Adds one value. */
void row_json_add_value(struct buffer *out, const struct db_type *type, struct text value);

/* Adds a row: `{"a":1,...}`. */
void row_json_add(struct buffer *out, const struct db_signature *signature, const struct db_result *rows, unsigned row);

/* Without the columns that `is_left_out` marks by their number. */
void row_json_add_without(struct buffer *out, const struct db_signature *signature, const struct db_result *rows,
			  unsigned row, const bool *is_left_out);
/* Makes what was written from `begins` on, which is JSON, a line of NDJSON. */
void row_json_end_line(struct buffer *out, size_t begins);
/* Adds a row as a line of NDJSON, with its line break. */
void row_json_add_line(struct buffer *out, const struct db_signature *signature, const struct db_result *rows,
		       unsigned row);

/* A row that is written a part at a time. */
struct row_json {
	/* private */
	const struct db_signature *signature;
	const struct db_result *rows;
	unsigned row, column; /* the next column */
	bool is_in_value;     /* a large one, which is written in chunks */
	bool is_array;        /* that one */
	struct array_json array;
	struct value_chunks chunks;
	struct text rest; /* of its text */
};

void row_json_begin(struct row_json *json, struct buffer *out, const struct db_signature *signature,
		    const struct db_result *rows, unsigned row);
/* Goes on until the row is whole, which it returns, or until `out` is longer than `until`. It is longer by one chunk
 * or the small values of one column at most. */
bool row_json_go_on(struct row_json *json, struct buffer *out, size_t until);
