/* The paths of routes. */
#include "unit/handlers/sql/file_fixture.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(paths),
	    TEST(parameters_of_other_routers_are_no_literals),
	    TEST(a_query_string_is_no_part_of_the_path),
	    TEST(path_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
