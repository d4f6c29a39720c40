/* What of a request becomes the values of a statement, and what is refused. */
#include "unit/handlers/sql/endpoint_fixture.h"

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
	    TEST(what_was_given_is_known),
	    TEST(rows_are_one_array),
	    TEST(raw_bytes_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
