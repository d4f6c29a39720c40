/* What an endpoint answers with, and its routes. */
#include "unit/handlers/sql/endpoint_fixture.h"

#include "db/values/parameter.h"
#include "handlers/sql/body.h"
#include "handlers/sql/input.h"
#include "server/http/guard.h"

/* Results */

static void one_row_is_an_object(void **state)
{
	(void)state;
	receive_json(HTTP_POST, "/notes", "{\"country\":\"DE\",\"body\":\"b\"}");
	expect_query("add");
	arrive(FAKE_RESULT(1, {"17"}));
	expect_body(201, "{\"id\":17}");
	assert_string_equal(x.response.content_type, "application/json");
	assert_int_equal(x.response.header_count, 0);
}

static void no_row_is_not_found(void **state)
{
	(void)state;
	receive(HTTP_GET, "/countries/X%22X", "");
	expect_query("country");
	arrive(FAKE_EMPTY(2));
	expect_problem(404, "nothing found for code \"X\"X\"");
	receive_json(HTTP_POST, "/notes", "{\"country\":\"DE\",\"body\":\"b\"}");
	expect_query("add");
	arrive(FAKE_EMPTY(1));
	expect_problem(404, "nothing found");
}

static void many_rows_are_an_array(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "name=x");
	expect_query("search");
	arrive(FAKE_RESULT(1, {"a"}, {NULL}));
	expect_body(200, "[{\"name\":\"a\"},{\"name\":null}]");
	assert_int_equal(x.response.header_count, 0);
	receive(HTTP_GET, "/search", "name=x");
	expect_query("search");
	arrive(FAKE_EMPTY(1));
	expect_body(200, "[]");
}

static void more_rows_than_the_most_are_cut(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "name=x");
	expect_query("search");
	arrive(FAKE_RESULT(1, {"a"}, {"b"}, {"c"}));
	expect_body(200, "[{\"name\":\"a\"},{\"name\":\"b\"}]");
	assert_int_equal(x.response.header_count, 1);
}

static void exec_is_answered_without_a_body(void **state)
{
	(void)state;
	receive(HTTP_PUT, "/notes/5", "");
	expect_query("change");
	arrive(FAKE_AFFECTED(1));
	expect_body(204, "");
	assert_null(x.response.content_type);
}

static void update_of_no_row_is_not_found(void **state)
{
	(void)state;
	receive(HTTP_PUT, "/notes/5", "");
	expect_query("change");
	arrive(FAKE_AFFECTED(0));
	expect_problem(404, "nothing found for id \"5\"");
	receive(HTTP_PATCH, "/from/a/to/b", "");
	expect_query("move");
	arrive(FAKE_AFFECTED(0));
	expect_problem(404, "nothing found for source \"a\", target \"b\"");
}

static void insert_or_select_of_no_row_is_done(void **state)
{
	(void)state;
	receive(HTTP_POST, "/upsert", "");
	expect_query("upsert");
	arrive(FAKE_AFFECTED(0));
	expect_body(204, "");
	receive(HTTP_DELETE, "/notes", "");
	expect_query("clear");
	arrive(FAKE_EMPTY(1));
	expect_body(204, "");
}

static void verb_decides_what_may_find_nothing(void **state)
{
	static const struct {
		const char *sql;
		bool may_find_nothing;
	} cases[] = {
	    {"UPDATE t SET a = 1", true},
	    {"  -- DELETE\n /* a /* nested */ SELECT */ delete FROM t", true},
	    {"MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", true},
	    {"INSERT INTO t SELECT 1", false},
	    {"SELECT 1 FROM t FOR UPDATE", false},
	    {"CALL p()", false},
	    {"GRANT UPDATE ON t TO r", false},
	    {"WITH a AS (DELETE FROM t RETURNING *) SELECT 1", false},
	    {"WITH a AS (SELECT 1) INSERT INTO t SELECT 1 ON CONFLICT DO UPDATE SET a = 1", false},
	    {"WITH RECURSIVE a(x, y) AS (SELECT 1), b AS MATERIALIZED (SELECT 2) DELETE FROM t", true},
	    {"WITH a AS (SELECT $x$ ) $y$ $x$, 'it''s )', \"\"\")\", $1 /* ) */) update t SET a = $2", true},
	    {"WITH a AS (SELECT 'open", false},
	    {"-- nothing", false},
	    {"/* open", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct endpoint endpoint = {.shape = ENDPOINT_EXEC, .statement = {.sql = cases[i].sql}};

		if (sql_plan_may_find_nothing(&endpoint) != cases[i].may_find_nothing)
			fail_msg("decided wrongly: %s", cases[i].sql);
	}
}

static void database_error_is_a_problem(void **state)
{
	(void)state;
	receive(HTTP_GET, "/countries/DE", "");
	expect_query("country");
	db_batch_fail(&x.batch, ERROR_CONFLICT, "duplicate key");
	expect_problem(409, "duplicate key");
}

static void changed_table_is_named(void **state)
{
	(void)state;
	receive(HTTP_GET, "/countries/DE", "");
	expect_query("country");
	arrive(FAKE_RESULT(1, {"Germany"}));
	expect_problem(503, "the columns of country have just changed; try again");
	receive(HTTP_GET, "/countries/DE", "");
	expect_query("country");
	arrive(&(struct db_result){.column_count = 2, .has_other_types = true});
	expect_problem(503, "the columns of country have just changed; try again");
}

/* The media types of rows */

static void rows_are_written_as_the_client_takes_them(void **state)
{
	(void)state;
	receive(HTTP_GET, "/countries/DE", "");
	x.request.accept = TEXT("text/csv");
	expect_query("country");
	arrive(FAKE_RESULT(2, {"Germany", "357022"}));
	expect_body(200, "name,area\r\nGermany,357022\r\n");
	receive(HTTP_GET, "/search", "name=a");
	x.request.accept = TEXT("application/x-ndjson");
	expect_query("search");
	arrive(FAKE_RESULT(1, {"a"}, {NULL}, {"c"}));
	expect_body(200, "{\"name\":\"a\"}\n{\"name\":null}\n");
	assert_string_equal(x.response.content_type, "application/x-ndjson");
	assert_string_equal(x.response.headers[0].name, "meantime-truncated");
}

/* Routes */

static void route_carries_name_and_timeout(void **state)
{
	(void)state;
	receive(HTTP_POST, "/upsert", "");
	assert_string_equal(x.request.match.route->name, "upsert");
	assert_int_equal(x.request.match.route->timeout_ms, 250);
}

static void body_is_taken_by_the_methods_that_change(void **state)
{
	(void)state;
	receive_json(HTTP_PATCH, "/from/a/to/b", "{}");
	expect_query("move");
	receive_json(HTTP_DELETE, "/notes", "{}");
	expect_query("clear");
}

static void expect_diagnostic(const char *source, struct router *router, unsigned line, const char *message)
{
	struct endpoint_set set;

	endpoint_set_init(&set);
	assert_int_equal(sql_file_parse(&set, "more.sql", text_of(source)), 0);
	assert_int_equal(sql_endpoint_add_routes(router, &set), -1);
	assert_int_equal(set.diagnostics.count, 1);
	assert_string_equal(set.diagnostics.items[0].file, "more.sql");
	assert_int_equal(set.diagnostics.items[0].line, line);
	assert_string_equal(set.diagnostics.items[0].message, message);
	endpoint_set_cleanup(&set);
}

static void path_that_is_too_long_is_named(void **state)
{
	static const char most[] = "expected /literal/{parameter}, at most 32 segments and 8 parameters";
	char source[1000] = "-- name: long :one\n-- route: GET ", message[1000];
	size_t begins = strlen(source);

	(void)state;
	for (unsigned i = 0; i < ROUTE_SEGMENTS_MAX + 1; i++)
		strcat(source, "/a");
	snprintf(message, sizeof(message), "the path %s is malformed; %s", source + begins, most);
	strcat(source, "\nSELECT 1;\n");
	expect_diagnostic(source, &edition.router, 2, message);
	expect_diagnostic(
	    "-- name: long :one\n-- route: GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}\n"
	    "SELECT :a, :b, :c, :d, :e, :f, :g, :h, :i;\n",
	    &edition.router, 2,
	    "the path /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i} is malformed; expected /literal/{parameter}, at most "
	    "32 segments and 8 parameters");
}

/* What docs/operations.md says is so. */
static void limits_are_those_of_the_page(void **state)
{
	static char page[1 << 20];
	const struct {
		const char *format;
		int a, b;
	} rows[] = {
	    {"| an endpoint file; endpoints in all | %d MiB; %d |", SQL_FILE_BYTES_MAX >> 20, ENDPOINTS_MAX},
	    {"| parameters of an endpoint | %d |", DB_PARAMETERS_MAX, 0},
	    {"| segments of a path; parameters in it | %d; %d |", ROUTE_SEGMENTS_MAX, ROUTE_VALUES_MAX},
	    {"`-- max-rows`, %d; up to 1000000", ENDPOINT_MAX_ROWS_DEFAULT, 0},
	    {"| the head of a request; its lines | %d KiB; %d |", HTTP_HEAD_BYTES_MAX >> 10, HTTP_FIELDS_MAX},
	    {"`--max-json-depth`, 64; %d |", BODY_FIELDS_MAX, 0},
	    {"| JSON in a query string: its nesting | %d |", PARAMETER_JSON_DEPTH_MAX, 0},
	    {"| %d, as in PostgreSQL |", PARAMETER_DIMENSIONS_MAX, 0},
	};
	FILE *file = fopen(SOURCE_FOLDER "/docs/operations.md", "rb");

	(void)state;
	assert_non_null(file);
	assert_true(fread(page, 1, sizeof(page) - 1, file) > 0);
	fclose(file);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char expected[200];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(expected, sizeof(expected), rows[i].format, rows[i].a, rows[i].b);
#pragma GCC diagnostic pop
		if (strstr(page, expected) == NULL)
			fail_msg("docs/operations.md does not say: %s", expected);
	}
}

static void second_endpoint_on_a_route_is_named(void **state)
{
	(void)state;
	expect_diagnostic(
	    "-- name: again :one\n-- route: GET /countries/{x}\nSELECT :x;\n", &edition.router, 2,
	    "GET /countries/{x} is already the route of country (test.sql:2); each route has one endpoint");
}

static void route_of_the_program_itself_is_named(void **state)
{
	const struct route own = {.method = HTTP_GET, .pattern = "/openapi.json", .name = "openapi"};
	struct router router;

	(void)state;
	router_init(&router);
	assert_int_equal(router_add(&router, &own, &(const struct route *){NULL}), ROUTER_ADDED);
	expect_diagnostic("-- name: mine :one\n-- route: GET /openapi.json\nSELECT 1;\n", &router, 2,
			  "GET /openapi.json is served by Meantime itself; choose another path");
	router_cleanup(&router);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_row_is_an_object),
	    TEST(no_row_is_not_found),
	    TEST(many_rows_are_an_array),
	    TEST(more_rows_than_the_most_are_cut),
	    TEST(exec_is_answered_without_a_body),
	    TEST(update_of_no_row_is_not_found),
	    TEST(insert_or_select_of_no_row_is_done),
	    TEST(verb_decides_what_may_find_nothing),
	    TEST(database_error_is_a_problem),
	    TEST(changed_table_is_named),
	    TEST(rows_are_written_as_the_client_takes_them),
	    TEST(route_carries_name_and_timeout),
	    TEST(body_is_taken_by_the_methods_that_change),
	    TEST(path_that_is_too_long_is_named),
	    TEST(limits_are_those_of_the_page),
	    TEST(second_endpoint_on_a_route_is_named),
	    TEST(route_of_the_program_itself_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
