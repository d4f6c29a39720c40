#include "db/values/type.h"

#include "base/compiler.h"

/* From src/include/catalog/pg_type.dat of PostgreSQL 15; a built-in type keeps its oid for ever. */
enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_JSON = 114,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_DATE = 1082,
	OID_TIME = 1083,
	OID_TIMESTAMP = 1114,
	OID_TIMESTAMPTZ = 1184,
	OID_INTERVAL = 1186,
	OID_NUMERIC = 1700,
	OID_VOID = 2278,
	OID_UUID = 2950,
	OID_JSONB = 3802,
};

static const struct {
	unsigned oid;
	enum db_type_kind kind;
} kinds[] = {
    {OID_BOOL, DB_TYPE_BOOL},         {OID_BYTEA, DB_TYPE_BYTEA},         {OID_INT8, DB_TYPE_INT8},
    {OID_INT2, DB_TYPE_INT2},         {OID_INT4, DB_TYPE_INT4},           {OID_JSON, DB_TYPE_JSON},
    {OID_FLOAT4, DB_TYPE_FLOAT4},     {OID_FLOAT8, DB_TYPE_FLOAT8},       {OID_DATE, DB_TYPE_DATE},
    {OID_TIME, DB_TYPE_TIME},         {OID_TIMESTAMP, DB_TYPE_TIMESTAMP}, {OID_TIMESTAMPTZ, DB_TYPE_TIMESTAMPTZ},
    {OID_INTERVAL, DB_TYPE_INTERVAL}, {OID_NUMERIC, DB_TYPE_NUMERIC},     {OID_VOID, DB_TYPE_VOID},
    {OID_UUID, DB_TYPE_UUID},         {OID_JSONB, DB_TYPE_JSON},
};

enum db_type_kind db_type_kind_of(unsigned oid)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++)
		if (kinds[i].oid == oid)
			return kinds[i].kind;
	return DB_TYPE_OTHER;
}

#define PLUS_IN_QUERY " (in a query string, + is written %2B)"
#define ARRAY_LIMITS  " (at most 6 dimensions, nested arrays of equal length)"

/* one value, and an array of them */
static const struct {
	const char *one, *array;
} expectations[DB_TYPE_KIND_COUNT] = {
    [DB_TYPE_OTHER] = {"a string without the character U+0000",
		       "an array of strings without the character U+0000" ARRAY_LIMITS},
    [DB_TYPE_BOOL] = {"true or false", "an array of true and false" ARRAY_LIMITS},
    [DB_TYPE_INT2] = {"an integer from -32768 to 32767", "an array of integers from -32768 to 32767" ARRAY_LIMITS},
    [DB_TYPE_INT4] = {"an integer from -2147483648 to 2147483647",
		      "an array of integers from -2147483648 to 2147483647" ARRAY_LIMITS},
    [DB_TYPE_INT8] = {"an integer from -9223372036854775808 to 9223372036854775807",
		      "an array of integers from -9223372036854775808 to 9223372036854775807" ARRAY_LIMITS},
    [DB_TYPE_FLOAT4] = {"a number such as 1.5 or 2e3, of single precision (1e-45 to 3.4e38)",
			"an array of numbers such as 1.5 or 2e3, of single precision (1e-45 to 3.4e38)" ARRAY_LIMITS},
    [DB_TYPE_FLOAT8] =
	{"a number such as 1.5 or 2e3, of double precision (5e-324 to 1.79e308)",
	 "an array of numbers such as 1.5 or 2e3, of double precision (5e-324 to 1.79e308)" ARRAY_LIMITS},
    [DB_TYPE_NUMERIC] = {"a number such as 12.50, with at most 131072 digits before and 16383 after the point",
			 "an array of numbers such as 12.50, with at most 131072 digits before and 16383 after the "
			 "point" ARRAY_LIMITS},
    [DB_TYPE_JSON] = {"a JSON value nested at most 64 deep", "an array of JSON values"},
    [DB_TYPE_UUID] = {"a UUID such as 123e4567-e89b-12d3-a456-426614174000",
		      "an array of UUIDs such as 123e4567-e89b-12d3-a456-426614174000" ARRAY_LIMITS},
    [DB_TYPE_BYTEA] = {"bytes in base64, padded with = to a multiple of 4 characters" PLUS_IN_QUERY,
		       "an array of bytes in base64, each padded with = to a multiple of 4 "
		       "characters" PLUS_IN_QUERY ARRAY_LIMITS},
    [DB_TYPE_DATE] = {"a date such as 2026-11-22", "an array of dates such as 2026-11-22" ARRAY_LIMITS},
    [DB_TYPE_TIME] = {"a time without offset such as 10:00:00.5",
		      "an array of times without offset such as 10:00:00.5" ARRAY_LIMITS},
    [DB_TYPE_TIMESTAMP] = {"a date and time without offset such as 2026-11-22T10:00:00.5",
			   "an array of dates and times without offset such as 2026-11-22T10:00:00.5" ARRAY_LIMITS},
    [DB_TYPE_TIMESTAMPTZ] = {"a date and time with its offset such as 2026-11-22T10:00:00Z or "
			     "2026-11-22T12:00:00+02:00" PLUS_IN_QUERY,
			     "an array of dates and times with their offsets such as 2026-11-22T10:00:00Z or "
			     "2026-11-22T12:00:00+02:00" PLUS_IN_QUERY ARRAY_LIMITS},
    [DB_TYPE_INTERVAL] = {"an interval such as PT1H30M", "an array of intervals such as PT1H30M" ARRAY_LIMITS},
    [DB_TYPE_COMPOSITE] = {"an object with the fields of its type",
			   "an array of objects with the fields of their type"},
    [DB_TYPE_HSTORE] = {"an object of strings and nulls", "an array of objects of strings and nulls"},
    [DB_TYPE_VOID] = {"left out (the type void has no value)", "left out (the type void has no value)"},
};

const char *db_type_expectation(const struct db_type *type)
{
	return type->is_array ? expectations[type->kind].array : expectations[type->kind].one;
}
