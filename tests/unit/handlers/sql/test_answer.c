/* What of a row is no part of the body. */
#include "unit/handlers/sql/endpoint_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_runs_for_a_client_that_takes_nothing),
	    TEST(a_column_is_sent_as_it_is),
	    TEST(a_column_that_is_null_is_nothing),
	    TEST(what_cannot_be_sent_is_not),
	    TEST(the_rest_of_a_row_is_the_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
