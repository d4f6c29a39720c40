#include "handlers/sql/endpoint.h"
#include "handlers/sql/input.h"

#include "db/values/parameter.h"
#include "handlers/sql/body.h"
#include "lib/fake_result.h"
#include "exchange/exchange.h"
#include "server/edition/edition.h"
#include "server/http/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

static struct exchange_settings settings;
static struct edition edition;
static struct exchange x;
static const struct awaitable_class batch_class, rows_class;

/* One endpoint of each kind; describe_all() says what PostgreSQL would. */
static const char SOURCE[] =
    "-- name: country :one\n"
    "-- route: GET /countries/{code}\n"
    "SELECT name, area FROM country WHERE code = :code;\n"
    "-- name: search :many\n"
    "-- route: GET /search\n"
    "-- max-rows: 2\n"
    "-- param: around = null\n"
    "-- param: least = 10\n"
    "-- param: tags = null\n"
    "SELECT name FROM country WHERE name = :name AND x = :around AND n > :least AND t = ANY (:tags);\n"
    "-- name: add :one\n"
    "-- route: POST /notes\n"
    "-- status: 201\n"
    "-- param: priority = 3\n"
    "INSERT INTO note VALUES (:country, :body, :priority) RETURNING id;\n"
    "-- name: change :exec\n"
    "-- route: PUT /notes/{id}\n"
    "-- param: body = null\n"
    "UPDATE note SET body = :body WHERE id = :id;\n"
    "-- name: clear :exec\n"
    "-- route: DELETE /notes\n"
    "SELECT clear_notes();\n"
    "-- name: watch :many\n"
    "-- route: GET /watch\n"
    "-- stream\n"
    "SELECT n FROM numbers;\n"
    "-- name: upsert :exec\n"
    "-- route: POST /upsert\n"
    "-- timeout: 250ms\n"
    "INSERT INTO note VALUES (1);\n"
    "-- name: patch :exec\n"
    "-- route: PATCH /patched/{id}\n"
    "UPDATE note SET body = CASE WHEN :body? THEN :body ELSE body END WHERE id = :id;\n"
    "-- name: import :exec\n"
    "-- route: POST /import\n"
    "-- body: rows\n"
    "-- param: mode = 'add'\n"
    "INSERT INTO note SELECT * FROM json_to_recordset(:body) AS rows (a int) WHERE :mode = 'add';\n"
    "-- name: store :exec\n"
    "-- route: PUT /store\n"
    "-- body: raw\n"
    "INSERT INTO file VALUES (:body);\n"
    "-- name: picture :one\n"
    "-- route: GET /picture\n"
    "-- content-type: column kind\n"
    "-- header: X-Size = column size\n"
    "-- status: column status\n"
    "SELECT kind, size, status, bytes FROM picture;\n"
    "-- name: page :one\n"
    "-- route: GET /page\n"
    "-- content-type: text/html; charset=utf-8\n"
    "SELECT html FROM page;\n"
    "-- name: placed :one\n"
    "-- route: POST /placed\n"
    "-- status: 201\n"
    "-- header: Location = column name\n"
    "INSERT INTO place DEFAULT VALUES RETURNING name, area;\n"
    "-- name: move :exec\n"
    "-- route: PATCH /from/{source}/to/{target}\n"
    "/* not an INSERT */ WITH gone AS (SELECT ')' AS \"(\", $$ ( $$, 'insert') -- select\n"
    "UPDATE note SET a = :target WHERE a = :source;\n";

static struct endpoint *endpoint_named(const char *name)
{
	for (unsigned i = 0; i < edition.endpoints.count; i++)
		if (strcmp(edition.endpoints.endpoints[i].name, name) == 0)
			return &edition.endpoints.endpoints[i];
	fail_msg("no endpoint %s", name);
	return NULL;
}

static void set_type(const char *endpoint, const char *parameter, struct db_type type)
{
	struct db_statement *statement = &endpoint_named(endpoint)->statement;
	unsigned index = 0;

	while (strcmp(statement->parameters[index].name, parameter) != 0)
		assert_true(++index < statement->parameter_count);
	statement->parameters[index].type = type;
}

static void set_columns(const char *endpoint, struct db_column *columns, unsigned count)
{
	endpoint_named(endpoint)->statement.signature.columns = columns;
	endpoint_named(endpoint)->statement.signature.column_count = count;
}

static void describe_all(void)
{
	static const struct db_type text = {DB_TYPE_OTHER, false, ',', "text", NULL, NULL, NULL};
	static const struct db_type integer = {DB_TYPE_INT4, false, ',', "integer", NULL, NULL, NULL};
	static const struct db_type texts = {DB_TYPE_OTHER, true, ',', "text[]", NULL, NULL, NULL};
	static struct db_column country[2], name[1], id[1], nothing[1], picture[4];

	for (unsigned i = 0; i < edition.endpoints.count; i++)
		for (unsigned j = 0; j < edition.endpoints.endpoints[i].statement.parameter_count; j++)
			edition.endpoints.endpoints[i].statement.parameters[j].type = text;
	set_type("search", "around", integer);
	set_type("search", "least", integer);
	set_type("search", "tags", texts);
	set_type("add", "priority", integer);
	set_type("change", "id", integer);
	set_type("import", "body", (struct db_type){.kind = DB_TYPE_JSON, .name = "json"});
	set_type("store", "body", (struct db_type){.kind = DB_TYPE_BYTEA, .name = "bytea"});
	country[0] = (struct db_column){"name", TEXT("\"name\":"), text, 25, false};
	country[1] = (struct db_column){"area", TEXT("\"area\":"), integer, 23, false};
	name[0] = country[0];
	id[0] = (struct db_column){"id", TEXT("\"id\":"), integer, 23, false};
	nothing[0] = (struct db_column){
	    "clear_notes", TEXT("\"clear_notes\":"), {DB_TYPE_VOID, false, ',', "void", NULL, NULL, NULL}, 2278, false};
	set_columns("country", country, 2);
	set_columns("search", name, 1);
	set_columns("add", id, 1);
	set_columns("watch", id, 1);
	set_columns("clear", nothing, 1);
	picture[0] = (struct db_column){"kind", TEXT("\"kind\":"), text, 25, false};
	picture[1] = (struct db_column){"size", TEXT("\"size\":"), integer, 23, false};
	picture[2] = (struct db_column){"status", TEXT("\"status\":"), integer, 23, false};
	picture[3] = (struct db_column){
	    "bytes", TEXT("\"bytes\":"), {DB_TYPE_BYTEA, false, ',', "bytea", NULL, NULL, NULL}, 17, false};
	set_columns("picture", picture, 4);
	set_columns("page", name, 1);
	set_columns("placed", country, 2);
}

static int set_up(void **state)
{
	(void)state;
	settings.max_json_depth = 4;
	settings.await_batch = &batch_class;
	settings.await_rows = &rows_class;
	endpoint_set_init(&edition.endpoints);
	router_init(&edition.router);
	if (sql_file_parse(&edition.endpoints, "test.sql", text_of(SOURCE)) != 0)
		diagnostics_print(&edition.endpoints.diagnostics, stderr);
	assert_int_equal(edition.endpoints.diagnostics.count, 0);
	describe_all();
	assert_int_equal(sql_endpoint_add_routes(&edition.router, &edition.endpoints), 0);
	exchange_begin(&x, &settings, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exchange_recycle(&x);
	router_cleanup(&edition.router);
	endpoint_set_cleanup(&edition.endpoints);
	return 0;
}

/* What the border does before the first step; the test may change the request between. */
static void receive(enum http_method method, const char *path, const char *query)
{
	exchange_recycle(&x);
	exchange_begin(&x, &settings, 1);
	x.request.method = method;
	x.request.path = text_of(path);
	x.request.query = text_of(query);
	router_match(&edition.router, method, x.request.path, &x.arena, &x.request.match);
	assert_non_null(x.request.match.route);
	x.next = x.request.match.route->first;
}

static void receive_json(enum http_method method, const char *path, const char *body)
{
	receive(method, path, "");
	x.request.content_type = TEXT("application/json");
	x.request.body = text_of(body);
	x.request.has_body = true;
}

/* Runs the next step; the rows that it read end with the block that made them. */
static enum step run_step(void)
{
	enum step step = x.next(&x);

	for (unsigned i = 0; i < x.batch.query_count; i++)
		x.batch.queries[i].result = NULL;
	return step;
}

static void expect_query(const char *name)
{
	assert_int_equal(run_step(), STEP_AWAIT);
	assert_ptr_equal(x.awaited.class, &batch_class);
	assert_int_equal(x.batch.query_count, 1);
	assert_string_equal(x.batch.queries[0].statement->name, name);
}

static void expect_bound(const char *parameter, const char *value)
{
	const struct db_query *query = &x.batch.queries[0];
	unsigned index = 0;

	while (strcmp(query->statement->parameters[index].name, parameter) != 0)
		assert_true(++index < query->statement->parameter_count);
	if (value == NULL) {
		assert_null(query->values[index]);
	} else {
		assert_non_null(query->values[index]);
		assert_string_equal(query->values[index], value);
	}
}

static void expect_problem(unsigned status, const char *detail)
{
	json_t *problem;

	assert_int_equal(run_step(), STEP_RESPOND);
	assert_int_equal(x.response.status, status);
	assert_string_equal(x.response.content_type, "application/problem+json");
	problem = json_loadb(x.response.body.at, x.response.body.length, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(problem);
	assert_string_equal(json_string_value(json_object_get(problem, "detail")), detail);
	assert_int_equal(json_integer_value(json_object_get(problem, "status")), status);
	json_decref(problem);
}

/* What the runner does: the rows are there, the next step runs. */
static void arrive(struct db_result *rows)
{
	x.batch.queries[x.batch.query_count - 1].result = rows;
}

static void expect_body(unsigned status, const char *body)
{
	assert_int_equal(run_step(), STEP_RESPOND);
	assert_int_equal(x.response.status, status);
	assert_int_equal(x.response.body.length, strlen(body));
	assert_memory_equal(x.response.body.at, body, strlen(body));
}

/* Input that is taken */

static void path_value_is_bound_decoded(void **state)
{
	(void)state;
	receive(HTTP_GET, "/countries/D%2FE%20+", "");
	expect_query("country");
	expect_bound("code", "D/E +");
}

static void head_is_served_as_get(void **state)
{
	(void)state;
	receive(HTTP_HEAD, "/countries/DE", "");
	expect_query("country");
	arrive(FAKE_RESULT(2, {"Germany", "357022"}));
	expect_body(200, "{\"name\":\"Germany\",\"area\":357022}");
}

static void query_string_is_bound_and_defaults_fill_the_rest(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "name=C%C3%B4te+d%27Ivoire&around=7");
	expect_query("search");
	expect_bound("name", "C\xc3\xb4te d'Ivoire");
	expect_bound("around", "7");
	expect_bound("least", "10");
	expect_bound("tags", NULL);
}

static void names_of_the_query_string_are_decoded_too(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "n%61me=a=b");
	expect_query("search");
	expect_bound("name", "a=b");
}

static void empty_text_is_a_value(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "name=");
	expect_query("search");
	expect_bound("name", "");
	receive(HTTP_GET, "/search", "name");
	expect_query("search");
	expect_bound("name", "");
}

static void empty_pieces_of_the_query_string_are_passed_over(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "&&name=x&");
	expect_query("search");
	expect_bound("name", "x");
}

static void the_first_parameter_may_be_an_array(void **state)
{
	static const struct db_type texts = {DB_TYPE_OTHER, true, ',', "text[]", NULL, NULL, NULL};
	struct endpoint *search = endpoint_named("search");

	(void)state;
	set_type("search", search->statement.parameters[0].name, texts);
	receive(HTTP_GET, "/search",
		arena_printf(&edition.endpoints.arena, "%s=a&%s=b", search->statement.parameters[0].name,
			     search->statement.parameters[0].name));
	assert_int_equal(run_step(), STEP_AWAIT);
	assert_string_equal(x.batch.queries[0].values[0], "{\"a\",\"b\"}");
}

static void repeated_array_parameter_is_an_array(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "tags=a&name=x&tags=b%2C");
	expect_query("search");
	expect_bound("tags", "{\"a\",\"b,\"}");
}

static void body_fields_are_bound(void **state)
{
	(void)state;
	receive_json(HTTP_POST, "/notes", "{\"country\":\"DE\",\"body\":\"line\\n\\u00e4\"}");
	expect_query("add");
	expect_bound("country", "DE");
	expect_bound("body", "line\n\xc3\xa4");
	expect_bound("priority", "3");
}

static void query_string_and_body_may_share_the_work(void **state)
{
	(void)state;
	receive_json(HTTP_POST, "/notes", "{\"body\":\"b\",\"priority\":null}");
	x.request.query = TEXT("country=FR");
	expect_query("add");
	expect_bound("country", "FR");
	expect_bound("body", "b");
	expect_bound("priority", NULL);
}

static void body_may_be_left_out_where_nothing_is_required(void **state)
{
	(void)state;
	receive(HTTP_PUT, "/notes/5", "");
	expect_query("change");
	expect_bound("id", "5");
	expect_bound("body", NULL);
}

static void json_media_types_are_taken(void **state)
{
	static const char *const types[] = {"application/json; charset=utf-8", "Application/JSON ;x=y",
					    "application/json \t;x=y", "application/merge-patch+json",
					    "Application/x+JSON"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		receive_json(HTTP_PUT, "/notes/5", "{}");
		x.request.content_type = text_of(types[i]);
		expect_query("change");
	}
}

static void deadline_is_the_requests(void **state)
{
	(void)state;
	receive(HTTP_GET, "/countries/DE", "");
	x.deadline_ns = 12345;
	expect_query("country");
	assert_int_equal(x.batch.deadline_ns, 12345);
}

/* Input that is refused */

static void unknown_parameter_is_named(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "name=x&nmae=y");
	expect_problem(400,
		       "unknown parameter \"nmae\"; this endpoint takes name, around, least, tags in the query string");
	receive(HTTP_GET, "/search", "na+me=y");
	expect_problem(
	    400, "unknown parameter \"na me\"; this endpoint takes name, around, least, tags in the query string");
	receive(HTTP_GET, "/countries/DE", "x=1");
	expect_problem(400, "unknown parameter \"x\"; this endpoint takes none in the query string");
}

static void missing_parameter_is_named(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "");
	expect_problem(400, "parameter \"name\" is missing (text, in the query string)");
	receive_json(HTTP_POST, "/notes", "{\"body\":\"x\"}");
	expect_problem(400, "parameter \"country\" is missing (text, in the JSON body)");
	receive(HTTP_POST, "/notes", "");
	expect_problem(400, "parameter \"country\" is missing (text, in the JSON body)");
}

static void wrong_type_is_named(void **state)
{
	static const char expected[] = "an integer from -2147483648 to 2147483647";
	char detail[256];

	(void)state;
	receive(HTTP_GET, "/search", "name=x&least=abc");
	snprintf(detail, sizeof(detail), "parameter \"least\" must be %s, got \"abc\"", expected);
	expect_problem(400, detail);
	receive(HTTP_PUT, "/notes/x%22", "");
	snprintf(detail, sizeof(detail), "parameter \"id\" must be %s, got \"x\"\"", expected);
	expect_problem(400, detail);
	receive_json(HTTP_POST, "/notes", "{\"country\":\"DE\",\"body\":\"b\",\"priority\":\"1\"}");
	snprintf(detail, sizeof(detail), "parameter \"priority\" must be %s, got \"1\"", expected);
	expect_problem(400, detail);
	receive_json(HTTP_POST, "/notes", "{\"priority\":[true ]}");
	snprintf(detail, sizeof(detail), "parameter \"priority\" must be %s, got [true ]", expected);
	expect_problem(400, detail);
}

static void long_input_is_cut_between_characters(void **state)
{
	const char *detail = "parameter \"least\" must be an integer from -2147483648 to 2147483647, got "
			     "\"012345678901234567890123456789012345678901234567890123456789...\"";

	(void)state;
	receive(HTTP_GET, "/search", "name=x&least=012345678901234567890123456789012345678901234567890123456789x");
	expect_problem(400, detail);
	receive(HTTP_GET, "/search", "name=x&least=01234567890123456789012345678901234567890123456789012345678x");
	expect_problem(400, "parameter \"least\" must be an integer from -2147483648 to 2147483647, got "
			    "\"01234567890123456789012345678901234567890123456789012345678x\"");
	receive(HTTP_GET, "/search",
		"name=x&least=01234567890123456789012345678901234567890123456789012345678%C3%A4%C3%A4");
	detail = "parameter \"least\" must be an integer from -2147483648 to 2147483647, got "
		 "\"01234567890123456789012345678901234567890123456789012345678...\"";
	expect_problem(400, detail);
}

static void empty_value_of_a_number_is_named(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "name=x&around=");
	expect_problem(400, "parameter \"around\" is empty in the query string; it must be an integer from "
			    "-2147483648 to 2147483647");
}

/* Of several mistakes the first is named: in the path, then in the query string. */
static void the_first_mistake_is_named(void **state)
{
	static const struct db_type integer = {DB_TYPE_INT4, false, ',', "integer", NULL, NULL, NULL};

	(void)state;
	set_type("move", "source", integer);
	set_type("move", "target", integer);
	receive(HTTP_PATCH, "/from/a/to/b", "");
	expect_problem(400, "parameter \"source\" must be an integer from -2147483648 to 2147483647, got \"a\"");
	receive(HTTP_PATCH, "/from/a/to/1", "other=1");
	expect_problem(400, "parameter \"source\" must be an integer from -2147483648 to 2147483647, got \"a\"");
}

static void repeated_scalar_is_named(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "name=x&least=1&name=x");
	expect_problem(400, "parameter \"name\" is given more than once in the query string");
}

static void parameter_in_two_places_is_named(void **state)
{
	(void)state;
	receive(HTTP_GET, "/countries/DE", "code=FR");
	expect_problem(400, "parameter \"code\" is given in the path and in the query string");
	receive(HTTP_GET, "/countries/DE", "code=DE");
	expect_problem(400, "parameter \"code\" is given in the path and in the query string");
	receive_json(HTTP_POST, "/notes", "{\"country\":\"DE\",\"body\":\"b\"}");
	x.request.query = TEXT("body=b");
	expect_problem(400, "parameter \"body\" is given in the query string and in the JSON body");
	receive_json(HTTP_POST, "/notes", "{\"country\":\"DE\",\"body\":null}");
	x.request.query = TEXT("body=c");
	expect_problem(400, "parameter \"body\" is given in the query string and in the JSON body");
	/* an array is not put together from two places */
	set_type("add", "body", (struct db_type){DB_TYPE_OTHER, true, ',', "text[]", NULL, NULL, NULL});
	receive_json(HTTP_POST, "/notes", "{\"country\":\"DE\",\"body\":[\"b\"]}");
	x.request.query = TEXT("body=c&body=d");
	expect_problem(400, "parameter \"body\" is given in the query string and in the JSON body");
}

/* GET /notes/5, change something, PUT it back. */
static void row_is_taken_back_at_its_own_path(void **state)
{
	static const char *const good[] = {"/notes/5", "/notes/+5", "/notes/005"};
	static const char another[] = "parameter \"id\" has one value in the path and another in the JSON body";

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		receive_json(HTTP_PUT, good[i], "{\"id\":5,\"body\":\"b\"}");
		expect_query("change");
		expect_bound("id", strrchr(good[i], '/') + 1);
		expect_bound("body", "b");
	}
	receive_json(HTTP_PUT, "/notes/5", "{\"id\":6}");
	expect_problem(400, another);
	receive_json(HTTP_PUT, "/notes/5", "{\"id\":null}");
	expect_problem(400, another);
	receive_json(HTTP_PUT, "/notes/5", "{\"id\":\"5\"}");
	expect_problem(400, "parameter \"id\" must be an integer from -2147483648 to 2147483647, got \"5\"");
	receive_json(HTTP_PUT, "/notes/5", "{\"id\":5}");
	x.request.query = TEXT("id=5");
	expect_problem(400, "parameter \"id\" is given in the path and in the query string");
}

static void wrong_element_of_an_array_is_named(void **state)
{
	(void)state;
	set_type("search", "tags", (struct db_type){DB_TYPE_INT4, true, ',', "integer[]", NULL, NULL, NULL});
	receive(HTTP_GET, "/search", "name=x&tags=1&tags=two&tags=3");
	expect_problem(400, "parameter \"tags\" must be an integer from -2147483648 to 2147483647, got \"two\"");
	receive(HTTP_GET, "/search", "name=x&tags=1&tags=");
	expect_problem(400, "parameter \"tags\" is empty in the query string; it must be an integer from -2147483648 "
			    "to 2147483647");
}

static void bad_escape_is_named(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "name=x&least=%4");
	expect_problem(400, "the query string has a bad percent-escape in \"least=%4\"");
	receive(HTTP_GET, "/search", "n%zzame=x");
	expect_problem(400, "the query string has a bad percent-escape in \"n%zzame=x\"");
	receive(HTTP_GET, "/search", "name=%00");
	expect_problem(400, "the query string has a NUL byte in \"name=%00\"");
	receive(HTTP_GET, "/search", "name=\xff");
	expect_problem(400, "the query string has invalid UTF-8 in \"name=?\"");
	receive(HTTP_GET, "/search", "name=\x80\x7e");
	expect_problem(400, "the query string has invalid UTF-8 in \"name=?~\"");
}

static void query_string_holds_as_many_values_as_it_can(void **state)
{
	enum { VALUES = 20000 };
	static char query[VALUES * 7 + 16], expected[VALUES * 4 + 2];
	char *at = query + sprintf(query, "name=x"), *out = expected;

	(void)state;
	for (unsigned i = 0; i < VALUES; i++) {
		at += sprintf(at, "&tags=%c", 'a' + i % 26);
		out += sprintf(out, "%c\"%c\"", i > 0 ? ',' : '{', 'a' + i % 26);
	}
	strcpy(out, "}");
	receive(HTTP_GET, "/search", query);
	expect_query("search");
	expect_bound("name", "x");
	expect_bound("tags", expected);
}

static void body_of_a_get_is_refused(void **state)
{
	(void)state;
	receive_json(HTTP_GET, "/countries/DE", "{}");
	expect_problem(400, "a GET request takes no body; parameters go in the query string");
	receive_json(HTTP_HEAD, "/countries/DE", "{}");
	expect_problem(400, "a HEAD request takes no body; parameters go in the query string");
}

static void other_media_types_are_refused(void **state)
{
	(void)state;
	receive_json(HTTP_POST, "/notes", "a=b");
	x.request.content_type = TEXT("application/x-www-form-urlencoded");
	expect_problem(415, "the body must be application/json, not \"application/x-www-form-urlencoded\"");
	receive_json(HTTP_POST, "/notes", "{}");
	x.request.content_type = TEXT("application/+json");
	expect_problem(415, "the body must be application/json, not \"application/+json\"");
	receive_json(HTTP_POST, "/notes", "{}");
	x.request.content_type = TEXT("application/jsonx");
	expect_problem(415, "the body must be application/json, not \"application/jsonx\"");
	receive_json(HTTP_POST, "/notes", "{}");
	x.request.content_type = TEXT("application/jsom");
	expect_problem(415, "the body must be application/json, not \"application/jsom\"");
	receive_json(HTTP_POST, "/notes", "{}");
	x.request.content_type = TEXT("application/j+jsom");
	expect_problem(415, "the body must be application/json, not \"application/j+jsom\"");
	receive_json(HTTP_POST, "/notes", "{}");
	x.request.content_type = TEXT("text/geometry+json");
	expect_problem(415, "the body must be application/json, not \"text/geometry+json\"");
	receive_json(HTTP_POST, "/notes", "{}");
	x.request.content_type = TEXT(" ;application/json");
	expect_problem(415, "the body must be application/json, not \" ;application/json\"");
	receive_json(HTTP_POST, "/notes", "{}");
	x.request.content_type = (struct text){NULL, 0};
	expect_problem(415, "the body must be application/json, but came without a Content-Type");
}

static void body_that_is_no_json_is_refused(void **state)
{
	(void)state;
	receive_json(HTTP_POST, "/notes", "{\"a\":1,\"a\":2}");
	expect_problem(400, "the JSON body is refused: line 1, column 8: duplicate name \"a\"");
	receive_json(HTTP_POST, "/notes", "{\"body\":[[[[]]]]}");
	expect_problem(400,
		       "the JSON body is refused: line 1, column 12, in field \"body\": nested deeper than 4 levels");
}

static void unknown_field_is_named(void **state)
{
	(void)state;
	receive_json(HTTP_POST, "/notes", "{\"country\":\"DE\",\"text\":\"x\"}");
	expect_problem(400,
		       "unknown field \"text\" in the JSON body; this endpoint takes country, body, priority in it");
	receive_json(HTTP_PUT, "/notes/5", "{\"b\\u0001\":1}");
	expect_problem(400, "unknown field \"b\x01\" in the JSON body; this endpoint takes body in it");
	receive_json(HTTP_DELETE, "/notes", "{\"x\":1}");
	expect_problem(400, "unknown field \"x\" in the JSON body; this endpoint takes none in it");
}

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

/* Streams */

static void expect_stream(void)
{
	assert_int_equal(run_step(), STEP_AWAIT);
	assert_ptr_equal(x.awaited.class, &rows_class);
	assert_string_equal(x.batch.queries[0].statement->name, "watch");
}

static void expect_part(const char *part)
{
	assert_int_equal(run_step(), STEP_STREAM);
	assert_int_equal(x.response.status, 200);
	assert_int_equal(x.response.body.length, strlen(part));
	assert_memory_equal(x.response.body.at, part, strlen(part));
}

/* The client has taken the part: the step asks for the next one, which arrives in the same query here. */
static void expect_next_part_awaited(void)
{
	assert_int_equal(run_step(), STEP_AWAIT);
	assert_ptr_equal(x.awaited.class, &rows_class);
}

static void stream_is_one_array_in_parts(void **state)
{
	(void)state;
	receive(HTTP_GET, "/watch", "");
	expect_stream();
	arrive(FAKE_RESULT(1, {"1"}, {"2"}));
	expect_part("[{\"id\":1},\n{\"id\":2}");
	assert_string_equal(x.response.content_type, "application/json");
	expect_next_part_awaited();
	arrive(FAKE_RESULT(1, {"3"}));
	expect_part(",\n{\"id\":3}");
	expect_next_part_awaited();
	arrive(FAKE_EMPTY(1));
	expect_body(200, "]");
	assert_true(x.response.is_streamed);
}

static void stream_of_one_part_has_a_length(void **state)
{
	(void)state;
	receive(HTTP_GET, "/watch", "");
	expect_stream();
	arrive(FAKE_RESULT(1, {"1"}, {"2"}));
	x.batch.is_last_part = true;
	expect_body(200, "[{\"id\":1},\n{\"id\":2}]");
	assert_false(x.response.is_streamed);
}

static void stream_without_rows_is_an_empty_array(void **state)
{
	(void)state;
	receive(HTTP_GET, "/watch", "");
	expect_stream();
	arrive(FAKE_EMPTY(1));
	expect_body(200, "[]");
}

static void stream_is_ndjson_where_it_is_accepted(void **state)
{
	(void)state;
	receive(HTTP_GET, "/watch", "");
	x.request.accept = TEXT("text/html, Application/X-NDJSON;q=0.9");
	expect_stream();
	arrive(FAKE_RESULT(1, {"1"}, {"2"}));
	expect_part("{\"id\":1}\n{\"id\":2}\n");
	assert_string_equal(x.response.content_type, "application/x-ndjson");
	expect_next_part_awaited();
	arrive(FAKE_EMPTY(1));
	expect_body(200, "");
}

static void stream_is_json_where_that_is_wanted_more(void **state)
{
	static const char *const accepts[] = {"application/x-ndjson;q=0, */*",
					      "application/json, application/x-ndjson;q=0.1", "*/*",
					      "application/*;q=0.5"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(accepts); i++) {
		receive(HTTP_GET, "/watch", "");
		x.request.accept = text_of(accepts[i]);
		expect_stream();
		assert_int_equal(x.media, MEDIA_JSON);
	}
}

static void stream_is_csv_with_one_header(void **state)
{
	(void)state;
	receive(HTTP_GET, "/watch", "");
	x.request.accept = TEXT("text/csv");
	expect_stream();
	arrive(FAKE_RESULT(1, {"1"}, {"2"}));
	expect_part("id\r\n1\r\n2\r\n");
	assert_string_equal(x.response.content_type, "text/csv; charset=utf-8; header=present");
	expect_next_part_awaited();
	arrive(FAKE_RESULT(1, {"3"}));
	expect_part("3\r\n");
	expect_next_part_awaited();
	arrive(FAKE_EMPTY(1));
	expect_body(200, "");
}

static void stream_without_rows_is_a_header(void **state)
{
	(void)state;
	receive(HTTP_GET, "/watch", "");
	x.request.accept = TEXT("text/csv");
	expect_stream();
	arrive(FAKE_EMPTY(1));
	expect_body(200, "id\r\n");
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

/* Absent, null and given are three things */

static void what_was_given_is_known(void **state)
{
	static const char *const cases[][3] = {
	    {"{}", NULL, "false"}, {"{\"body\":null}", NULL, "true"}, {"{\"body\":\"x\"}", "x", "true"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		receive_json(HTTP_PATCH, "/patched/1", cases[i][0]);
		assert_false(x.request.match.route->reads_head);
		expect_query("patch");
		expect_bound("body", cases[i][1]);
		expect_bound("body?", cases[i][2]);
	}
	receive_json(HTTP_PATCH, "/patched/1", "{\"body?\":true}");
	expect_problem(400, "parameter \"body?\" is not the client's to give; this endpoint takes body");
}

/* The body is one parameter */

static void receive_body(enum http_method method, const char *path, const char *query, const char *type,
			 const char *body)
{
	receive(method, path, query);
	x.request.content_type = text_of(type);
	x.request.body = text_of(body);
	x.request.has_body = *body != '\0';
}

static void rows_are_one_array(void **state)
{
	(void)state;
	receive_body(HTTP_POST, "/import", "", "application/json", " [1, {}]");
	expect_query("import");
	expect_bound("body", " [1, {}]");
	expect_bound("mode", "add");
	receive_body(HTTP_POST, "/import", "mode=other", "text/csv", "a,b\n1,\n");
	expect_query("import");
	expect_bound("body", "[{\"a\":\"1\"}]");
	expect_bound("mode", "other");
	receive_body(HTTP_POST, "/import", "", "application/x-ndjson", "{\"a\":1}\n{}\n");
	expect_query("import");
	expect_bound("body", "[{\"a\":1},{}]");
	receive_body(HTTP_POST, "/import", "", "text/csv", "a,b\n1\n");
	expect_problem(400, "the CSV body is refused: line 2 has 1 field, and the header has 2");
	receive_body(HTTP_POST, "/import", "", "application/json", "{}");
	expect_problem(400, "the JSON body is refused: a JSON array was expected");
	receive_body(HTTP_POST, "/import", "", "text/plain", "[]");
	expect_problem(415, "the body must be application/json, application/x-ndjson or text/csv, not \"text/plain\"");
	receive_body(HTTP_POST, "/import", "body=[]", "", "");
	expect_problem(400, "unknown parameter \"body\"; this endpoint takes mode in the query string");
	receive_body(HTTP_POST, "/import", "", "", "");
	expect_problem(400, "the body is missing; it must be application/json, application/x-ndjson or text/csv");
}

static void raw_bytes_are_kept(void **state)
{
	(void)state;
	receive_body(HTTP_PUT, "/store", "", "", "a\xff");
	expect_query("store");
	expect_bound("body", "\\x61ff");
	receive_body(HTTP_PUT, "/store", "", "", "");
	expect_query("store");
	expect_bound("body", "\\x");
}

/* What of a row is no part of the body */

/* The row is read by the step after this. */
static void picture_arrives(const char *kind, const char *size, const char *status, const char *bytes)
{
	static const char *values[4];
	static struct db_result row;

	memcpy(values, (const char *[]){kind, size, status, bytes}, sizeof(values));
	row = (struct db_result){.values = values, .row_count = 1, .column_count = 4};
	receive(HTTP_GET, "/picture", "");
	response_add_header(&x, "ratelimit", TEXT("1"));
	expect_query("picture");
	arrive(&row);
}

static void expect_header(unsigned index, const char *name, const char *value)
{
	assert_true(index < x.response.header_count);
	assert_string_equal(x.response.headers[index].name, name);
	assert_true(text_equal(x.response.headers[index].value, text_of(value)));
}

static void a_column_is_sent_as_it_is(void **state)
{
	(void)state;
	picture_arrives("image/png", "2", NULL, "\\x4142");
	expect_body(200, "AB");
	assert_string_equal(x.response.content_type, "image/png");
	expect_header(1, "x-size", "2");
	picture_arrives(" a/b ", NULL, "202", "\\x");
	expect_body(202, "");
	assert_string_equal(x.response.content_type, "a/b");
	assert_int_equal(x.response.header_count, 1);
	picture_arrives("a/b", "7", "205", "\\x41");
	expect_body(205, "");
	assert_null(x.response.content_type);
	receive(HTTP_GET, "/page", "");
	x.request.accept = TEXT("text/*");
	expect_query("page");
	arrive(FAKE_RESULT(1, {"<p>"}));
	expect_body(200, "<p>");
	assert_string_equal(x.response.content_type, "text/html; charset=utf-8");
}

static void a_column_that_is_null_is_nothing(void **state)
{
	(void)state;
	picture_arrives("image/png", "2", NULL, NULL);
	expect_problem(404, "nothing found");
	assert_int_equal(x.response.header_count, 1);
	receive(HTTP_GET, "/page", "");
	x.request.accept = TEXT("application/json");
	expect_problem(406, "the Accept header does not take what there is: text/html; charset=utf-8");
}

static void what_cannot_be_sent_is_not(void **state)
{
	static const char *const pictures[][3] = {{NULL, "1", NULL},    {"png", "1", NULL},  {"a/b\r\nx: y", "1", NULL},
						  {"a/b", "1\n", NULL}, {"a/b", "1", "304"}, {"a/b", "1", "99"},
						  {"a/b", "1", "400"},  {"a/b", "1", "2000"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(pictures); i++) {
		picture_arrives(pictures[i][0], pictures[i][1], pictures[i][2], "\\x41");
		expect_problem(500, "a header, the status or the media type cannot be sent");
		assert_int_equal(x.response.header_count, 1);
	}
	receive_json(HTTP_POST, "/placed", "{}");
	expect_query("placed");
	arrive(FAKE_RESULT(2, {"a\x7f", "1"}));
	expect_problem(500, "it was written, but a header, the status or the media type cannot be sent");
}

static void the_rest_of_a_row_is_the_body(void **state)
{
	(void)state;
	receive_json(HTTP_POST, "/placed", "{}");
	expect_query("placed");
	arrive(FAKE_RESULT(2, {"/places/1", NULL}));
	expect_body(201, "{\"area\":null}");
	expect_header(0, "location", "/places/1");
	receive_json(HTTP_POST, "/placed", "{}");
	x.request.accept = TEXT("text/csv");
	expect_query("placed");
	arrive(FAKE_RESULT(2, {NULL, "5"}));
	expect_body(201, "area\r\n5\r\n");
	assert_int_equal(x.response.header_count, 0);
}

static void nothing_runs_for_a_client_that_takes_nothing(void **state)
{
	(void)state;
	receive_json(HTTP_POST, "/notes", "{\"country\":\"DE\",\"body\":\"x\"}");
	x.request.accept = TEXT("text/html");
	expect_problem(406, "the Accept header takes none of what there is: application/json, application/x-ndjson, "
			    "text/csv");
	receive(HTTP_DELETE, "/notes", "");
	x.request.accept = TEXT("text/html");
	expect_query("clear");
}

static void stream_that_fails_at_once_is_a_problem(void **state)
{
	(void)state;
	receive(HTTP_GET, "/watch", "");
	expect_stream();
	db_batch_fail(&x.batch, ERROR_DATABASE_UNAVAILABLE, "no connection");
	expect_problem(503, "no connection");
}

static void stream_that_fails_later_breaks_off(void **state)
{
	(void)state;
	receive(HTTP_GET, "/watch", "");
	expect_stream();
	arrive(FAKE_RESULT(1, {"1"}));
	expect_part("[{\"id\":1}");
	expect_next_part_awaited();
	db_batch_fail(&x.batch, ERROR_DATABASE_ERROR, "division by zero");
	assert_int_equal(run_step(), STEP_RESPOND);
	assert_true(x.response.is_broken_off);
	assert_int_equal(x.response.body.length, 0);
}

static void stream_of_a_changed_table_is_named(void **state)
{
	(void)state;
	receive(HTTP_GET, "/watch", "");
	expect_stream();
	arrive(FAKE_RESULT(2, {"1", "2"}));
	expect_problem(503, "the columns of watch have just changed; try again");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* A later one that is right takes no mistake back. */
static void a_mistake_before_what_is_right_is_named(void **state)
{
	static const struct db_type integers = {DB_TYPE_INT4, true, ',', "integer[]", NULL, NULL, NULL};

	(void)state;
	set_type("search", "name", integers);
	set_type("search", "tags", integers);
	receive(HTTP_GET, "/search", "name=x&tags=1");
	expect_problem(400, "parameter \"name\" must be an integer from -2147483648 to 2147483647, got \"x\"");
	receive_json(HTTP_POST, "/notes", "{\"nothing\":1,\"country\":\"DE\",\"body\":\"x\"}");
	expect_problem(400,
		       "unknown field \"nothing\" in the JSON body; this endpoint takes country, body, priority in it");
}

static void an_array_of_one_is_an_array(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "name=x&tags=one");
	expect_query("search");
	expect_bound("tags", "{\"one\"}");
}

static void a_name_of_one_letter_is_a_name(void **state)
{
	(void)state;
	receive(HTTP_GET, "/search", "a");
	expect_problem(400,
		       "unknown parameter \"a\"; this endpoint takes name, around, least, tags in the query string");
	receive(HTTP_GET, "/search", "name=x&a");
	expect_problem(400,
		       "unknown parameter \"a\"; this endpoint takes name, around, least, tags in the query string");
}

#define ELEVEN(n) n "," n "," n "," n "," n "," n "," n "," n "," n "," n "," n

/* The first counts as well as the others. */
static void a_number_that_stands_for_too_many_digits_is_named(void **state)
{
	static const struct db_type numeric = {DB_TYPE_NUMERIC, true, ',', "numeric[]", NULL, NULL, NULL};
	static const char *const parameters[] = {"country", "body", "priority"};
	char body[300];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		set_type("add", parameters[i], numeric);
		for (unsigned j = 0; j < 3; j++)
			if (j != i)
				set_type("add", parameters[j],
					 (struct db_type){DB_TYPE_OTHER, false, ',', "text", NULL, NULL, NULL});
		snprintf(body, sizeof(body), "{\"%s\":[" ELEVEN("1e100000") "],\"%s\":\"a\",\"%s\":\"b\"}",
			 parameters[i], parameters[(i + 1) % 3], parameters[(i + 2) % 3]);
		receive_json(HTTP_POST, "/notes", body);
		expect_problem(400,
			       arena_printf(&x.arena,
					    "parameter \"%s\" is too large in the JSON body: PostgreSQL writes its "
					    "exponents out, as 1000 for 1e3; a request may stand for at most 1048576 "
					    "digits",
					    parameters[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_mistake_before_what_is_right_is_named),
	    TEST(an_array_of_one_is_an_array),
	    TEST(a_name_of_one_letter_is_a_name),
	    TEST(a_number_that_stands_for_too_many_digits_is_named),

	    TEST(path_value_is_bound_decoded),
	    TEST(head_is_served_as_get),
	    TEST(query_string_is_bound_and_defaults_fill_the_rest),
	    TEST(names_of_the_query_string_are_decoded_too),
	    TEST(empty_text_is_a_value),
	    TEST(empty_pieces_of_the_query_string_are_passed_over),
	    TEST(the_first_parameter_may_be_an_array),
	    TEST(repeated_array_parameter_is_an_array),
	    TEST(body_fields_are_bound),
	    TEST(query_string_and_body_may_share_the_work),
	    TEST(body_may_be_left_out_where_nothing_is_required),
	    TEST(json_media_types_are_taken),
	    TEST(deadline_is_the_requests),
	    TEST(unknown_parameter_is_named),
	    TEST(missing_parameter_is_named),
	    TEST(wrong_type_is_named),
	    TEST(long_input_is_cut_between_characters),
	    TEST(empty_value_of_a_number_is_named),
	    TEST(the_first_mistake_is_named),
	    TEST(repeated_scalar_is_named),
	    TEST(parameter_in_two_places_is_named),
	    TEST(row_is_taken_back_at_its_own_path),
	    TEST(wrong_element_of_an_array_is_named),
	    TEST(bad_escape_is_named),
	    TEST(query_string_holds_as_many_values_as_it_can),
	    TEST(body_of_a_get_is_refused),
	    TEST(other_media_types_are_refused),
	    TEST(body_that_is_no_json_is_refused),
	    TEST(unknown_field_is_named),
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
	    TEST(stream_is_one_array_in_parts),
	    TEST(stream_of_one_part_has_a_length),
	    TEST(stream_without_rows_is_an_empty_array),
	    TEST(stream_is_ndjson_where_it_is_accepted),
	    TEST(stream_is_csv_with_one_header),
	    TEST(stream_without_rows_is_a_header),
	    TEST(rows_are_written_as_the_client_takes_them),
	    TEST(nothing_runs_for_a_client_that_takes_nothing),
	    TEST(what_was_given_is_known),
	    TEST(rows_are_one_array),
	    TEST(raw_bytes_are_kept),
	    TEST(a_column_is_sent_as_it_is),
	    TEST(a_column_that_is_null_is_nothing),
	    TEST(what_cannot_be_sent_is_not),
	    TEST(the_rest_of_a_row_is_the_body),
	    TEST(stream_is_json_where_that_is_wanted_more),
	    TEST(stream_that_fails_at_once_is_a_problem),
	    TEST(stream_that_fails_later_breaks_off),
	    TEST(stream_of_a_changed_table_is_named),
	    TEST(route_carries_name_and_timeout),
	    TEST(body_is_taken_by_the_methods_that_change),
	    TEST(path_that_is_too_long_is_named),
	    TEST(limits_are_those_of_the_page),
	    TEST(second_endpoint_on_a_route_is_named),
	    TEST(route_of_the_program_itself_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
