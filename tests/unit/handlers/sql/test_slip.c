/* Comments that were meant for annotations. */
#include "unit/handlers/sql/file_fixture.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(slips_in_annotations_are_told),
	    TEST(slips_in_names_are_told_wherever_they_stand),
	    TEST(ordinary_comments_stay_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
