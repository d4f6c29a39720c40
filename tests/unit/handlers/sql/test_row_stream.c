/* Rows that are sent as they come. */
#include "unit/handlers/sql/endpoint_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(stream_is_one_array_in_parts),
	    TEST(stream_of_one_part_has_a_length),
	    TEST(stream_without_rows_is_an_empty_array),
	    TEST(stream_is_ndjson_where_it_is_accepted),
	    TEST(stream_is_csv_with_one_header),
	    TEST(stream_without_rows_is_a_header),
	    TEST(stream_is_json_where_that_is_wanted_more),
	    TEST(stream_that_fails_at_once_is_a_problem),
	    TEST(stream_that_fails_later_breaks_off),
	    TEST(stream_of_a_changed_table_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
