/* type.h - what the program has to know of a PostgreSQL type: how a value is checked, and how it looks as JSON.
 *
 * Life:    learnt from PostgreSQL at start (describe.h), then constant.
 */
#pragma once

#include <stdbool.h>

/* A domain counts as its base type; what is in no line of its own is DB_TYPE_OTHER: a string. */
enum db_type_kind {
	DB_TYPE_OTHER, /* text, varchar, enums, inet, ...: a JSON string; PostgreSQL checks it */
	DB_TYPE_BOOL,
	DB_TYPE_INT2,
	DB_TYPE_INT4,
	DB_TYPE_INT8,
	DB_TYPE_FLOAT4,
	DB_TYPE_FLOAT8,
	DB_TYPE_NUMERIC,
	DB_TYPE_JSON, /* json and jsonb */
	DB_TYPE_UUID,
	DB_TYPE_BYTEA,
	DB_TYPE_DATE,
	DB_TYPE_TIME,
	DB_TYPE_TIMESTAMP,
	DB_TYPE_TIMESTAMPTZ,
	DB_TYPE_INTERVAL,
	DB_TYPE_VOID,
	DB_TYPE_COMPOSITE, /* a table's row type, too */
	DB_TYPE_HSTORE,
	DB_TYPE_KIND_COUNT
};

struct db_composite;

struct db_type {
	enum db_type_kind kind; /* of the element, when it is an array */
	bool is_array;
	char delimiter;                       /* between elements of an array's text form; ',' for all types but box */
	const char *name;                     /* as PostgreSQL prints it, "integer", "text[]"; borrowed, constant */
	const char *labels;                   /* of an enum, or of an array of them: a JSON array; NULL: it has none */
	const struct db_composite *composite; /* of a composite type, or of an array of them */
	/* of a column that PostgreSQL shows as JSON: what it is made from; NULL: not known */
	const struct db_type *made_from;
};

/* What a composite type is made of; it may hold an array of itself. */
struct db_composite {
	unsigned count;
	struct db_attribute {
		const char *name;
		struct db_type type;
	} * attributes;
};

/* The kind for a built-in type's oid; DB_TYPE_OTHER when it has no kind of its own. */
enum db_type_kind db_type_kind_of(unsigned oid);

/* "an integer from -32768 to 32767", "true or false", ...: how a problem names what was expected. */
const char *db_type_expectation(const struct db_type *type);
