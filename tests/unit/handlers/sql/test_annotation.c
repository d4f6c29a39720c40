/* Annotations: what each may be, where they stand, and what is said of the others. */
#include "unit/handlers/sql/file_fixture.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
	    "last-modified, cache-control, cache, body, content-type, header, column, work, gather, step, optional, "
	    "events (");
	wrong(ONE "-- note: this\nSELECT 1", 3, "unknown annotation \"note\"");
	wrong(ONE "-- Summary: A\nSELECT 1", 3, "unknown annotation \"Summary\"");
	wrong(ONE "--x:\nSELECT 1", 3, "unknown annotation \"x\"");
	only(ONE "-- note that: this is a comment\n--\n-- \n-- https://example.org\n-- a::text\n-- (x: y)\n--- x: y\n"
		 "-- 1: one\n-- status\n/* summary:\n-- summary: none */\nSELECT 1");
	assert_string_equal(set.endpoints[0].summary, "");
	assert_int_equal(set.endpoints[0].sql_line, 14);
}

static void misplaced_annotations(void **state)
{
	(void)state;
	start_again();
	assert_int_equal(parse("-- Author: Zoe\n-- summary: A\n" ONE "SELECT 1;"), 1);
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

static void documented_parameters_are_bounded(void **state)
{
	char source[8192] = ONE;

	(void)state;
	for (unsigned i = 0; i < DB_PARAMETERS_MAX + 1; i++)
		snprintf(source + strlen(source), sizeof(source) - strlen(source), "-- param: p%u\n", i);
	strcat(source, "SELECT 1");
	start_again();
	parse(source);
	expect_diagnostic(0, 3 + DB_PARAMETERS_MAX, "one `-- param:` too many; the most is 64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(name_lines),
	    TEST(routes),
	    TEST(simple_annotations),
	    TEST(timeouts),
	    TEST(flags),
	    TEST(every_annotation_stands_once),
	    TEST(statuses_that_an_author_chose),
	    TEST(statuses_that_no_author_may_choose),
	    TEST(bodies),
	    TEST(what_asks_whether_it_was_given),
	    TEST(what_of_a_row_is_no_part_of_the_body),
	    TEST(wrong_answers),
	    TEST(unknown_annotations),
	    TEST(misplaced_annotations),
	    TEST(parameter_defaults),
	    TEST(documented_parameters_are_bounded),
	    TEST(long_text_is_cut_in_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
