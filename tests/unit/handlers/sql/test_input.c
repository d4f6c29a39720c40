/* What of a request becomes the values of a statement, and what is refused. */
#include "unit/handlers/sql/endpoint_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
