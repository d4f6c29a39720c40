/* `:take.id`: what a file says of it, what becomes of the SQL, and where its places are. */
#include "handlers/sql/parts.h"
#include "handlers/sql/place.h"

#include "unit/handlers/sql/file_fixture.h"

#include <string.h>

#define WHOLE "-- name: sell\n-- route: POST /sell/{id}\n"
#define TAKE  "-- step: take :one\nUPDATE stock SET n = n - 1 WHERE id = :id RETURNING id, name;\n"

static struct endpoint_part *part_of(const char *source, unsigned index)
{
	return (struct endpoint_part *)&only(source)->parts[index];
}

/* The SQL with the types that PostgreSQL would say. */
static const char *put_in(struct endpoint_part *part, const char *type)
{
	for (unsigned i = 0; i < part->value_count; i++)
		part->values[i].type = type;
	return sql_step_values_put_in(part->endpoint.statement.sql, part->values, part->value_count, &set.arena);
}

#define VALUE(number, type)                                                                                            \
	"(pg_catalog.substr(NULLIF(pg_catalog.current_setting('meantime.sale_" #number "', true), ''), 2)::" type      \
	"/**/)"

static void everything_about_a_value_is_read(void **state)
{
	struct endpoint_part *sale =
	    part_of(WHOLE TAKE "-- step: sale :exec\nINSERT INTO sale\nVALUES (:take.id, :buyer, :take.Name)", 1);

	(void)state;
	assert_int_equal(sale->value_count, 2);
	assert_string_equal(sale->values[0].column, "id");
	assert_string_equal(sale->values[0].step, "take");
	assert_int_equal(sale->values[0].part, 0);
	assert_int_equal(sale->values[0].line, 7);
	assert_string_equal(sale->values[0].setting, "meantime.sale_1");
	assert_null(sale->values[0].type);
	assert_string_equal(sale->values[1].column, "name");
	/* it is no parameter */
	assert_int_equal(sale->endpoint.statement.parameter_count, 1);
	assert_int_equal(set.endpoints[0].statement.parameter_count, 2);
	assert_int_equal(set.endpoints[0].parts[0].value_count, 0);
	assert_string_equal(put_in(sale, "text"),
			    "INSERT INTO sale\nVALUES (" VALUE(1, "text") ", $1, " VALUE(2, "text") ")");
}

static void a_value_may_stand_anywhere(void **state)
{
	struct endpoint_part *sale = part_of(
	    WHOLE TAKE "-- step: sale :one\nSELECT :take.\"Na me\"::text || :take.id, ARRAY[1,2]::int[], :take.id", 1);

	(void)state;
	assert_string_equal(sale->values[0].column, "Na me");
	/* used twice, set once */
	assert_ptr_equal(sale->values[1].setting, sale->values[2].setting);
	assert_string_equal(put_in(sale, "int"), "SELECT " VALUE(1, "int") "::text || " VALUE(
						     2, "int") ", ARRAY[1,2]::int[], " VALUE(2, "int"));
}

static void what_is_like_a_value_stays_what_it_was(void **state)
{
	const struct endpoint *endpoint =
	    only(WHOLE TAKE "-- step: sale :one\nSELECT ':take.id', (:point).x, :id.5, :take -- :take.id\n");

	(void)state;
	assert_int_equal(endpoint->parts[1].value_count, 0);
	assert_string_equal(endpoint->parts[1].endpoint.statement.sql, "SELECT ':take.id', ($1).x, $2.5, $3");
}

static void a_value_is_set_as_postgresql_writes_it(void **state)
{
	const struct step_value values[] = {{.column = "id", .setting = "meantime.sale_1"},
					    {.column = "a\"b", .setting = "meantime.sale_2"}};
	struct buffer list = buffer_in(&set.arena);

	(void)state;
	sql_step_value_set(&list, &values[0]);
	sql_step_value_set(&list, &values[1]);
	assert_string_equal(
	    arena_copy(&set.arena, buffer_text(&list)),
	    "pg_catalog.set_config('meantime.sale_1', CASE pg_catalog.num_nonnulls(\"id\") WHEN 0 THEN '' ELSE "
	    "pg_catalog.concat('v', \"id\") END, true) AS \"meantime.sale_1\", "
	    "pg_catalog.set_config('meantime.sale_2', CASE pg_catalog.num_nonnulls(\"a\"\"b\") WHEN 0 THEN '' ELSE "
	    "pg_catalog.concat('v', \"a\"\"b\") END, true) AS \"meantime.sale_2\"");
}

static void what_is_refused(void **state)
{
	char many[1024] = WHOLE TAKE "-- step: sale :one\nSELECT 0";

	(void)state;
	wrong(WHOLE TAKE "-- step: sale :one\nSELECT :take.;\n", 6,
	      "\":take.\" must be followed by the name of a column of that step");
	wrong(WHOLE TAKE "-- step: sale :one\nSELECT\n:take.*;\n", 7, "\":take.\" must be followed by the name");
	wrong(WHOLE TAKE "-- step: sale :one\nSELECT :take.\"\";\n", 6, "\":take.\" must be followed by the name");
	wrong(WHOLE "-- step: take :one\nSELECT :id, :take.id;\n", 4,
	      "\":take.\": a step can use columns of the steps before it, not its own");
	wrong(WHOLE "-- step: sale :one\nSELECT :take.id;\n" TAKE, 4,
	      "\":take.\": a step can use columns of the steps before it, and take comes later");
	wrong(WHOLE "-- step: take :many\nSELECT :id AS id;\n-- step: sale :one\nSELECT :take.id;\n", 6,
	      "\":take.\": the step take must be :one to have its columns used, so that there is one row");
	wrong("-- name: g\n-- route: GET /g\n-- gather: take :one\nSELECT 1 AS id;\n-- gather: b :one\nSELECT "
	      ":take.id;\n",
	      6, "\":take.\": parts that are gathered cannot use columns of each other; steps can");
	for (unsigned i = 0; i < STEP_VALUES_MAX; i++)
		strcat(many, ", :take.id");
	only(many);
	strcat(many, ", :take.id");
	wrong(many, 6, "\":take.\": one column of steps too many; the most in one step is 32");
}

static void places_behind_a_value_are_found(void **state)
{
	struct endpoint_part *sale =
	    part_of(WHOLE TAKE "-- step: sale :one\nSELECT :take.id, :take.\"Na me\", :id, wrong;\n", 1);
	struct sql_place place;
	unsigned long position;

	(void)state;
	sale->endpoint.statement.sql = put_in(sale, "text");
	position = (unsigned long)(strstr(sale->endpoint.statement.sql, "wrong") - sale->endpoint.statement.sql) + 1;
	place = sql_place_of(&sale->endpoint, position);
	assert_int_equal(place.line, 6);
	assert_int_equal(place.at, strlen("SELECT :take.id, :take.\"Na me\", :id, "));
	/* within what stands for it */
	assert_int_equal(sql_place_of(&sale->endpoint, 20).at, strlen("SELECT "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(everything_about_a_value_is_read),
	    TEST(a_value_may_stand_anywhere),
	    TEST(what_is_like_a_value_stays_what_it_was),
	    TEST(a_value_is_set_as_postgresql_writes_it),
	    TEST(what_is_refused),
	    TEST(places_behind_a_value_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
