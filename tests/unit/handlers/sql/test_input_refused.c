/* What of a request becomes the values of a statement, and what is refused. */
#include "unit/handlers/sql/endpoint_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
