/* endpoint_fixture.h - a request, and the steps of the SQL endpoint that it meets; the test says what PostgreSQL answers. */
#pragma once

#include "handlers/sql/endpoint.h"

#include "exchange/exchange.h"
#include "lib/fake_result.h"
#include "server/edition/edition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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

static inline struct endpoint *endpoint_named(const char *name)
{
	for (unsigned i = 0; i < edition.endpoints.count; i++)
		if (strcmp(edition.endpoints.endpoints[i].name, name) == 0)
			return &edition.endpoints.endpoints[i];
	fail_msg("no endpoint %s", name);
	return NULL;
}

static inline void set_type(const char *endpoint, const char *parameter, struct db_type type)
{
	struct db_statement *statement = &endpoint_named(endpoint)->statement;
	unsigned index = 0;

	while (strcmp(statement->parameters[index].name, parameter) != 0)
		assert_true(++index < statement->parameter_count);
	statement->parameters[index].type = type;
}

static inline void set_columns(const char *endpoint, struct db_column *columns, unsigned count)
{
	endpoint_named(endpoint)->statement.signature.columns = columns;
	endpoint_named(endpoint)->statement.signature.column_count = count;
}

static inline void describe_all(void)
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

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
{
	(void)state;
	exchange_recycle(&x);
	router_cleanup(&edition.router);
	endpoint_set_cleanup(&edition.endpoints);
	return 0;
}

/* What the border does before the first step; the test may change the request between. */
static inline void receive(enum http_method method, const char *path, const char *query)
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

static inline void receive_json(enum http_method method, const char *path, const char *body)
{
	receive(method, path, "");
	x.request.content_type = TEXT("application/json");
	x.request.body = text_of(body);
	x.request.has_body = true;
}

/* Runs the next step; the rows that it read end with the block that made them. */
static inline enum step run_step(void)
{
	enum step step = x.next(&x);

	for (unsigned i = 0; i < x.batch.query_count; i++)
		x.batch.queries[i].result = NULL;
	return step;
}

static inline void expect_query(const char *name)
{
	assert_int_equal(run_step(), STEP_AWAIT);
	assert_ptr_equal(x.awaited.class, &batch_class);
	assert_int_equal(x.batch.query_count, 1);
	assert_string_equal(x.batch.queries[0].statement->name, name);
}

static inline void expect_bound(const char *parameter, const char *value)
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

static inline void expect_problem(unsigned status, const char *detail)
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
static inline void arrive(struct db_result *rows)
{
	x.batch.queries[x.batch.query_count - 1].result = rows;
}

static inline void expect_body(unsigned status, const char *body)
{
	assert_int_equal(run_step(), STEP_RESPOND);
	assert_int_equal(x.response.status, status);
	assert_int_equal(x.response.body.length, strlen(body));
	assert_memory_equal(x.response.body.at, body, strlen(body));
}
