#include "unit/handlers/sql/file_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static void everything_about_an_endpoint_is_read(void **state)
{
	const struct endpoint *endpoint = only("\n-- Notes of the clients.\n"
					       "-- name: add_note2 :one\n"
					       "-- route: POST /countries/{country}/notes\n"
					       "-- summary:  Adds a note.  \n"
					       "-- status: 201\n"
					       "-- timeout: 500ms\n"
					       "-- isolated\n"
					       "-- param: body = 'it''s'  the text\n"
					       "-- note that this is a comment\n"
					       "\n"
					       "INSERT INTO note (country, body)\n"
					       "VALUES (:country, :body) RETURNING id;\n");
	const struct db_statement *statement = &endpoint->statement;

	(void)state;
	assert_string_equal(endpoint->file, "notes.sql");
	assert_int_equal(endpoint->line, 3);
	assert_int_equal(endpoint->route_line, 4);
	assert_int_equal(endpoint->sql_line, 12);
	assert_string_equal(endpoint->name, "add_note2");
	assert_int_equal(endpoint->shape, ENDPOINT_ONE);
	assert_int_equal(endpoint->method, HTTP_POST);
	assert_string_equal(endpoint->path, "/countries/{country}/notes");
	assert_string_equal(endpoint->summary, "Adds a note.");
	assert_int_equal(endpoint->status, 201);
	assert_int_equal(endpoint->timeout_ms, 500);
	assert_true(endpoint->is_isolated);
	assert_false(endpoint->is_stream);
	assert_string_equal(statement->name, "add_note2");
	assert_string_equal(statement->sql, "INSERT INTO note (country, body)\nVALUES ($1, $2) RETURNING id");
	assert_int_equal(statement->index, 0);
	assert_int_equal(statement->timeout_ms, 500);
	assert_true(statement->is_isolated);
	assert_false(statement->is_read_only);
	assert_int_equal(statement->row_limit, 0);
	assert_int_equal(statement->parameter_count, 2);
	expect_parameter(endpoint, 0, "country", 13);
	assert_false(statement->parameters[0].has_default);
	assert_string_equal(statement->parameters[0].description, "");
	expect_parameter(endpoint, 1, "body", 9);
	assert_true(statement->parameters[1].has_default);
	assert_string_equal(statement->parameters[1].default_text, "it's");
	assert_string_equal(statement->parameters[1].description, "the text");
}

static void defaults_follow_from_shape_and_method(void **state)
{
	static const struct {
		const char *source;
		unsigned status, max_rows, row_limit;
		bool is_read_only;
	} cases[] = {
	    {"-- name: a :one\n-- route: GET /a\nSELECT 1", 200, 0, 0, true},
	    {"-- name: a :many\n-- route: GET /a\nSELECT 1", 200, 1000, 1000, true},
	    {"-- name: a :many\n-- route: GET /a\n-- max-rows: 5\nSELECT 1", 200, 5, 5, true},
	    {"-- name: a :many\n-- route: GET /a\n-- stream\nSELECT 1", 200, 0, 0, true},
	    {"-- name: a :exec\n-- route: GET /a\nSELECT 1", 204, 0, 0, true},
	    {"-- name: a :one\n-- route: POST /a\nSELECT 1", 200, 0, 0, false},
	    {"-- name: a :many\n-- route: PUT /a\nSELECT 1", 200, 1000, 0, false},
	    {"-- name: a :many\n-- route: PATCH /a\n-- max-rows: 7\nSELECT 1", 200, 7, 0, false},
	    {"-- name: a :exec\n-- route: DELETE /a\nSELECT 1", 204, 0, 0, false},
	    {"-- name: a :exec\n-- route: DELETE /a\n-- status: 202\nSELECT 1", 202, 0, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct endpoint *endpoint = only(cases[i].source);

		assert_int_equal(endpoint->status, cases[i].status);
		assert_int_equal(endpoint->max_rows, cases[i].max_rows);
		assert_int_equal(endpoint->statement.row_limit, cases[i].row_limit);
		assert_int_equal(endpoint->statement.is_read_only, cases[i].is_read_only);
		assert_int_equal(endpoint->timeout_ms, 0);
		assert_int_equal(endpoint->statement.timeout_ms, 0);
		assert_false(endpoint->is_isolated);
		assert_string_equal(endpoint->summary, "");
	}
}

static void many_endpoints_in_a_file(void **state)
{
	(void)state;
	assert_int_equal(parse("-- name: a :one\n-- route: GET /a\nSELECT 1;\n\n"
			       "-- between them, a comment\n/* and\nanother */ ;\n"
			       "-- name: b :many\n-- route: GET /b\nSELECT :x\n-- at the end: none\n"
			       "-- name: c :exec\n-- route: PUT /c\nSELECT :y -- name: d :one\n"),
			 0);
	assert_int_equal(set.count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(set.endpoints[i].statement.index, i);
	assert_string_equal(set.endpoints[1].name, "b");
	assert_int_equal(set.endpoints[1].line, 8);
	assert_string_equal(set.endpoints[1].statement.sql, "SELECT $1");
	assert_string_equal(set.endpoints[2].name, "c");
	assert_int_equal(set.endpoints[2].line, 12);
	assert_int_equal(set.endpoints[2].sql_line, 14);
	assert_string_equal(set.endpoints[2].statement.parameters[0].name, "y");
}

static void a_set_grows_over_files_and_keeps_what_it_has(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		char source[100], file[20];

		snprintf(source, sizeof(source), "-- name: a%u :one\n-- route: GET /a%u\nSELECT :p%u", i, i, i);
		snprintf(file, sizeof(file), "file%u.sql", i);
		assert_int_equal(sql_file_parse(&set, file, text_of(source)), 0);
		/* Everything has been copied. */
		memset(source, 'x', sizeof(source));
		memset(file, 'x', sizeof(file));
	}
	assert_int_equal(set.count, 100);
	for (unsigned i = 0; i < 100; i++) {
		char expected[20];

		snprintf(expected, sizeof(expected), "a%u", i);
		assert_string_equal(set.endpoints[i].name, expected);
		assert_string_equal(set.endpoints[i].statement.name, expected);
		snprintf(expected, sizeof(expected), "/a%u", i);
		assert_string_equal(set.endpoints[i].path, expected);
		snprintf(expected, sizeof(expected), "file%u.sql", i);
		assert_string_equal(set.endpoints[i].file, expected);
		snprintf(expected, sizeof(expected), "p%u", i);
		assert_string_equal(set.endpoints[i].statement.parameters[0].name, expected);
		assert_int_equal(set.endpoints[i].statement.index, i);
	}
}

static void the_set_is_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= ENDPOINTS_MAX; i++) {
		char source[100];

		snprintf(source, sizeof(source), "\n-- name: a%u :one\n-- route: GET /a\nSELECT 1", i);
		assert_int_equal(parse(source), i == ENDPOINTS_MAX);
	}
	assert_int_equal(set.count, ENDPOINTS_MAX);
	expect_diagnostic(0, 2, "the most is 4096");
}

static void name_lines(void **state)
{
	char source[200];

	(void)state;
	wrong("\n-- name: a\n-- route: GET /a\nSELECT 1", 2, "NAME :one");
	wrong("-- name: a :two\n-- route: GET /a\nSELECT 1", 1, "\"a :two\"");
	wrong("-- name: a :one x\n-- route: GET /a\nSELECT 1", 1, "NAME :one");
	wrong("-- name: :one\n-- route: GET /a\nSELECT 1", 1, "NAME :one");
	wrong("-- name:\n-- route: GET /a\nSELECT 1", 1, "it is \"\"");
	wrong("-- name: 1a :one\n-- route: GET /a\nSELECT 1", 1, "lower-case letter");
	wrong("-- name: _a :one\n-- route: GET /a\nSELECT 1", 1, "lower-case letter");
	wrong("-- name: aB :one\n-- route: GET /a\nSELECT 1", 1, "lower-case letter");
	wrong("-- name: a-b :one\n-- route: GET /a\nSELECT 1", 1, "lower-case letter");
	wrong("-- name: \xc3\xa4 :one\n-- route: GET /a\nSELECT 1", 1, "lower-case letter");
	snprintf(source, sizeof(source), "-- name: %063d :one\n-- route: GET /a\nSELECT 1", 0);
	source[9] = 'a';
	assert_int_equal(strlen(only(source)->name), 63);
	snprintf(source, sizeof(source), "-- name: %064d :one\n-- route: GET /a\nSELECT 1", 0);
	source[9] = 'a';
	wrong(source, 1, "63 bytes");
	assert_string_equal(only("--name:a  :exec\n-- route: PUT /a\nSELECT 1")->name, "a");
	/* Shape and name are not known: nothing that depends on them is complained of. */
	wrong("-- name: A :one\n-- route: POST /a\n-- max-rows: 5\n-- stream\nSELECT 1", 1, "NAME :one");
}

static void routes(void **state)
{
	(void)state;
	assert_string_equal(only("-- name: a :one\n-- route:  GET   /  \nSELECT 1")->path, "/");
	assert_string_equal(only("-- name: a :one\n-- route: GET /a-b/\xc3\xa4/{c_1}/d.e\nSELECT :c_1")->path,
			    "/a-b/\xc3\xa4/{c_1}/d.e");
	wrong("\n-- name: a :one\nSELECT 1", 2, "no route");
	wrong("-- name: a :one\n-- route:\nSELECT 1", 2, "METHOD /PATH");
	wrong("-- name: a :one\n-- route: GET\nSELECT 1", 2, "METHOD /PATH");
	wrong("-- name: a :one\n-- route: /a\nSELECT 1", 2, "METHOD /PATH");
	wrong("-- name: a :one\n-- route: get /a\nSELECT 1", 2, "METHOD /PATH");
	wrong("-- name: a :one\n-- route: HEAD /a\nSELECT 1", 2, "GET, POST, PUT, PATCH or DELETE");
	wrong("-- name: a :one\n-- route: OPTIONS /a\nSELECT 1", 2, "GET, POST, PUT, PATCH or DELETE");
	wrong("-- name: a :one\n-- route: TRACE /a\nSELECT 1", 2, "GET, POST, PUT, PATCH or DELETE");
	wrong("-- name: a :one\n-- route: GET /a b\nSELECT 1", 2, "METHOD /PATH");
	wrong("-- name: a :one\n-- route: GET /a\n-- status: 201\n-- route: GET /b\nSELECT 1", 4,
	      "the first is on line 2");
	/* The first was wrong: it is complained of, not a missing one. */
	wrong("-- name: a :one\n-- route: GIT /a\nSELECT 1", 2, "METHOD /PATH");
}

static void paths(void **state)
{
	static const char *const malformed[] = {"a",     "//",    "/a/",    "/a//b", "/./a",   "/a/..",
						"/a#b",  "/a%20", "/a\"",   "/a\\b", "/a\x01", "/a\x7f",
						"/a\tb", "/a?",   "/a/?/b", "/{a b}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
		char source[200];
		const char *fragment = strchr(malformed[i], ' ') != NULL ? "METHOD /PATH" : "the path \"";

		snprintf(source, sizeof(source), "-- name: a :one\n-- route: GET %s\nSELECT 1", malformed[i]);
		wrong(source, 2, fragment);
	}
}

/* As other routers write them. */
static void parameters_of_other_routers_are_no_literals(void **state)
{
	static const char *const slips[][2] = {
	    {":id", "{id}"},      {":id?", "{id}"},       {":id.json", "{id}"},  {"<id>", "{id}"},
	    {"<int:id>", "{id}"}, {"<str:a:b>", "{b}"},   {"[id]", "{id}"},      {"[...slug]", "{slug}"},
	    {"*", "{name}"},      {"**", "{name}"},       {"*path", "{path}"},   {"path*", "{path}"},
	    {"...", "{name}"},    {"path...", "{path}"},  {"{id:int}", "{id}"},  {"{id?}", "{id}"},
	    {"{id...}", "{id}"},  {"{*path}", "{path}"},  {"{id}.json", "{id}"}, {"v{id}", "{id}"},
	    {"{id", "{id}"},      {"id}", "{id}"},        {"{}", "{name}"},      {"{", "{name}"},
	    {"{1a}", "{a}"},      {"{a-b}", "{a}"},       {"{a}{b}", "{a}"},     {"<", "{name}"},
	    {"a{b}c", "{b}"},     {"{id:[0-9]}", "{id}"}, {"{{id}}", "{id}"},    {":", "{name}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(slips); i++)
		for (unsigned is_last = 0; is_last < 2; is_last++) {
			char source[200], fragment[100];

			snprintf(source, sizeof(source), "-- name: a :one\n-- route: GET /a/%s%s\nSELECT :id",
				 slips[i][0], is_last ? "" : "/b");
			snprintf(fragment, sizeof(fragment), "the path segment \"%s\" is no parameter; write %s,",
				 slips[i][0], slips[i][1]);
			wrong(source, 2, fragment);
		}
	/* a dollar begins many a good literal; not where the SQL waits for a value of that name */
	wrong("-- name: a :one\n-- route: GET /a/$id\nSELECT :id", 2, "\"$id\" is no parameter; write {id},");
	only("-- name: a :one\n-- route: GET /$metadata/$id/$\nSELECT :metadata2");
	only("-- name: a :one\n-- route: GET /items:archive/a.b..c/a*b/x$id/a:id/(a)/@me/~a\nSELECT :id");
}

static void a_query_string_is_no_part_of_the_path(void **state)
{
	(void)state;
	wrong("-- name: a :one\n-- route: GET /a?q={q}\nSELECT :q", 2, "\"/a?q={q}\" must end before its ?");
	wrong("-- name: a :one\n-- route: GET /a?q\nSELECT :q", 2, "must end before its ?");
	wrong("-- name: a :one\n-- route: GET /{id}/a?q=:q&r=:r\nSELECT :q", 2, "must end before its ?");
}

static void path_parameters(void **state)
{
	(void)state;
	wrong("-- name: a :one\n-- route: GET /a/{id}\nSELECT 1", 2, "does not use the path parameter {id}");
	wrong("-- name: a :one\n-- route: GET /{id}/{id}\nSELECT :id", 2, "holds {id} twice");
	wrong("-- name: a :one\n-- route: GET /{id}\n-- param: id = 1\nSELECT :id", 3, "cannot have a default");
	wrong("-- name: a :one\n-- route: GET /{id}\n-- param: id = null\nSELECT :id", 3, "cannot have a default");
	assert_string_equal(only("-- name: a :one\n-- route: GET /{id}\n-- param: id  its number\nSELECT :id")
				->statement.parameters[0]
				.description,
			    "its number");
}

static void simple_annotations(void **state)
{
	(void)state;
	wrong(ONE "-- summary:\nSELECT 1", 3, "it is \"\"");
	wrong(ONE "-- status:\nSELECT 1", 3, "200 to 299");
	wrong(ONE "-- status: 199\nSELECT 1", 3, "200 to 299");
	wrong(ONE "-- status: 304\nSELECT 1", 3, "\"304\"");
	wrong(ONE "-- status: 2x0\nSELECT 1", 3, "200 to 299");
	wrong(ONE "-- status: -200\nSELECT 1", 3, "200 to 299");
	wrong(ONE "-- status: 4294967496\nSELECT 1", 3, "200 to 299");
	wrong(ONE "-- status: 204\nSELECT 1", 3, "for :exec only");
	wrong(MANY "-- status: 205\nSELECT 1", 3, "for :exec only");
	assert_int_equal(only(ONE "-- status: 299\nSELECT 1")->status, 299);
	assert_int_equal(only(EXEC "-- status: 205\nSELECT 1")->status, 205);
	wrong(MANY "-- max-rows: 0\nSELECT 1", 3, "1 to 1000000");
	wrong(MANY "-- max-rows: 1000001\nSELECT 1", 3, "1 to 1000000");
	wrong(MANY "-- max-rows: many\nSELECT 1", 3, "1 to 1000000");
	assert_int_equal(only(MANY "-- max-rows: 1000000\nSELECT 1")->max_rows, 1000000);
	wrong(ONE "-- max-rows: 10\nSELECT 1", 3, "for :many only");
	wrong(EXEC "-- max-rows: 10\nSELECT 1", 3, "for :many only");
}

static void timeouts(void **state)
{
	static const char *const malformed[] = {"",         "5",    "ms",  "s",  "0ms", "0s", "601s",
						"600001ms", "1.5s", "5 s", "5m", "5S",  "-5s"};

	(void)state;
	assert_int_equal(only(ONE "-- timeout: 1ms\nSELECT 1")->timeout_ms, 1);
	assert_int_equal(only(ONE "-- timeout: 2s\nSELECT 1")->timeout_ms, 2000);
	assert_int_equal(only(ONE "-- timeout: 600s\nSELECT 1")->timeout_ms, 600000);
	assert_int_equal(only(ONE "-- timeout: 600000ms\nSELECT 1")->timeout_ms, 600000);
	for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
		char source[200];

		snprintf(source, sizeof(source), ONE "-- timeout: %s\nSELECT 1", malformed[i]);
		wrong(source, 3, "1ms to 600s");
	}
}

static void flags(void **state)
{
	static const char *const right[] = {"-- stream", "-- stream:", "-- stream: true", "--stream:true  ",
					    "  -- stream"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(right); i++) {
		char source[200];

		snprintf(source, sizeof(source), MANY "%s\nSELECT 1", right[i]);
		assert_true(only(source)->is_stream);
	}
	assert_true(only(ONE "-- isolated: true\nSELECT 1")->statement.is_isolated);
	wrong(MANY "-- stream: false\nSELECT 1", 3, "`true`");
	wrong(ONE "-- isolated: no\nSELECT 1", 3, "`true`");
	wrong(ONE "-- stream\nSELECT 1", 3, "for :many on GET only");
	wrong("-- name: a :many\n-- route: POST /a\n-- stream\nSELECT 1", 3, "for :many on GET only");
	assert_true(only("-- name: a :many\n-- route: POST /a\n-- stream\n-- work: b\nSELECT 1")->is_stream);
	wrong(MANY "-- stream\n-- max-rows: 5\nSELECT 1", 4, "a stream has no most");
	wrong(MANY "-- stream\n-- stream: true\nSELECT 1", 4, "the first is on line 3");
	/* More than the word alone: a comment. */
	assert_false(only(MANY "-- stream the rows\nSELECT 1")->is_stream);
}

static void every_annotation_stands_once(void **state)
{
	(void)state;
	wrong(ONE "-- summary: A\n-- summary: B\nSELECT 1", 4, "a second `-- summary:`; the first is on line 3");
	start_again();
	assert_int_equal(parse(ONE "-- summary: A\n-- summary: B\n-- summary: C\nSELECT 1"), 2);
	expect_diagnostic(1, 5, "the first is on line 3");
	wrong(ONE "-- status: 200\n-- status: 201\nSELECT 1", 4, "a second `-- status:`");
	wrong(ONE "-- timeout: 1s\n-- timeout: 2s\nSELECT 1", 4, "a second `-- timeout:`");
	wrong(MANY "-- max-rows: 1\n-- max-rows: 2\nSELECT 1", 4, "a second `-- max-rows:`");
	wrong(ONE "-- isolated\n-- isolated\nSELECT 1", 4, "a second `-- isolated:`");
	wrong(ONE "-- param: x  a\n-- param: y\n-- param: x = 2\nSELECT :x, :y", 5, "for x; the first is on line 3");
}

static void statuses_that_an_author_chose(void **state)
{
	const struct db_statement *statement =
	    &only(ONE "-- errors: BK001 = 402, 23505=422 ,ZZA09 = 599\nSELECT 1")->statement;

	(void)state;
	assert_int_equal(statement->choice_count, 3);
	assert_string_equal(statement->choices[0].sqlstate, "BK001");
	assert_int_equal(statement->choices[0].status, 402);
	assert_string_equal(statement->choices[1].sqlstate, "23505");
	assert_int_equal(statement->choices[1].status, 422);
	assert_string_equal(statement->choices[2].sqlstate, "ZZA09");
	assert_int_equal(statement->choices[2].status, 599);
	assert_int_equal(only(ONE "SELECT 1")->statement.choice_count, 0);
}

static void statuses_that_no_author_may_choose(void **state)
{
	static const char *const malformed[] = {"",
						"BK001",
						"BK001 402",
						"BK001 = ",
						"BK001 = 40",
						"BK001 = 4020",
						"BK001 = 40x",
						"bk001 = 402",
						"BK01 = 402",
						"BK0011 = 402",
						"unique_violation = 409",
						"BK001 = 402,",
						", BK001 = 402",
						"BK001 == 402",
						"BK001 = 402 BK002 = 403",
						"BK001 = 402, BK002",
						"BK-01 = 402",
						"bK001 = 402",
						"BK001 = 402,x"};
	char source[256], many[2048] = ONE "-- errors: ";

	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		snprintf(source, sizeof(source), ONE "-- errors: %s\nSELECT 1", malformed[i]);
		wrong(source, 3, "`-- errors:` must be CODE = STATUS");
	}
	wrong(ONE "-- errors: BK001 = 200\nSELECT 1", 3,
	      "the status of BK001 must be 400 to 599, and neither 407 nor 426; it is 200");
	wrong(ONE "-- errors: BK001 = 399\nSELECT 1", 3, "it is 399");
	wrong(ONE "-- errors: BK001 = 600\nSELECT 1", 3, "it is 600");
	wrong(ONE "-- errors: BK001 = 407\nSELECT 1", 3, "it is 407");
	wrong(ONE "-- errors: BK001 = 426\nSELECT 1", 3, "it is 426");
	wrong(ONE "-- errors: 00000 = 400\nSELECT 1", 3, "00000 is no error");
	wrong(ONE "-- errors: BK001 = 402, BK002 = 403, BK001 = 404\nSELECT 1", 3, "has BK001 twice");
	wrong(ONE "-- errors: BK001 = 402\n-- errors: BK002 = 402\nSELECT 1", 4, "a second `-- errors:`");
	wrong(ONE "-- errors: BK001 = 402\n-- work: delay\nSELECT 1", 3, "the SQL of a work does not run");
	for (unsigned i = 0; i <= DB_STATUS_CHOICES_MAX; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "%sB%04u = 400", i > 0 ? ", " : "", i);
	snprintf(many + strlen(many), sizeof(many) - strlen(many), "\nSELECT 1");
	wrong(many, 3, "too many codes; the most is 64");
}

static void bodies(void **state)
{
	(void)state;
#define POST "-- name: a :one\n-- route: POST /a\n"
	assert_int_equal(only(POST "SELECT :body")->body, BODY_FIELDS);
	assert_int_equal(only(POST "-- body: json\nSELECT :body")->body, BODY_JSON);
	assert_int_equal(only(POST "-- body: rows\nSELECT :x, :body")->body, BODY_ROWS);
	assert_int_equal(only("-- name: a :one\n-- route: DELETE /a\n-- body: raw\nSELECT :body")->body, BODY_RAW);
	wrong(POST "-- body: csv\nSELECT :body", 3, "must be json, rows or raw; it is \"csv\"");
	wrong(POST "-- body: Rows\nSELECT :body", 3, "must be json, rows or raw");
	wrong(POST "-- body: raw\nSELECT :text", 3, "the parameter :body, which the SQL does not use");
	wrong(ONE "-- body: raw\nSELECT :body", 3, "a GET has no body");
	wrong(POST "-- work: delay\n-- body: raw\nSELECT :body", 4, "a work takes the fields");
	wrong("-- name: a :one\n-- route: POST /a/{body}\n-- body: raw\nSELECT :body", 3, "which the path has");
	wrong(POST "-- body: raw\n-- param: body = header X-Body\nSELECT :body", 3, "which has another source");
#undef POST
}

static void what_asks_whether_it_was_given(void **state)
{
	const struct endpoint *endpoint;

	(void)state;
	endpoint = only(ONE "SELECT CASE WHEN :x? THEN :x END, (:x?), IN:x?");
	assert_string_equal(endpoint->statement.sql, "SELECT CASE WHEN $1::bool THEN $2 END, ($1::bool), IN $1::bool");
	assert_int_equal(endpoint->statement.parameter_count, 2);
	assert_string_equal(endpoint->statement.parameters[0].name, "x?");
	assert_int_equal(endpoint->sources[0].kind, SOURCE_GIVEN);
	assert_string_equal(endpoint->sources[0].name, "x");
	assert_false(endpoint->statement.parameters[0].has_default);
	assert_true(endpoint->statement.parameters[1].has_default);
	assert_null(endpoint->statement.parameters[1].default_text);
	endpoint = only(ONE "-- param: x = 5\nSELECT :x, :x?");
	assert_string_equal(endpoint->statement.parameters[0].default_text, "5");
	/* operators of jsonb, and no parameter at all */
	endpoint = only(ONE "SELECT :x?'a', :x?|:y, :x?&:y, :x ? 'a', :x?:y, :x?b, ?, 'a'?, :x::jsonb?");
	assert_string_equal(endpoint->statement.sql,
			    "SELECT $1?'a', $1?|$2, $1?&$2, $1 ? 'a', $1?$2, $1?b, ?, 'a'?, $1::jsonb?");
	assert_null(endpoint->sources);
	wrong(ONE "SELECT\n:x?", 4, "`:x?` asks whether :x was given, and the SQL does not use it");
	wrong("-- name: a :one\n-- route: GET /a/{x}\nSELECT :x, :x?", 3, "`:x?` is for what a client may leave out");
	wrong(ONE "-- param: x = header X-A\nSELECT :x, :x?", 4, "`:x?` is for what a client may leave out");
}

static void what_of_a_row_is_no_part_of_the_body(void **state)
{
	const struct answer *answer;

	(void)state;
	assert_null(only(ONE "-- status: 201\nSELECT 1")->answer);
	answer = only(ONE "-- content-type: image/png\nSELECT 1")->answer;
	assert_string_equal(answer->content_type, "image/png");
	assert_true(answer_is_single(answer));
	answer = only(ONE "-- content-type: column kind\n-- header: X-Other=column other\n"
			  "-- header: location = column \"a url\"\n-- status: column status\nSELECT 1")
		     ->answer;
	assert_string_equal(answer->content_type_column, "kind");
	assert_string_equal(answer->status_column, "status");
	assert_int_equal(answer->header_count, 2);
	assert_string_equal(answer->headers[0].name, "x-other");
	assert_string_equal(answer->headers[1].column, "a url");
	assert_int_equal(answer->headers[1].line, 5);
	assert_true(answer_takes(answer, "kind") && answer_takes(answer, "other") && answer_takes(answer, "status"));
	assert_false(answer_takes(answer, "location") || answer_takes(NULL, "kind"));
	assert_int_equal(only(ONE "-- status: 303\n-- header: location = column url\nSELECT 1")->status, 303);
}

static void wrong_answers(void **state)
{
	static const char *const kept[] = {
	    "Content-Length", "transfer-encoding",           "Connection", "content-type", "Date", "Server-Timing",
	    "Meantime-X",     "Access-Control-Allow-Origin", "ETag",       "Vary"};

	(void)state;
	wrong(ONE "-- content-type: png\nSELECT 1", 3, "must be a media type, such as image/png");
	wrong(ONE "-- content-type: image/png, image/gif\nSELECT 1", 3, "must be a media type");
	wrong(ONE "-- content-type: text/\xc3\xa4\nSELECT 1", 3, "must be a media type");
	wrong(ONE "-- content-type: column\nSELECT 1", 3, "must be a media type");
	wrong(ONE "-- content-type: column a b\nSELECT 1", 3, "must be a media type");
	wrong(MANY "-- content-type: image/png\nSELECT 1", 3, "`-- content-type:` is for :one only");
	wrong(EXEC "-- header: location = column url\nSELECT 1", 3, "`-- header:` is for :one only");
	wrong(MANY "-- status: column a\nSELECT 1", 3, "`-- status: column` is for :one only");
	wrong(ONE "-- work: delay\n-- status: column a\nSELECT 1", 4, "for no work");
	wrong(ONE "-- status: 300\nSELECT 1", 3, "status 300 leads elsewhere: it needs `-- header: location");
	wrong(ONE "-- header: location\nSELECT 1", 3, "must be NAME = column COLUMN, such as location");
	wrong(ONE "-- header: location = url\nSELECT 1", 3, "must be NAME = column COLUMN");
	wrong(ONE "-- header: a b = column url\nSELECT 1", 3, "must be NAME = column COLUMN");
	wrong(ONE "-- header: = column url\nSELECT 1", 3, "must be NAME = column COLUMN");
	wrong(ONE "-- header: x-a = column b\n-- header: X-A = column c\nSELECT 1", 4,
	      "a second `-- header:` for x-a; the first is on line 3");
	wrong(ONE "-- header: a = column a\n-- header: b = column a\n-- header: c = column a\n-- header: d = column a\n"
		  "-- header: e = column a\nSELECT 1",
	      7, "one `-- header:` too many; the most is 4");
	for (size_t i = 0; i < ARRAY_LENGTH(kept); i++) {
		char source[200];

		snprintf(source, sizeof(source), ONE "-- header: %s = column a\nSELECT 1", kept[i]);
		wrong(source, 3, "the service itself writes it, or must not");
	}
}

static void unknown_annotations(void **state)
{
	(void)state;
	wrong(
	    ONE "-- sumary: A\nSELECT 1", 3,
	    "\"sumary\"; the known ones are name, route, summary, status, timeout, max-rows, stream, isolated, param, "
	    "errors, roles, public, settings, rate, max-inflight, compression, etag, "
	    "last-modified, cache-control, body, content-type, header, column, work, gather, step, optional (");
	wrong(ONE "-- note: this\nSELECT 1", 3, "unknown annotation \"note\"");
	wrong(ONE "-- Summary: A\nSELECT 1", 3, "unknown annotation \"Summary\"");
	wrong(ONE "--x:\nSELECT 1", 3, "unknown annotation \"x\"");
	only(ONE "-- note that: this is a comment\n--\n-- \n-- https://example.org\n-- a::text\n-- (x: y)\n--- x: y\n"
		 "-- 1: one\n-- status\n/* summary:\n-- summary: none */\nSELECT 1");
	assert_string_equal(set.endpoints[0].summary, "");
	assert_int_equal(set.endpoints[0].sql_line, 14);
}

/* A comment that was meant for an annotation, and what to write instead. */
static void slips_in_annotations_are_told(void **state)
{
	static const char *const slips[][2] = {
	    {"-- status 201", "-- status: 201"},
	    {"-- Status: 201", "-- status: 201"},
	    {"-- status : 201", "-- status: 201"},
	    {"-- status = 201", "-- status: 201"},
	    {"-- statuss 201", "-- status: 201"},
	    {"-- @status 201", "-- status: 201"},
	    {"-- :status 201", "-- status: 201"},
	    {"--status 201", "-- status: 201"},
	    {"-- timeout 5s", "-- timeout: 5s"},
	    {"-- TIMEOUT 500 MS", "-- timeout: 500 MS"},
	    {"-- max-rows 5", "-- max-rows: 5"},
	    {"-- max_rows: 5", "-- max-rows: 5"},
	    {"-- Max-Row 5", "-- max-rows: 5"},
	    {"-- Max-Rowing 5", NULL},
	    {"-- roles writer", "-- roles: writer"},
	    {"-- roles : writer", "-- roles: writer"},
	    {"-- role writer, editor", "-- roles: writer, editor"},
	    {"-- Roles = writer", "-- roles: writer"},
	    {"/* roles: writer */", "-- roles: writer"},
	    {"-- roles may be several", NULL},
	    {"-- Public", "-- public"},
	    {"/* public */", NULL},
	    {"-- public endpoints are many", NULL},
	    {"-- settings claims", "-- settings: claims"},
	    {"-- setting claims, path", "-- settings: claims, path"},
	    {"-- settings of the session", NULL},
	    {"-- rate 5/minute", "-- rate: 5/minute"},
	    {"-- rate 5/minute by key", "-- rate: 5/minute by key"},
	    {"-- rate of 5", NULL},
	    {"-- max-inflight", "-- max-inflight: N"},
	    {"-- max-inflight 3", "-- max-inflight: 3"},
	    {"-- max_inflight: 3", "-- max-inflight: 3"},
	    {"-- ETag", "-- etag"},
	    {"-- etag version", "-- etag: version"},
	    {"-- etag of the row", NULL},
	    {"-- last_modified: changed", "-- last-modified: changed"},
	    {"-- cache-control no-store", "-- cache-control: no-store"},
	    {"-- cache-control is what caches obey", NULL},
	    {"-- compression off", "-- compression: off"},
	    {"-- Compression: off", "-- compression: off"},
	    {"/* compression: off */", "-- compression: off"},
	    {"-- compression of texts", NULL},
	    {"-- body rows", "-- body: rows"},
	    {"-- Body: raw", "-- body: raw"},
	    {"-- body of the request", NULL},
	    {"-- content-type image/png", "-- content-type: image/png"},
	    {"-- Content_Type: text/html; charset=utf-8", "-- content-type: text/html; charset=utf-8"},
	    {"-- content-type column kind", "-- content-type: column kind"},
	    {"-- content-type of a picture", NULL},
	    {"-- content-type and/or length", NULL},
	    {"-- header location = column url", "-- header: location = column url"},
	    {"-- headers x-a=column b", "-- header: x-a=column b"},
	    {"-- header of the page", NULL},
	    {"-- status column code", "-- status: column code"},
	    {"-- Stream", "-- stream"},
	    {"-- stream true", "-- stream: true"},
	    {"-- ISOLATED", "-- isolated"},
	    {"-- param x = 5", "-- param: x = 5"},
	    {"-- param x=5", "-- param: x=5"},
	    {"-- param x", "-- param: x"},
	    {"-- params x", "-- param: x"},
	    {"-- @param x  its meaning", "-- param: x  its meaning"},
	    {"-- Param: x  its meaning", "-- param: x  its meaning"},
	    {"-- work delay", "-- work: delay"},
	    {"-- Work: delay", "-- work: delay"},
	    {"-- route GET /b", "-- route: GET /b"},
	    {"-- name b :one", "-- name: b :one"},
	    {"-- Name: b :one", "-- name: b :one"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(slips); i++) {
		char source[200], fragment[200];

		snprintf(source, sizeof(source), ONE "%s\nSELECT :x", slips[i][0]);
		if (slips[i][1] == NULL) {
			only(source);
			continue;
		}
		snprintf(fragment, sizeof(fragment),
			 "\"%s\" looks like an annotation and is none: write `%s`, or another comment", slips[i][0],
			 slips[i][1]);
		wrong(source, 3, fragment);
	}
	/* instead of the one that is required: it is not missing besides */
	wrong("-- name: a :one\n-- route GET /a/{x}\nSELECT :x", 2, "write `-- route: GET /a/{x}`");
	wrong("-- name: a :one\n-- Route: get /a/{x}\nSELECT :x", 2, "write `-- route: get /a/{x}`");
	wrong("-- name: a :one\n--ROUTE POST /a\nSELECT :x", 2, "write `-- route: POST /a`");
	wrong("-- name: a :one\n-- route GET /\nSELECT :x", 2, "write `-- route: GET /`");
}

/* Where an endpoint was meant to begin, its SQL is no second statement of the one before it. */
static void slips_in_names_are_told_wherever_they_stand(void **state)
{
	static const char *const slips[] = {"-- name b :one", "-- Name: b :one", "-- names: b :many",
					    "--name b :exec", "-- @name b :one", "-- name = b :one"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(slips); i++) {
		static const char *const before[] = {"", ONE "SELECT 1;\n", ONE "SELECT 1\n", "-- a comment\n"};

		for (size_t j = 0; j < ARRAY_LENGTH(before); j++) {
			char source[300];
			unsigned line = j == 0 ? 1 : j == 3 ? 2 : 4;

			snprintf(source, sizeof(source),
				 "%s%s\n-- route: GET /b\nSELECT 2;\n-- name: c :one\n-- route: GET /c\nSELECT 3",
				 before[j], slips[i]);
			start_again();
			parse(source);
			assert_int_equal(set.diagnostics.count, 1);
			expect_diagnostic(0, line, "looks like an annotation and is none: write `-- name: b :");
			assert_int_equal(set.count, j == 1 ? 2 : 1);
			assert_string_equal(set.endpoints[set.count - 1].name, "c");
		}
	}
	start_again();
	parse(ONE "SELECT 1;\n-- route GET /b\n");
	assert_int_equal(set.diagnostics.count, 1);
	expect_diagnostic(0, 4, "write `-- route: GET /b`");
	wrong(ONE "SELECT 1\n-- route GET /b\n", 4, "write `-- route: GET /b`");
}

static void ordinary_comments_stay_comments(void **state)
{
	static const char *const comments[] = {
	    "-- name of the thing",
	    "-- names are unique",
	    "-- name",
	    "-- name one",
	    "-- name::text",
	    "-- route planning for GET requests",
	    "-- route",
	    "-- routes to /x",
	    "-- route GET",
	    "-- route get the way",
	    "-- summary of it all",
	    "-- summary",
	    "-- status 200 is sent",
	    "-- status",
	    "-- status quo",
	    "-- timeout after 5s",
	    "-- timeout 5 minutes",
	    "-- timeout",
	    "-- max-rows is not needed",
	    "-- max rows 5",
	    "-- stream of rows",
	    "-- streaming",
	    "-- isolated from the others",
	    "-- param order matters",
	    "-- params are bound",
	    "-- param",
	    "-- param 1",
	    "-- param id.",
	    "-- param x, y and z",
	    "-- maxxrows 5",
	    "-- work in progress",
	    "-- works well",
	    "-- work",
	    "-- workaround",
	    "--",
	    "-- @",
	    "-- :",
	    "-- -- route: GET /b",
	    "--- route: GET /b",
	    "-- route/GET /b",
	    "-- SELECT status, 201",
	    "-- status, 201",
	    "-- status::int",
	    "-- https://a.b/c",
	    "/* route: GET /b */",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(comments); i++) {
		char source[300];

		snprintf(source, sizeof(source), "%s\n" ONE "%s\nSELECT 1\n%s\n, 2;\n%s\n", comments[i], comments[i],
			 comments[i], comments[i]);
		only(source);
	}
	/* in the SQL and behind it, these say something of the SQL */
	only(ONE "SELECT 1\n-- status 200\n-- timeout 5s\n-- stream true\n, 2;\n-- max-rows 5\n");
	only(ONE "SELECT 1 -- name b :one\n");
}

static void misplaced_annotations(void **state)
{
	(void)state;
	start_again();
	assert_int_equal(parse("-- Author: somebody\n-- summary: A\n" ONE "SELECT 1;"), 1);
	expect_diagnostic(0, 2, "`-- summary:` belongs between");
	start_again();
	assert_int_equal(parse(ONE "SELECT 1;\n-- timeout: 5s\n"), 1);
	expect_diagnostic(0, 4, "`-- timeout:` belongs between");
	/* inside of the SQL as well, where a line begins with it; else it is a comment, whatever it says */
	wrong(ONE "SELECT 1\n-- timeout: 5s\n+ 2", 4, "`-- timeout:` belongs between");
	assert_string_equal(only(ONE "SELECT 1\n-- note: 5s\n  -- name: b :one\n+ 2 -- timeout: 5s")->statement.sql,
			    "SELECT 1\n-- note: 5s\n  -- name: b :one\n+ 2");
	wrong(ONE "  -- name: b :one\nSELECT 1", 3, "start of its line");
	wrong("  -- name: b :one\n", 1, "start of its line");
}

static void default_is(const char *annotation, const char *expected, const char *description)
{
	char source[200];
	const struct db_parameter *parameter;

	snprintf(source, sizeof(source), ONE "-- param: %s\nSELECT :x", annotation);
	parameter = &only(source)->statement.parameters[0];
	assert_true(parameter->has_default);
	if (expected == NULL)
		assert_null(parameter->default_text);
	else
		assert_string_equal(parameter->default_text, expected);
	assert_string_equal(parameter->description, description);
}

static void parameter_defaults(void **state)
{
	static const char *const malformed[] = {"",          "=",        "= 5",      "1x = 5",       "x.y = 5", "x =",
						"x = 'open", "x = 'a'b", "x = it's", "\xc3\xa4 = 5", "x-y = 1", "x: 5"};

	(void)state;
	default_is("x = null", NULL, "");
	default_is("x = NULL  a text", NULL, "a text");
	default_is("x = 'null'", "null", "");
	default_is("x = 50  how many", "50", "how many");
	default_is("x=-1.5e3", "-1.5e3", "");
	default_is("x = nullable", "nullable", "");
	default_is("x = ''", "", "");
	default_is("x = ''''  one quote", "'", "one quote");
	default_is("x = 'a b''c''d'   two quotes", "a b'c'd", "two quotes");
	default_is("x\t=\ttrue\ta = b", "true", "a = b");
	for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++) {
		char source[200];

		snprintf(source, sizeof(source), ONE "-- param: %s\nSELECT :x", malformed[i]);
		wrong(source, 3, "NAME = DEFAULT");
	}
	assert_false(only(ONE "-- param: x  a text, x = 5\nSELECT :x")->statement.parameters[0].has_default);
	assert_string_equal(set.endpoints[0].statement.parameters[0].description, "a text, x = 5");
	wrong(ONE "-- param: limit = 5\nSELECT 1", 3, "does not use the parameter limit");
	wrong(ONE "-- param: x = 5\nSELECT ':x' /* :x */", 3, "does not use the parameter x");
}

static void parameters_become_numbers(void **state)
{
	(void)state;
	expect_sql("SELECT :b, :a, :b, :a_1, :A", "SELECT $1, $2, $1, $3, $4");
	expect_parameter(&set.endpoints[0], 0, "b", 3);
	expect_parameter(&set.endpoints[0], 1, "a", 3);
	expect_parameter(&set.endpoints[0], 2, "a_1", 3);
	expect_parameter(&set.endpoints[0], 3, "A", 3);
	expect_sql("SELECT\n:x\n,\n:y", "SELECT\n$1\n,\n$2");
	expect_parameter(&set.endpoints[0], 1, "y", 6);
	expect_sql("SELECT :a::text, (:a)::int, a::text, :_", "SELECT $1::text, ($1)::int, a::text, $2");
	expect_sql("SELECT f(a := 1, b := :b, c:=:c)", "SELECT f(a := 1, b := $1, c:=$2)");
	expect_sql("SELECT x[1:2], x[:2], x[1:], x[:], x[1:2][3:4], x[:n]",
		   "SELECT x[1:2], x[:2], x[1:], x[:], x[1:2][3:4], x[$1]");
	expect_sql("SELECT -:a, @:a, :a+:b, :a:b", "SELECT -$1, @$1, $1+$2, $1 $2");
	expect_sql("SELECT:a FROM t WHERE x IN(:a) LIMIT:b OFFSET 1:b",
		   "SELECT $1 FROM t WHERE x IN($1) LIMIT $2 OFFSET 1 $2");
	expect_sql("SELECT :a'x', :a\"y\"", "SELECT $1'x', $1\"y\"");
	expect_sql("SELECT 1 :", "SELECT 1 :");
	expect_sql("SELECT 1 \xc3\xa4:a", "SELECT 1 \xc3\xa4 $1");
}

static void parameter_names(void **state)
{
	char sql[1000];
	size_t length;

	(void)state;
	wrong_sql("SELECT\n:caf\xc3\xa9", 4, ":caf");
	wrong_sql("SELECT :a$b", 3, "the parameter \":a\"");
	snprintf(sql, sizeof(sql), "SELECT :%063d", 0);
	sql[8] = 'p';
	expect_sql(sql, "SELECT $1");
	snprintf(sql, sizeof(sql), "SELECT :%064d", 0);
	sql[8] = 'p';
	wrong_sql(sql, 3, "63 bytes at most");
	wrong_sql("SELECT 1,\n$1", 4, "\"$1\" in the SQL: a parameter is written :name");
	wrong_sql("SELECT $12abc", 3, "\"$12abc\"");
	length = (size_t)snprintf(sql, sizeof(sql), "SELECT 0");
	for (unsigned i = 1; i <= DB_PARAMETERS_MAX; i++)
		length += (size_t)snprintf(sql + length, sizeof(sql) - length, "\n,:p%u", i);
	{
		char source[1200];
		const struct endpoint *endpoint;

		snprintf(source, sizeof(source), EXEC "%s", sql);
		endpoint = only(source);
		assert_int_equal(endpoint->statement.parameter_count, 64);
		expect_parameter(endpoint, 63, "p64", 67);
		assert_non_null(strstr(endpoint->statement.sql, "\n,$64"));
	}
	snprintf(sql + length, sizeof(sql) - length, "\n,:p1,:p65");
	wrong_sql(sql, 68, "\":p65\" is one parameter too many; the most is 64");
}

static void literals_and_comments_are_left_alone(void **state)
{
	static const char *const alone[] = {
	    "SELECT ':a' || 'it''s :b;' || ''",
	    "SELECT 'back\\' || ':a'",
	    "SELECT E'it\\'s :a;' || e'\\\\' || E'a''b :c'",
	    "SELECT E'a'\n  'b\\':c' || 'd\\'",
	    "SELECT E'a' -- and on\n'b\\':c'",
	    "SELECT some'\\' || ':a', name_e'\\' || ':a', U&'\\' || ':b'",
	    "SELECT e'\\':a', else'\\' || ':a'",
	    "SELECT $$ :a $$1, $b$ :c $b$",
	    "SELECT \":a\", \"a\"\":b;\", U&\"\\\"",
	    "SELECT $$ :a ; ' $1 $x$ $$",
	    "SELECT $tag$ :a $$ $ta$ $tagg$ ' $tag$",
	    "SELECT $\xc3\xa4_1$ :a $\xc3\xa4_1$",
	    "SELECT a$b$c, :: $ 1, $ a",
	    "SELECT 1 -- :a ; ' $1 \"\n + 2",
	    "SELECT 1 /* :a ; ' /* nested */ $1 :b */ + 2",
	    "SELECT 1 /*/ :a */ + 2 /**/ + 3",
	    "SELECT 4 / 2 - 1 * 3 - -1",
	    "SELECT '-- no comment', '/* none' || '*/'",
	    "SELECT '\n-- name: b :one\n'",
	    "SELECT $$\n-- name: b :one\n$$",
	    "SELECT 1 /*\n-- name: b :one\n*/ + 2",
	    "SELECT 1 -- a comment ends at a carriage return\r + 2",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(alone); i++) {
		expect_sql(alone[i], alone[i]);
		assert_int_equal(set.endpoints[0].statement.parameter_count, 0);
	}
	/* Where the literal ends, parameters begin again. */
	expect_sql("SELECT 'a\\', :a, E'\\'', :b, $$'$$, :c, \"'\", :d /* ' */, :e -- '\n, :f, a$$, :g",
		   "SELECT 'a\\', $1, E'\\'', $2, $$'$$, $3, \"'\", $4 /* ' */, $5 -- '\n, $6, a$$, $7");
	expect_sql("SELECT E'a'::text || 'b\\', :c", "SELECT E'a'::text || 'b\\', $1");
	expect_sql("SELECT 1 -- a\r, :c", "SELECT 1 -- a\r, $1");
}

static void what_has_no_end(void **state)
{
	(void)state;
	wrong_sql("SELECT 1,\n'a''\n\n", 4, "the string literal (') that begins here has no end");
	wrong_sql("SELECT 1,\nE'a\\'\n\n", 4, "the string literal (')");
	wrong_sql("SELECT 1,\nE'a\\", 4, "the string literal (')");
	wrong_sql("SELECT 1,\n\"a\"\"\n", 4, "the quoted identifier (\")");
	wrong_sql("SELECT 1,\n$a$ $$ $b$\n", 4, "the dollar-quoted string");
	wrong_sql("SELECT 1\n/* /* */\n", 4, "the comment (/*)");
}

static void parsing_goes_on_with_the_next_endpoint(void **state)
{
	(void)state;
	assert_int_equal(parse("SELECT 0;\n"
			       "-- name: a :one\n-- route: GET /{x}\n-- param: y = 1\nSELECT 'open;\n"
			       "-- name: b :one\n-- route: GET /b\nSELECT 2; SELECT 3;\n\n"
			       "-- name: c :one\n-- rout: GET /c\n"
			       "-- name: d :one\n-- route: GET /d\nSELECT 4;\n"
			       "/* no end\n"
			       "-- name: e :one\n-- route: GET /e\nSELECT 5;\n"),
			 7);
	expect_diagnostic(0, 1, "SQL before the first endpoint");
	expect_diagnostic(1, 5, "string literal");
	expect_diagnostic(2, 8, "a second statement after the `;`: the endpoint that begins on line 6");
	expect_diagnostic(3, 11, "unknown annotation \"rout\"");
	expect_diagnostic(4, 10, "no SQL");
	expect_diagnostic(5, 10, "no route");
	expect_diagnostic(6, 15, "comment (/*)");
	assert_int_equal(set.count, 3);
	assert_string_equal(set.endpoints[1].name, "d");
	assert_string_equal(set.endpoints[2].name, "e");
	assert_int_equal(set.endpoints[2].line, 16);
}

static void the_end_of_a_statement(void **state)
{
	(void)state;
	expect_sql("SELECT 1 ;  \n\n", "SELECT 1");
	expect_sql("SELECT 1;;\n;", "SELECT 1");
	expect_sql("SELECT 1\n -- the end\n /* really */ \n", "SELECT 1");
	expect_sql("SELECT 1 /* in */ -- and\n; -- after: all\n", "SELECT 1");
	expect_sql("\n/* first */\n  SELECT 1", "SELECT 1");
	assert_int_equal(set.endpoints[0].sql_line, 5);
	start_again();
	assert_int_equal(parse(ONE "SELECT 1;\n\nDELETE FROM note;\n"), 1);
	expect_diagnostic(0, 5, "a second statement after the `;`");
	wrong(ONE, 1, "no SQL");
	wrong("\n" ONE "-- a comment\n ; ", 2, "no SQL");
	wrong("\nSELECT 1;", 2, "SQL before the first endpoint");
}

static void first_words(void **state)
{
	static const char *const allowed[] = {"SELECT", "insert",       "Update", "DELETE",    "merge",
					      "WITH",   "values (1), ", "TABLE",  "(SELECT 1", "( (\nSELECT"};
	static const char *const refused[] = {"BEGIN", "COMMIT",  "SET", "RESET",   "LISTEN", "LOCK",
					      "COPY",  "PREPARE", "DO",  "EXPLAIN", "CREATE", "SELECTED",
					      "SELEC", "1",       "'a'", ":a",      "VACUUM", "\"select\""};
	char source[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++) {
		snprintf(source, sizeof(source), "%s x", allowed[i]);
		expect_sql(source, source);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		char fragment[50];

		snprintf(source, sizeof(source), "-- SELECT\n/* SELECT */ %s x", refused[i]);
		snprintf(fragment, sizeof(fragment), "begins with \"%s\"; it must be SELECT", refused[i]);
		wrong_sql(source, 4, fragment);
	}
	wrong_sql("(\nSET x", 4, "begins with \"SET\"");
	wrong(ONE "call f()", 3, "CALL is for the other methods");
	assert_non_null(only("-- name: a :exec\n-- route: POST /a\nCALL f()"));
}

static void a_get_can_not_switch_read_only_off(void **state)
{
	(void)state;
	wrong(ONE "SELECT\nset_config('transaction_read_only', 'off', true)", 4,
	      "must not mention transaction_read_only");
	wrong(ONE "SELECT set_config('default_Transaction_READ_only', 'off', true)", 3, "must not mention");
	wrong(ONE "SELECT \"transaction_read_only\"", 3, "must not mention");
	wrong(ONE "SELECT f($$SET transaction_read_only = off$$)", 3, "must not mention");
	wrong(ONE "SELECT E'transaction_read_only'", 3, "must not mention");
	wrong(ONE "SELECT transaction_read_only FROM t", 3, "must not mention");
	only(ONE "SELECT 1 -- transaction_read_only\n /* default_transaction_read_only */ + 2");
	only(ONE "SELECT 'transaction_read_onl', 'y'");
	only(EXEC "SELECT current_setting('transaction_read_only')");
}

static void names_are_unique_in_the_set(void **state)
{
	(void)state;
	assert_int_equal(sql_file_parse(&set, "first.sql", text_of("\n\n" ONE "SELECT 1")), 0);
	assert_int_equal(parse(ONE "SELECT 2;\n-- name: aa :one\n-- route: GET /b\nSELECT 3"), 1);
	expect_diagnostic(0, 1, "the name a is taken: the first is at first.sql:3");
	assert_int_equal(set.count, 2);
	assert_string_equal(set.endpoints[1].name, "aa");
}

static void line_ends_of_windows(void **state)
{
	const struct endpoint *endpoint =
	    only("\xEF\xBB\xBF-- name: a :many\r\n-- route: GET /a\r\n-- isolated\r\n-- max-rows: 5\r\n\r\n"
		 "-- param: x = 'y'\r\n-- summary: A.\r\nSELECT :x, -- one\r\n :z;\r\n");

	(void)state;
	assert_int_equal(endpoint->line, 1);
	assert_string_equal(endpoint->path, "/a");
	assert_string_equal(endpoint->summary, "A.");
	assert_int_equal(endpoint->max_rows, 5);
	assert_true(endpoint->is_isolated);
	assert_int_equal(endpoint->sql_line, 8);
	assert_string_equal(endpoint->statement.sql, "SELECT $1, -- one\r\n $2");
	expect_parameter(endpoint, 0, "x", 6);
	expect_parameter(endpoint, 1, "z", 9);
}

static void only_text_is_read(void **state)
{
	char *large = malloc(SQL_FILE_BYTES_MAX + 1);

	(void)state;
	wrong_text(TEXT(ONE "SELECT 1\0"), 3, "a NUL byte");
	wrong(ONE "\n\nSELECT '\xff'", 5, "invalid UTF-8");
	wrong(ONE "SELECT '\xc3", 3, "invalid UTF-8");
	memset(large, '\n', SQL_FILE_BYTES_MAX + 1);
	memcpy(large, ONE "SELECT 1", strlen(ONE "SELECT 1"));
	start_again();
	assert_int_equal(sql_file_parse(&set, "notes.sql", (struct text){large, SQL_FILE_BYTES_MAX}), 0);
	wrong_text((struct text){large, SQL_FILE_BYTES_MAX + 1}, 0, "the most is 1048576 bytes");
	free(large);
	start_again();
	assert_int_equal(parse(""), 0);
	assert_int_equal(parse("\xEF\xBB\xBF"), 0);
	assert_int_equal(parse("\n-- nothing yet\n"), 0);
	assert_int_equal(set.count, 0);
}

static void long_text_is_cut_in_messages(void **state)
{
	char source[2000];
	size_t length = (size_t)snprintf(source, sizeof(source), "%s", ONE "-- status: x");

	(void)state;
	for (unsigned i = 0; i < 500; i++)
		length += (size_t)snprintf(source + length, sizeof(source) - length, "\xc3\xa4");
	snprintf(source + length, sizeof(source) - length, "\nSELECT 1");
	wrong(source, 3, "\xc3\xa4\"");
	assert_true(strlen(set.diagnostics.items[0].message) < 200);
}

/* A folder of files that lives as long as a test. */
static char folder[] = "/tmp/test_sql_file.XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[100];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_subfolder(const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_link(const char *to, const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(symlink(to, path), 0);
}

static int make_folder(void **state)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	return mkdtemp(folder) == NULL || set_up(state) != 0;
}

static int remove_folder(void **state)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command) != 0 || tear_down(state) != 0;
}

static void a_folder_is_read_in_the_order_of_names(void **state)
{
	char expected[100];

	(void)state;
	write_file("b.sql", "-- name: b :one\n-- route: GET /b\nSELECT 1");
	write_file("a.sql", ONE "SELECT 1");
	write_file("B.sql", "-- name: c :one\n-- route: GET /c\nSELECT 1");
	write_file("d.SQL", "-- name: d :one\n-- route: GET /d\nSELECT 1");
	make_subfolder("c");
	write_file("c/z.Sql", "-- name: cz :one\n-- route: GET /cz\nSELECT 1");
	make_subfolder("c/a.sql");
	write_file("c/a.sql/b.sql", "-- name: cab :one\n-- route: GET /cab\nSELECT 1");
	make_subfolder(".hidden");
	write_file(".hidden/a.sql", "nonsense");
	make_link("a.sql", "e.sql.link");
	make_link("c", "link");
	make_link(".", "round");
	make_link("/nowhere", "dangling");
	make_link("/nowhere", ".#a.sql");
	write_file("a.sql.orig", "nonsense");
	write_file("a.sql~", "nonsense");
	write_file("xsql", "nonsense");
	write_file(".a.sql", "nonsense");
	write_file(".sql", "nonsense");
	write_file("README", "nonsense");
	assert_int_equal(endpoint_set_load(&set, folder), 0);
	assert_int_equal(set.count, 6);
	assert_string_equal(set.endpoints[0].name, "c");
	assert_string_equal(set.endpoints[1].name, "a");
	assert_string_equal(set.endpoints[2].name, "b");
	assert_string_equal(set.endpoints[3].name, "cab");
	assert_string_equal(set.endpoints[4].name, "cz");
	assert_string_equal(set.endpoints[5].name, "d");
	snprintf(expected, sizeof(expected), "%s/a.sql", folder);
	assert_string_equal(set.endpoints[1].file, expected);
	snprintf(expected, sizeof(expected), "%s/c/a.sql/b.sql", folder);
	assert_string_equal(set.endpoints[3].file, expected);
}

static void expect_load_fails(const char *name, const char *fragment)
{
	char expected[100];

	assert_int_equal(endpoint_set_load(&set, folder), -1);
	assert_int_equal(set.diagnostics.count, 1);
	snprintf(expected, sizeof(expected), "%s%s", folder, name);
	assert_string_equal(set.diagnostics.items[0].file, expected);
	if (strstr(set.diagnostics.items[0].message, fragment) == NULL)
		fail_msg("expected ...%s... but found %s", fragment, set.diagnostics.items[0].message);
	start_again();
}

static void a_folder_that_is_wrong(void **state)
{
	char path[100];

	(void)state;
	expect_load_fails("", "holds no endpoint");
	write_file("empty.sql", "-- nothing yet\n");
	expect_load_fails("", "holds no endpoint");
	write_file("right.sql", ONE "SELECT 1");
	write_file("wrong.sql", "-- name: b :one\nSELECT 1");
	expect_load_fails("/wrong.sql", "no route");
	snprintf(path, sizeof(path), "%s/wrong.sql", folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/nowhere", path), 0);
	expect_load_fails("/wrong.sql", "No such file");
	assert_int_equal(unlink(path), 0);
	/* to open one would wait for a writer */
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_load_fails("/wrong.sql", "is no regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	expect_load_fails("/wrong.sql", "is no regular file");
	assert_int_equal(endpoint_set_load(&set, "/nowhere"), -1);
	assert_string_equal(set.diagnostics.items[0].file, "/nowhere");
	assert_non_null(strstr(set.diagnostics.items[0].message, "cannot be read: No such file"));
}

static void a_file_that_is_too_large(void **state)
{
	char *large = malloc(SQL_FILE_BYTES_MAX + 100);

	(void)state;
	memset(large, '\n', SQL_FILE_BYTES_MAX + 100);
	large[SQL_FILE_BYTES_MAX + 99] = '\0';
	memcpy(large, ONE "SELECT 1", strlen(ONE "SELECT 1"));
	write_file("large.sql", large);
	free(large);
	expect_load_fails("/large.sql", "too large");
}

#define parser_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define folder_test(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    parser_test(everything_about_an_endpoint_is_read),
	    parser_test(defaults_follow_from_shape_and_method),
	    parser_test(many_endpoints_in_a_file),
	    parser_test(a_set_grows_over_files_and_keeps_what_it_has),
	    parser_test(the_set_is_bounded),
	    parser_test(name_lines),
	    parser_test(routes),
	    parser_test(paths),
	    parser_test(parameters_of_other_routers_are_no_literals),
	    parser_test(a_query_string_is_no_part_of_the_path),
	    parser_test(path_parameters),
	    parser_test(simple_annotations),
	    parser_test(timeouts),
	    parser_test(flags),
	    parser_test(every_annotation_stands_once),
	    parser_test(statuses_that_an_author_chose),
	    parser_test(statuses_that_no_author_may_choose),
	    parser_test(bodies),
	    parser_test(what_asks_whether_it_was_given),
	    parser_test(what_of_a_row_is_no_part_of_the_body),
	    parser_test(wrong_answers),
	    parser_test(unknown_annotations),
	    parser_test(slips_in_annotations_are_told),
	    parser_test(slips_in_names_are_told_wherever_they_stand),
	    parser_test(ordinary_comments_stay_comments),
	    parser_test(misplaced_annotations),
	    parser_test(parameter_defaults),
	    parser_test(parameters_become_numbers),
	    parser_test(parameter_names),
	    parser_test(literals_and_comments_are_left_alone),
	    parser_test(what_has_no_end),
	    parser_test(parsing_goes_on_with_the_next_endpoint),
	    parser_test(the_end_of_a_statement),
	    parser_test(first_words),
	    parser_test(a_get_can_not_switch_read_only_off),
	    parser_test(names_are_unique_in_the_set),
	    parser_test(line_ends_of_windows),
	    parser_test(only_text_is_read),
	    parser_test(long_text_is_cut_in_messages),
	    folder_test(a_folder_is_read_in_the_order_of_names),
	    folder_test(a_folder_that_is_wrong),
	    folder_test(a_file_that_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
