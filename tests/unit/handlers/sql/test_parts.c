/* Endpoints of several statements: what a file says of them, and the types that their parts share. */
#include "handlers/sql/parts.h"

#include "unit/handlers/sql/file_fixture.h"

#include <string.h>

#define WHOLE "-- name: page\n-- route: GET /page/{id}\n"
#define GOOD  "-- gather: a :one\nSELECT :id;\n"

/* What a file says */

static void everything_about_parts_is_read(void **state)
{
	const struct endpoint *endpoint = only("-- name: page\n"
					       "-- route: GET /page/{id}\n"
					       "-- summary: A page.\n"
					       "-- timeout: 500ms\n"
					       "-- errors: BK001 = 402\n"
					       "-- param: least = 3  the smallest\n"
					       "-- gather: first :one\n"
					       "-- optional\n"
					       "-- A comment.\n"
					       "SELECT :id,\n :least;\n"
					       "-- Between them, and a semicolon.\n;\n"
					       "-- gather: more :many\n"
					       "-- max-rows: 5\n"
					       "-- isolated\n"
					       "SELECT :least, :q, :least\n"
					       "-- gather: last :many\n"
					       "SELECT 1;\n");
	const struct endpoint_part *part = endpoint->parts;

	(void)state;
	assert_int_equal(endpoint->part_count, 3);
	assert_string_equal(endpoint->name, "page");
	assert_string_equal(endpoint->statement.sql, "");
	assert_int_equal(endpoint->status, 200);
	assert_int_equal(endpoint->statement.parameter_count, 3);
	assert_string_equal(endpoint->statement.parameters[1].name, "least");
	assert_string_equal(endpoint->statement.parameters[1].default_text, "3");
	assert_int_equal(set.statement_count, 4);

	assert_string_equal(part->endpoint.name, "page.first");
	assert_string_equal(sql_part_name(endpoint, part), "first");
	assert_string_equal(part->key.at, "\"first\":");
	assert_string_equal(part->endpoint.summary, "A page.");
	assert_string_equal(part->endpoint.path, "/page/{id}");
	assert_int_equal(part->endpoint.line, 7);
	assert_int_equal(part->endpoint.sql_line, 10);
	assert_int_equal(part->endpoint.shape, ENDPOINT_ONE);
	assert_true(part->is_optional);
	assert_string_equal(part->endpoint.statement.name, "page.first");
	assert_string_equal(part->endpoint.statement.sql, "SELECT $1,\n $2");
	assert_int_equal(part->endpoint.statement.index, 1);
	assert_int_equal(part->endpoint.statement.timeout_ms, 500);
	assert_int_equal(part->endpoint.statement.choice_count, 1);
	assert_true(part->endpoint.statement.is_read_only);
	assert_true(part->endpoint.statement.needs_columns);
	assert_false(part->endpoint.statement.is_isolated);
	assert_int_equal(part->endpoint.statement.row_limit, 0);

	part++;
	assert_int_equal(part->endpoint.shape, ENDPOINT_MANY);
	assert_false(part->is_optional);
	assert_string_equal(part->endpoint.statement.sql, "SELECT $1, $2, $1");
	assert_int_equal(part->endpoint.statement.parameter_count, 2);
	assert_string_equal(part->endpoint.statement.parameters[0].name, "least");
	assert_true(part->endpoint.statement.parameters[0].has_default);
	assert_string_equal(part->endpoint.statement.parameters[1].name, "q");
	assert_int_equal(part->takes[0], 1);
	assert_int_equal(part->takes[1], 2);
	assert_true(part->endpoint.statement.is_isolated);
	assert_int_equal(part->endpoint.statement.row_limit, 5);
	assert_int_equal(part->endpoint.max_rows, 5);

	part++;
	assert_string_equal(part->endpoint.name, "page.last");
	assert_false(part->endpoint.statement.is_isolated);
	assert_int_equal(part->endpoint.max_rows, ENDPOINT_MAX_ROWS_DEFAULT);
	assert_int_equal(part->endpoint.statement.parameter_count, 0);
}

static void an_endpoint_behind_parts_is_read(void **state)
{
	(void)state;
	assert_int_equal(
	    sql_file_parse(&set, "page.sql", TEXT(WHOLE GOOD "-- name: b :one\n-- route: GET /b\nSELECT :x;\n" WHOLE)),
	    3);
	assert_int_equal(set.count, 2);
	assert_string_equal(set.endpoints[1].name, "b");
	assert_int_equal(set.endpoints[1].part_count, 0);
	assert_string_equal(set.endpoints[1].statement.sql, "SELECT $1");
	assert_int_equal(set.endpoints[1].statement.index, 2);
}

static void a_name_without_a_shape_needs_parts(void **state)
{
	(void)state;
	wrong("-- name: page\n-- route: GET /page\nSELECT 1;\n", 1,
	      "`-- name:` must be NAME :one, NAME :many or NAME :exec, where");
	wrong("-- name: page :one\n-- route: GET /page/{id}\n" GOOD, 1,
	      "`-- name:` of an endpoint of parts must be NAME alone");
}

static void parts_have_a_name_a_shape_and_sql(void **state)
{
	(void)state;
	wrong(WHOLE "-- gather: a\nSELECT :id;\n", 3, "`-- gather:` must be NAME :one or NAME :many, where");
	wrong(WHOLE "-- gather: :one\nSELECT :id;\n", 3, "`-- gather:` must be NAME :one or NAME :many, where");
	wrong(WHOLE "-- gather: A :one\nSELECT :id;\n", 3, "`-- gather:` must be NAME :one or NAME :many, where");
	wrong(WHOLE "-- gather: a :exec\nSELECT :id;\n", 3, "`-- gather:` must be NAME :one or NAME :many, where");
	wrong(WHOLE GOOD "-- gather: a :many\nSELECT 1;\n", 5, "the part a is there already, on line 3");
	wrong(WHOLE "-- gather: b :one\n" GOOD, 3, "the part b has no SQL");
	wrong(WHOLE GOOD "-- gather: b :one\n;\n", 5, "the part b has no SQL");
	wrong(WHOLE GOOD "-- gather: b :one\n", 5, "the part b has no SQL");
	wrong(WHOLE GOOD "-- gather: b234567890123456789012345678901234567890123456789012345678x :one\nSELECT 1;\n", 5,
	      "page.b234567890123456789012345678901234567890123456789012345678x is too long a name");
	only(WHOLE GOOD "-- gather: b234567890123456789012345678901234567890123456789012345678 :one\nSELECT 1;\n");
}

static void annotations_stand_where_they_belong(void **state)
{
	static const char *const of_whole[] = {
	    "summary: s",      "status: 201", "timeout: 1s",         "param: id",
	    "stream",          "public",      "errors: BK001 = 402", "rate: 1/minute by address",
	    "max-inflight: 3", "roles: a",    "settings: method",    "route: GET /x"};
	char source[512], fragment[128];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(of_whole); i++) {
		snprintf(source, sizeof(source), WHOLE "-- gather: a :one\n-- %s\nSELECT :id;\n", of_whole[i]);
		snprintf(fragment, sizeof(fragment), "`-- %.*s:` belongs to the whole endpoint: it must stand before",
			 (int)strcspn(of_whole[i], ":"), of_whole[i]);
		wrong(source, 4, fragment);
	}
	wrong(WHOLE "-- max-rows: 3\n" GOOD, 3, "`-- max-rows` belongs to a part");
	wrong(WHOLE "-- isolated\n" GOOD, 3, "`-- isolated` belongs to a part");
	wrong(WHOLE "-- stream\n" GOOD, 3, "`-- stream` is for an endpoint without parts");
	wrong(WHOLE "-- work: delay\n" GOOD, 3, "`-- work:` is for an endpoint without parts");
	wrong(WHOLE "-- optional\n" GOOD, 3, "`-- optional` is for a part");
	wrong("-- name: b :one\n-- route: GET /b\n-- optional\nSELECT 1;\n", 3, "`-- optional` is for a part");
	wrong(WHOLE "-- gather: a :one\n-- max-rows: 3\nSELECT :id;\n", 4, "`-- max-rows:` is for :many only");
	wrong(WHOLE "-- gather: a :many\n-- max-rows: 3\n-- max-rows: 3\nSELECT :id;\n", 5,
	      "a second `-- max-rows:`; the first is on line 4");
	wrong(WHOLE GOOD " -- gather: b :one\nSELECT 1;\n", 5, "must stand at the start of its line to begin a part");
	wrong_beside(TEXT("-- name: b :one\n-- route: GET /b\nSELECT 1;\n" GOOD), 4, "`-- gather:` belongs between");
}

static void slips_are_told(void **state)
{
	(void)state;
	wrong(WHOLE GOOD "-- gather: b :one\nSELECT 1\n-- gather c :one\n;\n", 7, "looks like an annotation");
	wrong(WHOLE "-- gather: a :one\n-- Optional\nSELECT :id;\n", 4, "write `-- optional`");
	only(WHOLE "-- gather: a :one\n-- Optional parts are null.\n-- gather all of them\nSELECT :id;\n");
}

static void what_has_to_fit_together(void **state)
{
	(void)state;
	wrong("-- name: page\n-- route: POST /page/{id}\n" GOOD, 2, "`-- gather:` is for GET only");
	wrong(WHOLE "-- gather: a :one\n-- optional\nSELECT :id;\n", 3, "all parts are optional");
	wrong(WHOLE "-- param: other\n" GOOD, 3, "the SQL does not use the parameter other");
	wrong(WHOLE "-- gather: a :one\nSELECT 1;\n", 2, "the SQL does not use");
	wrong(WHOLE "-- gather: a :one\nCALL p(:id);\n", 4, "a GET cannot write");
	wrong(WHOLE GOOD "-- gather: b :one\nDROP TABLE x;\n", 6, "the SQL begins with \"DROP\"");
	wrong(WHOLE GOOD "-- gather: b :one\nSELECT transaction_read_only;\n", 6, "must not mention");
	wrong(WHOLE GOOD "-- gather: b :one\nSELECT 'x;\n-- gather: c :one\nSELECT 1;\n", 6, "has no end");
	wrong_beside(TEXT(WHOLE GOOD "SELECT 2;\n"), 5, "a second statement after the `;`");
}

/* Steps */

#define STEPS "-- name: order\n-- route: POST /order\n"
#define TAKE  "-- step: take :one\nUPDATE stock SET n = n - 1 WHERE id = :id RETURNING id;\n"

static void everything_about_steps_is_read(void **state)
{
	const struct endpoint *endpoint =
	    only("-- name: order\n-- route: POST /order\n-- isolated\n" TAKE "-- step: all :many\n"
		 "SELECT :q;\n"
		 "-- step: done :exec\n"
		 "DELETE FROM cart WHERE id = :id");

	(void)state;
	assert_int_equal(endpoint->parts_kind, PARTS_STEPS);
	assert_int_equal(endpoint->part_count, 3);
	assert_int_equal(endpoint->shape, ENDPOINT_EXEC);
	assert_int_equal(endpoint->status, 204);
	assert_int_equal(endpoint->parts[0].endpoint.parts_kind, PARTS_NONE);
	assert_string_equal(endpoint->parts[2].endpoint.statement.sql, "DELETE FROM cart WHERE id = $1");
	assert_true(endpoint->parts[0].endpoint.must_find);
	assert_false(endpoint->parts[1].endpoint.must_find);
	assert_false(endpoint->parts[2].endpoint.must_find);
	assert_true(endpoint->parts[1].endpoint.statement.needs_columns);
	assert_false(endpoint->parts[2].endpoint.statement.needs_columns);
	for (unsigned i = 0; i < 3; i++)
		assert_true(endpoint->parts[i].endpoint.statement.is_isolated);
	assert_true(sql_steps_may_find_nothing(endpoint));
}

/* Only its rows are cut. */
static void the_last_step_is_the_answer(void **state)
{
	const struct endpoint *endpoint = only("-- name: r\n-- route: GET /r\n-- step: a :many\nSELECT 1;\n"
					       "-- step: b :many\n-- max-rows: 7\nSELECT 2;\n");

	(void)state;
	assert_int_equal(endpoint->shape, ENDPOINT_MANY);
	assert_int_equal(endpoint->max_rows, 7);
	assert_int_equal(endpoint->status, 200);
	assert_int_equal(endpoint->parts[0].endpoint.statement.row_limit, 0);
	assert_int_equal(endpoint->parts[1].endpoint.statement.row_limit, 7);
	assert_false(sql_steps_may_find_nothing(endpoint));
	endpoint = only(STEPS TAKE "-- step: left :one\nSELECT 1;\n");
	assert_int_equal(endpoint->shape, ENDPOINT_ONE);
	assert_int_equal(endpoint->status, 200);
}

static void what_steps_may_not(void **state)
{
	(void)state;
	wrong(STEPS TAKE "-- gather: b :one\nSELECT 1;\n", 5, "`-- gather:` and `-- step:`: the parts");
	wrong(WHOLE GOOD "-- step: b :one\nSELECT 1;\n", 5, "`-- step:` and `-- gather:`: the parts");
	wrong(STEPS "-- step: a\nSELECT 1;\n", 3, "`-- step:` must be NAME :one, NAME :many or NAME :exec, where");
	wrong(STEPS TAKE "-- step: b :exec\n-- optional\nDELETE FROM x;\n", 6, "`-- optional` is for a part");
	wrong(STEPS TAKE "-- step: b :exec\n-- isolated\nDELETE FROM x;\n", 6,
	      "`-- isolated:` belongs to the whole endpoint: it must stand before the first `-- step:`");
	wrong(STEPS "-- max-rows: 3\n" TAKE, 3, "`-- max-rows` belongs to a part");
	wrong(STEPS "-- step: a :many\n-- max-rows: 3\nSELECT 1;\n" TAKE, 4, "`-- max-rows:` is for the last step");
	wrong(STEPS "-- step: a :exec\nCALL p();\n", 4, "a step cannot be CALL");
	wrong("-- name: r :many\n-- route: POST /r\n" TAKE, 1, "must be NAME alone");
	wrong("-- name: r\n-- route: POST /r\n-- status: 204\n" TAKE, 3, "status 204 has no body");
	only("-- name: r\n-- route: POST /r\n-- status: 204\n-- step: a :exec\nDELETE FROM x;\n");
	wrong("-- name: r :one\n-- route: POST /r\nSELECT 1\n-- step b :one\n;\n", 4, "looks like an annotation");
}

static void parts_are_bounded(void **state)
{
	char source[4096] = WHOLE GOOD, part[64];

	(void)state;
	for (int i = 1; i < PARTS_MAX; i++) {
		snprintf(part, sizeof(part), "-- gather: b%d :one\nSELECT 1;\n", i);
		strcat(source, part);
	}
	assert_int_equal(only(source)->part_count, PARTS_MAX);
	strcat(source, "-- gather: more :one\nSELECT 1;\n");
	wrong(source, 3 + 2 * PARTS_MAX, "one part too many; the most is 16");
}

/* Types */

static const struct db_type integer = {DB_TYPE_INT4, false, ',', "integer", NULL, NULL, NULL},
			    bigint = {DB_TYPE_INT8, false, ',', "bigint", NULL, NULL, NULL},
			    text = {DB_TYPE_OTHER, false, ',', "text", NULL, NULL, NULL};

static struct db_statement *statement_of(const struct endpoint *endpoint, unsigned part)
{
	return &endpoint->parts[part].endpoint.statement;
}

static const struct endpoint *typed(const struct db_type *a_id, const struct db_type *a_q, const struct db_type *b_q)
{
	const struct endpoint *endpoint =
	    only(WHOLE "-- gather: a :one\nSELECT :id, :q;\n-- gather: b :one\nSELECT :q;\n");

	statement_of(endpoint, 0)->parameters[0].type = *a_id;
	statement_of(endpoint, 0)->parameters[1].type = *a_q;
	statement_of(endpoint, 1)->parameters[0].type = *b_q;
	sql_parts_share_types(&set.endpoints[0], &set.arena, &set.diagnostics);
	return endpoint;
}

static void the_whole_has_the_types_of_its_parts(void **state)
{
	const struct endpoint *endpoint = typed(&integer, &text, &text);
	const struct db_signature *checked_for[PARTS_MAX];

	(void)state;
	assert_int_equal(set.diagnostics.count, 0);
	assert_int_equal(endpoint->statement.parameters[0].type.kind, DB_TYPE_INT4);
	assert_int_equal(endpoint->statement.parameters[1].type.kind, DB_TYPE_OTHER);
	assert_ptr_equal(sql_parts_signature(endpoint, &set.arena, checked_for), &endpoint->statement.signature);
	assert_ptr_equal(checked_for[1], &endpoint->parts[1].checked);
	assert_int_equal(checked_for[1]->parameters[0].type.kind, DB_TYPE_OTHER);
}

static void numbers_of_two_sizes_are_alike(void **state)
{
	const struct endpoint *endpoint = typed(&integer, &integer, &bigint);

	(void)state;
	assert_int_equal(set.diagnostics.count, 0);
	assert_string_equal(endpoint->statement.parameters[1].type.name, "integer");
}

static void two_types_of_one_parameter_are_told(void **state)
{
	(void)state;
	typed(&integer, &integer, &text);
	assert_int_equal(set.diagnostics.count, 1);
	assert_int_equal(set.diagnostics.items[0].line, 6);
	assert_string_equal(set.diagnostics.items[0].message,
			    "parameter :q is integer in a and text in b; give both the same type, such as :q::integer");
}

static struct db_parameter learnt_parameters[2];
static struct db_signature learnt = {.parameters = learnt_parameters};

/* One part was described again, and the other was not yet. */
static void what_was_learnt_counts_and_what_differs_is_doubted(void **state)
{
	const struct endpoint *endpoint = typed(&integer, &integer, &integer);
	const struct db_signature *checked_for[PARTS_MAX], *signature;
	struct db_signatures *of_a = db_signatures_create(&statement_of(endpoint, 0)->signature),
			     *of_b = db_signatures_create(&statement_of(endpoint, 1)->signature);
	unsigned generation;

	(void)state;
	statement_of(endpoint, 0)->signatures = of_a;
	statement_of(endpoint, 1)->signatures = of_b;
	learnt_parameters[0] = (struct db_parameter){.name = "q", .type = text};
	db_signatures_publish(of_b, &learnt);
	generation = atomic_load(&of_a->generation);
	signature = sql_parts_signature(endpoint, &set.arena, checked_for);
	assert_int_equal(signature->parameters[0].type.kind, DB_TYPE_INT4);
	assert_int_equal(signature->parameters[1].type.kind, DB_TYPE_OTHER);
	assert_int_equal(checked_for[0]->parameters[1].type.kind, DB_TYPE_OTHER);
	assert_int_equal(checked_for[1]->parameters[0].type.kind, DB_TYPE_OTHER);
	assert_int_equal(atomic_load(&of_a->generation), generation + 1);
	assert_int_equal(atomic_load(&of_b->generation), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(everything_about_parts_is_read),
	    TEST(an_endpoint_behind_parts_is_read),
	    TEST(a_name_without_a_shape_needs_parts),
	    TEST(parts_have_a_name_a_shape_and_sql),
	    TEST(annotations_stand_where_they_belong),
	    TEST(slips_are_told),
	    TEST(what_has_to_fit_together),
	    TEST(everything_about_steps_is_read),
	    TEST(the_last_step_is_the_answer),
	    TEST(what_steps_may_not),
	    TEST(parts_are_bounded),
	    TEST(the_whole_has_the_types_of_its_parts),
	    TEST(numbers_of_two_sizes_are_alike),
	    TEST(two_types_of_one_parameter_are_told),
	    TEST(what_was_learnt_counts_and_what_differs_is_doubted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
