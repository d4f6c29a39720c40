#include "server/edition/edition.h"

#include "db/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct edition before, after;

static void read_into(struct edition *edition, const char *source)
{
	*edition = (struct edition){.openapi = TEXT("{}")};
	endpoint_set_init(&edition->endpoints);
	assert_int_equal(sql_file_parse(&edition->endpoints, "test.sql", text_of(source)), 0);
}

static struct edition_changes compared(const char *first, const char *second)
{
	read_into(&before, first);
	read_into(&after, second);
	return edition_compare(&after, &before);
}

static int tear_down(void **state)
{
	(void)state;
	endpoint_set_cleanup(&before.endpoints);
	endpoint_set_cleanup(&after.endpoints);
	return 0;
}

#define A "-- name: a :one\n-- route: GET /a\nSELECT 1 AS one;\n"
#define B "-- name: b :one\n-- route: GET /b\nSELECT 2 AS two;\n"
#define D "-- name: d :one\n-- route: GET /d\n-- errors: BK001 = 402\nSELECT 4 AS four;\n"
#define W "-- name: w :one\n-- route: GET /w\n-- work: delay\nSELECT 5 AS five;\n"
#define C "-- name: c :many\n-- route: GET /c\n-- max-rows: 7\n-- param: x = 1  what\nSELECT :x::int AS x;\n"

static void expect_changes(struct edition_changes changes, unsigned added, unsigned removed, unsigned changed)
{
	assert_int_equal(changes.added, added);
	assert_int_equal(changes.removed, removed);
	assert_int_equal(changes.changed, changed);
}

static void the_same_is_no_change(void **state)
{
	struct edition_changes changes = compared(A B C, A B C);

	(void)state;
	expect_changes(changes, 0, 0, 0);
	assert_false(changes.has_other_types);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(after.carried_from[i], i);
}

static void another_place_in_the_files_is_no_change(void **state)
{
	(void)state;
	expect_changes(compared(A B C, C "\n\n" A B), 0, 0, 0);
	assert_int_equal(after.carried_from[0], 2);
	assert_int_equal(after.carried_from[1], 0);
	assert_int_equal(after.carried_from[2], 1);
}

static void added_and_removed_are_counted_by_name(void **state)
{
	(void)state;
	expect_changes(compared(A B, B C), 1, 1, 0);
	assert_int_equal(after.carried_from[0], 1);
	assert_int_equal(after.carried_from[1], DB_NOT_CARRIED);
}

/* C with one of its lines replaced, or added to. */
static const char *const changed[] = {
    "-- name: c :one\n-- route: GET /c\n-- param: x = 1  what\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: GET /d\n-- max-rows: 7\n-- param: x = 1  what\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: POST /c\n-- max-rows: 7\n-- param: x = 1  what\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: GET /c\n-- max-rows: 8\n-- param: x = 1  what\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: GET /c\n-- max-rows: 7\n-- param: x = 2  what\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: GET /c\n-- max-rows: 7\n-- param: y = 1  what\nSELECT :y::int AS x;\n",
    "-- name: c :many\n-- route: GET /c\n-- max-rows: 7\n-- param: x  what\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: GET /c\n-- max-rows: 7\n-- param: x = 1  that\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: GET /c\n-- max-rows: 7\n-- param: x = 1  what\nSELECT :x::int AS y;\n",
    "-- name: c :many\n-- route: GET /c\n-- summary: s\n-- max-rows: 7\n-- param: x = 1  what\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: GET /c\n-- status: 203\n-- max-rows: 7\n-- param: x = 1  what\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: GET /c\n-- timeout: 1s\n-- max-rows: 7\n-- param: x = 1  what\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: GET /c\n-- isolated\n-- max-rows: 7\n-- param: x = 1  what\nSELECT :x::int AS x;\n",
    "-- name: c :many\n-- route: GET /c\n-- stream\n-- param: x = 1  what\nSELECT :x::int AS x;\n",
};

static void everything_that_a_file_says_is_a_change(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(changed); i++) {
		struct edition_changes changes = compared(C, changed[i]);

		if (changes.changed != 1)
			fail_msg("no change: %s", changed[i]);
		expect_changes(changes, 0, 0, 1);
		tear_down(NULL);
	}
	compared(A, B);
}

/* D and W likewise: the statuses of its errors, and what runs in place of the SQL. */
static const char *const other_errors[] = {
    "-- name: d :one\n-- route: GET /d\nSELECT 4 AS four;\n",
    "-- name: d :one\n-- route: GET /d\n-- errors: BK001 = 403\nSELECT 4 AS four;\n",
    "-- name: d :one\n-- route: GET /d\n-- errors: BK002 = 402\nSELECT 4 AS four;\n",
    "-- name: d :one\n-- route: GET /d\n-- errors: BK001 = 402, BK003 = 402\nSELECT 4 AS four;\n",
};
static const char *const other_works[] = {
    "-- name: w :one\n-- route: GET /w\nSELECT 5 AS five;\n",
    "-- name: w :one\n-- route: GET /w\n-- work: primes\nSELECT 5 AS five;\n",
};

static void expect_a_change_each(const char *source, const char *const *sources, unsigned count)
{
	expect_changes(compared(source, source), 0, 0, 0);
	for (unsigned i = 0; i < count; i++) {
		struct edition_changes changes;

		tear_down(NULL);
		changes = compared(source, sources[i]);
		if (changes.changed != 1)
			fail_msg("no change: %s", sources[i]);
	}
}

static void other_errors_are_a_change(void **state)
{
	(void)state;
	expect_a_change_each(D, other_errors, ARRAY_LENGTH(other_errors));
}

static void another_work_is_a_change(void **state)
{
	(void)state;
	expect_a_change_each(W, other_works, ARRAY_LENGTH(other_works));
	tear_down(NULL);
	expect_changes(compared(other_works[0], W), 0, 0, 1);
}

#define P(parts) "-- name: p\n-- route: GET /p\n" parts
#define X        "-- gather: x :one\nSELECT 7 AS seven;\n"
#define Y        "-- gather: y :many\nSELECT 8 AS eight;\n"

static const char *const other_parts[] = {
    P(X),
    P(X Y "-- gather: z :one\nSELECT 9 AS nine;\n"),
    P(X "-- gather: z :many\nSELECT 8 AS eight;\n"),
    P(X "-- gather: y :one\nSELECT 8 AS eight;\n"),
    P(X "-- gather: y :many\nSELECT 9 AS eight;\n"),
    P(X "-- gather: y :many\n-- optional\nSELECT 8 AS eight;\n"),
    P(X "-- gather: y :many\n-- max-rows: 3\nSELECT 8 AS eight;\n"),
    P(X "-- gather: y :many\n-- isolated\nSELECT 8 AS eight;\n"),
    "-- name: p :one\n-- route: GET /p\nSELECT 7 AS seven;\n",
    P("-- step: x :one\nSELECT 7 AS seven;\n-- step: y :many\nSELECT 8 AS eight;\n"),
};

static void other_parts_are_a_change(void **state)
{
	(void)state;
	expect_a_change_each(P(X Y), other_parts, ARRAY_LENGTH(other_parts));
}

static void parts_of_the_same_sql_are_carried(void **state)
{
	(void)state;
	compared(A P(X Y), P(X "-- gather: y :many\nSELECT 9 AS nine;\n-- gather: z :one\nSELECT 1 AS one;\n") A);
	assert_int_equal(after.endpoints.statement_count, 5);
	assert_int_equal(after.carried_from[1], 2);
	assert_int_equal(after.carried_from[2], DB_NOT_CARRIED);
	assert_int_equal(after.carried_from[3], DB_NOT_CARRIED);
	assert_int_equal(after.carried_from[4], 0);
	tear_down(NULL);
	compared("-- name: p :one\n-- route: GET /p\nSELECT 7 AS seven;\n", P(X Y));
	assert_int_equal(after.carried_from[1], DB_NOT_CARRIED);
}

static void to_be_streamed_is_a_change(void **state)
{
	(void)state;
	read_into(&before, "-- name: s :many\n-- route: GET /s\nSELECT 6 AS six;\n");
	read_into(&after, "-- name: s :many\n-- route: GET /s\n-- stream\nSELECT 6 AS six;\n");
	/* whatever it says of rows beside */
	after.endpoints.endpoints[0].max_rows = before.endpoints.endpoints[0].max_rows;
	expect_changes(edition_compare(&after, &before), 0, 0, 1);
}

/* Each by itself, whatever a file would say beside. */
static void each_half_of_what_is_said_is_a_change(void **state)
{
	struct endpoint *endpoint;
	struct db_parameter *parameter;

	(void)state;
	expect_changes(compared(C, C), 0, 0, 0);
	endpoint = &after.endpoints.endpoints[0];
	parameter = (struct db_parameter *)(uintptr_t)endpoint->statement.parameters;
	parameter->has_default = !parameter->has_default;
	expect_changes(edition_compare(&after, &before), 0, 0, 1);
	parameter->has_default = !parameter->has_default;
	endpoint->shape++;
	expect_changes(edition_compare(&after, &before), 0, 0, 1);
	endpoint->shape--;
	expect_changes(edition_compare(&after, &before), 0, 0, 0);
	endpoint->statement.parameter_count = 0;
	expect_changes(edition_compare(&after, &before), 0, 0, 1);
}

/* A name is found wherever it stood. */
static void the_first_may_have_been_the_second(void **state)
{
	(void)state;
	expect_changes(compared(A B C, B C), 0, 1, 0);
	assert_int_equal(after.carried_from[0], 1);
	assert_int_equal(after.carried_from[1], 2);
}

static void only_the_same_sql_is_carried(void **state)
{
	(void)state;
	expect_changes(compared(A B, "-- name: a :one\n-- route: GET /other\nSELECT 1 AS one;\n"
				     "-- name: b :one\n-- route: GET /b\nSELECT 3 AS two;\n"),
		       0, 0, 2);
	assert_int_equal(after.carried_from[0], 0);
	assert_int_equal(after.carried_from[1], DB_NOT_CARRIED);
}

static void other_types_are_told_where_no_file_has_changed(void **state)
{
	(void)state;
	read_into(&before, A);
	read_into(&after, A);
	after.openapi = TEXT("{\"other\":1}");
	assert_true(edition_compare(&after, &before).has_other_types);
	tear_down(NULL);
	read_into(&before, A);
	read_into(&after, A B);
	after.openapi = TEXT("{\"other\":1}");
	assert_false(edition_compare(&after, &before).has_other_types);
	tear_down(NULL);
	read_into(&before, A);
	read_into(&after, B);
	after.openapi = TEXT("{\"other\":1}");
	assert_false(edition_compare(&after, &before).has_other_types);
	tear_down(NULL);
	read_into(&before, A B);
	read_into(&after, "-- name: a :one\n-- route: GET /other\nSELECT 1 AS one;\n");
	after.openapi = TEXT("{\"other\":1}");
	assert_false(edition_compare(&after, &before).has_other_types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(the_same_is_no_change, tear_down),
	    cmocka_unit_test_teardown(another_place_in_the_files_is_no_change, tear_down),
	    cmocka_unit_test_teardown(added_and_removed_are_counted_by_name, tear_down),
	    cmocka_unit_test_teardown(everything_that_a_file_says_is_a_change, tear_down),
	    cmocka_unit_test_teardown(other_errors_are_a_change, tear_down),
	    cmocka_unit_test_teardown(another_work_is_a_change, tear_down),
	    cmocka_unit_test_teardown(to_be_streamed_is_a_change, tear_down),
	    cmocka_unit_test_teardown(other_parts_are_a_change, tear_down),
	    cmocka_unit_test_teardown(parts_of_the_same_sql_are_carried, tear_down),
	    cmocka_unit_test_teardown(each_half_of_what_is_said_is_a_change, tear_down),
	    cmocka_unit_test_teardown(the_first_may_have_been_the_second, tear_down),
	    cmocka_unit_test_teardown(only_the_same_sql_is_carried, tear_down),
	    cmocka_unit_test_teardown(other_types_are_told_where_no_file_has_changed, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
