/* row_json.h - rows as JSON.
 *
 * Integers, floats and numeric are numbers; NaN and infinities strings; bool true/false; json and jsonb pass through
 * byte for byte; arrays are arrays (of any dimension); timestamps ISO 8601 ("2026-11-22T10:00:00.5+00:00"), those that
 * have no such form (infinity, BC) strings as PostgreSQL gives them; bytea base64; void and NULL null; everything else
 * a string. Results are in text form, DateStyle ISO, IntervalStyle iso_8601, bytea_output hex.
 *
 * Thread:  any.
 */
#pragma once

#include "base/buffer.h"
#include "db/result.h"
#include "db/signature.h"

/* Adds `{"a":1,...}`. */
void row_json_add(struct buffer *out, const struct db_signature *signature, const struct db_result *rows, unsigned row);

/* Adds one value. */
void row_json_add_value(struct buffer *out, const struct db_type *type, struct text value);
