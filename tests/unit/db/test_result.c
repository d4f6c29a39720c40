/* Rows as the service reads them, of a libpq result that the test makes. */
#include "db/values/result.h"

#include "db/values/signature.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct pg_result {
	const char *values[2][3]; /* NULL: SQL's */
	const char *names[3];
	Oid oids[3];
	int columns;
	const char *tuples;
	unsigned cleared;
	size_t bytes;
};

int PQntuples(const PGresult *result)
{
	(void)result;
	return 2;
}

size_t PQresultMemorySize(const PGresult *result)
{
	return result->bytes;
}

int PQnfields(const PGresult *result)
{
	return result->columns;
}

char *PQfname(const PGresult *result, int column)
{
	return (char *)(uintptr_t)result->names[column];
}

Oid PQftype(const PGresult *result, int column)
{
	return result->oids[column];
}

char *PQcmdTuples(PGresult *result)
{
	return (char *)(uintptr_t)result->tuples;
}

int PQgetisnull(const PGresult *result, int row, int column)
{
	return result->values[row][column] == NULL ? 5 : 0;
}

char *PQgetvalue(const PGresult *result, int row, int column)
{
	const char *value = result->values[row][column];

	return (char *)(uintptr_t)(value != NULL ? value : "");
}

int PQgetlength(const PGresult *result, int row, int column)
{
	return (int)strlen(PQgetvalue(result, row, column));
}

void PQclear(PGresult *result)
{
	result->cleared++;
}

static PGresult rows = {
    .values = {{"1", "one", NULL}, {"2", NULL, "zwei"}},
    .names = {"id", "name", "other"},
    .oids = {23, 25, 25},
    .columns = 3,
    .tuples = "107",
    .bytes = 4321,
};

static struct db_result *result(void)
{
	return (struct db_result *)&rows;
}

static void values_are_those_of_their_row_and_column(void **state)
{
	(void)state;
	assert_int_equal(db_row_count(result()), 2);
	assert_int_equal(db_column_count(result()), 3);
	assert_int_equal(db_result_bytes(result()), 4321);
	assert_true(text_equal(db_value(result(), 0, 1), TEXT("one")));
	assert_true(text_equal(db_value(result(), 1, 0), TEXT("2")));
	assert_true(text_equal(db_value(result(), 1, 2), TEXT("zwei")));
	assert_int_equal(db_value(result(), 0, 2).length, 0);
	assert_true(db_is_null(result(), 0, 2));
	assert_false(db_is_null(result(), 1, 2));
	assert_int_equal(db_affected_rows(result()), 107);
}

static void a_result_is_cleared_once(void **state)
{
	(void)state;
	rows.cleared = 0;
	db_result_destroy(result());
	assert_int_equal(rows.cleared, 1);
}

static void columns_are_held_to_their_names_and_types(void **state)
{
	struct db_column columns[] = {
	    {.name = "id", .oid = 23}, {.name = "name", .oid = 25}, {.name = "other", .oid = 25}};
	struct db_signature signature = {.columns = columns, .column_count = 3};

	(void)state;
	assert_true(db_columns_are_those_of(result(), &signature));
	for (unsigned i = 0; i < 3; i++) {
		columns[i].oid++;
		assert_false(db_columns_are_those_of(result(), &signature));
		columns[i].oid--;
		columns[i].name = "else";
		assert_false(db_columns_are_those_of(result(), &signature));
		columns[i].name = rows.names[i];
	}
	signature.column_count = 2;
	assert_false(db_columns_are_those_of(result(), &signature));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_those_of_their_row_and_column),
	    cmocka_unit_test(a_result_is_cleared_once),
	    cmocka_unit_test(columns_are_held_to_their_names_and_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
