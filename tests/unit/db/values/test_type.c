#include "db/values/type.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void oids_are_those_of_postgresql(void **state)
{
	/* SELECT oid, typname FROM pg_type */
	static const struct {
		unsigned oid;
		enum db_type_kind kind;
	} types[] = {
	    {16, DB_TYPE_BOOL},       {17, DB_TYPE_BYTEA},     {20, DB_TYPE_INT8},        {21, DB_TYPE_INT2},
	    {23, DB_TYPE_INT4},       {114, DB_TYPE_JSON},     {700, DB_TYPE_FLOAT4},     {701, DB_TYPE_FLOAT8},
	    {1082, DB_TYPE_DATE},     {1083, DB_TYPE_TIME},    {1114, DB_TYPE_TIMESTAMP}, {1184, DB_TYPE_TIMESTAMPTZ},
	    {1186, DB_TYPE_INTERVAL}, {1700, DB_TYPE_NUMERIC}, {2278, DB_TYPE_VOID},      {2950, DB_TYPE_UUID},
	    {3802, DB_TYPE_JSON},     {25, DB_TYPE_OTHER},     {1043, DB_TYPE_OTHER},     {1266, DB_TYPE_OTHER},
	    {790, DB_TYPE_OTHER},     {26, DB_TYPE_OTHER},     {0, DB_TYPE_OTHER},        {4294967295, DB_TYPE_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
		if (db_type_kind_of(types[i].oid) != types[i].kind)
			fail_msg("oid %u: expected kind %d, got %d", types[i].oid, (int)types[i].kind,
				 (int)db_type_kind_of(types[i].oid));
}

static void every_kind_says_what_it_expects(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < DB_TYPE_KIND_COUNT; kind++) {
		struct db_type one = {.kind = (enum db_type_kind)kind}, array = one;
		const char *expectation = db_type_expectation(&one);

		array.is_array = true;
		assert_non_null(expectation);
		assert_non_null(db_type_expectation(&array));
		if (kind != DB_TYPE_VOID)
			assert_memory_equal(db_type_expectation(&array), "an array of ", 12);
		for (unsigned other = 0; other < kind; other++) {
			struct db_type another = {.kind = (enum db_type_kind)other};

			assert_string_not_equal(expectation, db_type_expectation(&another));
		}
	}
	assert_string_equal(db_type_expectation(&(struct db_type){.kind = DB_TYPE_INT2}),
			    "an integer from -32768 to 32767");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(oids_are_those_of_postgresql),
	    cmocka_unit_test(every_kind_says_what_it_expects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
