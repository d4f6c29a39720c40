/* parameter.h - is this input a value of that type? If so, the text to bind; if not, what was expected.
 *
 * Everything that PostgreSQL would refuse as a malformed literal of the types in type.h is refused here, before any
 * connection is used. A type that is DB_TYPE_OTHER is left to PostgreSQL (what it cannot read is a 400 there, too). So
 * are intervals and the escapes inside json (jsonb takes no \u0000, json does). Less is taken than PostgreSQL takes:
 * only forms that mean one thing (number.h, datetime.h).
 *
 * Thread:  any.
 * Limits:  an array has PARAMETER_DIMENSIONS_MAX dimensions, and as many elements as its text or body holds.
 * Errors:  false, and the caller says db_type_expectation(type); *bound is not written then.
 */
#pragma once

#include "base/arena.h"
#include "db/values/type.h"

enum {
	PARAMETER_DIMENSIONS_MAX = 6,   /* PostgreSQL's MAXDIM */
	PARAMETER_JSON_DEPTH_MAX = 64,  /* of a json value that comes as text */
	PARAMETER_BODY_DEPTH_MAX = 512, /* of one in a body, which has its own limit: the largest max_json_depth */
};

/* From a path, a query string or a default: percent-decoded UTF-8 without NUL.
 * bool: what PostgreSQL's takes, bound as true or false. bytea: base64. Floats and numeric: also NaN, Infinity, -Infinity.
 * Never an array: PostgreSQL's array literal is not taken; see parameter_from_texts(). */
bool parameter_from_text(const struct db_type *type, struct text input, struct arena *arena, const char **bound);

/* An array parameter of the query string, ?tag=a&tag=b: one text an element. */
bool parameter_from_texts(const struct db_type *type, const struct text *inputs, unsigned count, struct arena *arena,
			  const char **bound);

/* From a JSON body: `raw` is the field's value as it stands in the (already validated) body. null gives *bound = NULL.
 * json and jsonb take any value, byte for byte. bool takes true and false. Integers take JSON numbers without fraction
 * or exponent; numeric takes the number's own digits, or a string of them. numeric and the floats take the strings
 * "NaN", "Infinity" and "-Infinity", too. text takes strings only. Arrays take JSON arrays, nested ones included: all
 * of one length, as PostgreSQL's are. An array of json has one dimension, its elements are any values. */
bool parameter_from_json(const struct db_type *type, struct text raw, struct arena *arena, const char **bound);

/* Of what parameter_from_json() has refused: what is wrong within an object, in words that follow the parameter's
 * name. They are from the arena; NULL: the type's expectation says it all. */
const char *parameter_problem(const struct db_type *type, struct text raw, struct arena *arena);

/* Whether two texts to bind, either of which may be NULL, are one value. Two forms of one number or time may count as
 * two values; two values never count as one. */
bool parameter_is_same(const struct db_type *type, const char *a, const char *b);
