/* record.h - a composite value, or an hstore, from the JSON that a row shows it as.
 *
 * A field is taken as PostgreSQL's json_populate_record takes it. A string, a number, true or false is its text, which
 * PostgreSQL reads; json and jsonb are any value; composite types, hstore and arrays nest. Every field of a composite
 * type has to be there, and no other. A JSON string is PostgreSQL's own text form of the value.
 *
 * Thread:  any.
 * Limits:  RECORD_DEPTH_MAX levels.
 */
#pragma once

#include "base/arena.h"
#include "db/values/type.h"

enum { RECORD_DEPTH_MAX = 64 };

/* Whether values of the type, or of an array of it, are made here. */
static inline bool record_is_made(const struct db_type *type)
{
	return type->kind == DB_TYPE_COMPOSITE || type->kind == DB_TYPE_HSTORE;
}

/* `raw` is a whole JSON value, and not null. Returns NULL and the text to bind, or what is wrong, in words that follow
 * the parameter's name, from the arena. */
const char *record_from_json(const struct db_type *type, struct text raw, struct arena *arena, const char **bound);
