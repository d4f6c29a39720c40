/* What runs instead of SQL: driven as a runner would, with the parts of a computation run here, in turn. */
#include "base/clock.h"
#include "handlers/sql/work_row.h"
#include "exchange/exchange.h"
#include "works_fixture.h"

static struct endpoint *endpoint_of(const char *source)
{
	endpoint_set_cleanup(&set);
	endpoint_set_init(&set);
	assert_int_equal(sql_file_parse(&set, "a.sql", text_of(source)), 0);
	return &set.endpoints[0];
}

static void a_work_is_found_by_its_name(void **state)
{
	(void)state;
	assert_ptr_equal(work_find("delay"), &work_delay);
	assert_ptr_equal(work_find("primes"), &work_primes);
	assert_null(work_find("delays"));
}

static void type_all(struct endpoint *endpoint, enum db_type_kind takes, enum db_type_kind gives, const char *column)
{
	for (unsigned i = 0; i < endpoint->statement.parameter_count; i++)
		endpoint->statement.parameters[i].type.kind = takes;
	endpoint->statement.signature.columns =
	    arena_alloc_zeroed(&set.arena, sizeof(*endpoint->statement.signature.columns));
	endpoint->statement.signature.columns[0] = (struct db_column){.name = column, .type = {.kind = gives}};
	endpoint->statement.signature.column_count = 1;
}

static void a_file_has_to_say_what_the_work_does(void **state)
{
	static const struct {
		const char *source;
		enum db_type_kind takes, gives;
		const char *column;
		bool is_good;
	} cases[] = {
	    {"-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT4, "ms",
	     true},
	    {"-- name: a :one\n-- route: GET /a\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT4, "ms", true},
	    {"-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT8, DB_TYPE_INT4, "ms",
	     false},
	    {"-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT8, "ms",
	     false},
	    {"-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT4, "m",
	     false},
	    {"-- name: a :one\n-- route: GET /a/{s}\n-- work: delay\nSELECT :s", DB_TYPE_INT4, DB_TYPE_INT4, "ms",
	     false},
	    {"-- name: a :one\n-- route: GET /a\n-- work: delay\nSELECT 1", DB_TYPE_INT4, DB_TYPE_INT4, "ms", false},
	    {"-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms, :b", DB_TYPE_INT4, DB_TYPE_INT4, "ms",
	     false},
	    {"-- name: a :many\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT4, "ms",
	     false},
	    {"-- name: a :one\n-- route: POST /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT4, "ms",
	     false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct endpoint *endpoint = endpoint_of(cases[i].source);

		type_all(endpoint, cases[i].takes, cases[i].gives, cases[i].column);
		if ((work_check(endpoint, &set.diagnostics) == 0) != cases[i].is_good)
			fail_msg("%zu: %s", i, cases[i].source);
		assert_true(work_is_known(endpoint, &set.diagnostics));
		assert_int_equal(set.diagnostics.count, !cases[i].is_good);
	}
	endpoint_set_cleanup(&set);
}

static void a_work_that_there_is_not_is_named(void **state)
{
	const struct endpoint *endpoint =
	    endpoint_of("-- name: a :one\n-- route: GET /a/{ms}\n-- work: decay\nSELECT :ms");

	(void)state;
	assert_false(work_is_known(endpoint, &set.diagnostics));
	assert_int_equal(set.diagnostics.count, 1);
	assert_int_equal(set.diagnostics.items[0].line, 3);
	assert_string_equal(
	    set.diagnostics.items[0].message,
	    "there is no work decay; there are delay, fibonacci_number, fibonacci_numbers, primes, titles");
	endpoint_set_cleanup(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_work_is_found_by_its_name),
	    cmocka_unit_test(a_file_has_to_say_what_the_work_does),
	    cmocka_unit_test(a_work_that_there_is_not_is_named),
	};

	endpoint_set_init(&set);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
