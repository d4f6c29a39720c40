#include "works_fixture.h"

/* Titles: the pages are what the test says. */

static const char *const order_of_two[WORK_VALUES_MAX] = {"{\"http://a/\",\"http://b/?x=\\\"\"}", "7", "4", "false"};

static void bring(struct fetch_page *pages, unsigned count, unsigned left)
{
	for (unsigned i = 0; i < count; i++)
		list_append(&x.pages, &pages[i].link);
	x.pages_left = left;
}

static void titles_are_told_as_they_come(void **state)
{
	struct fetch_page pages[] = {
	    {.url = "http://b/?x=\"",
	     .final_url = "http://b/y",
	     .status = 200,
	     .title = "B \"b\"",
	     .bytes = 12,
	     .wait_us = 1002003},
	    {.url = "http://a/", .final_url = "http://a/", .error = "none"},
	};

	(void)state;
	x.media = MEDIA_NDJSON;
	assert_int_equal(work_titles.begin(&x, order_of_two), STEP_AWAIT);
	assert_ptr_equal(x.awaited.class, &pages_class);
	assert_int_equal(x.fetch_order->count, 2);
	assert_string_equal(x.fetch_order->urls[0], "http://a/");
	assert_string_equal(x.fetch_order->urls[1], "http://b/?x=\"");
	assert_int_equal(x.fetch_order->concurrency, 7);
	assert_int_equal(x.fetch_order->interval_ns, 250000000);
	assert_false(x.fetch_order->is_sequential);
	bring(&pages[0], 1, 1);
	assert_int_equal(x.next(&x), STEP_STREAM);
	assert_string_equal(x.response.content_type, "application/x-ndjson");
	assert_true(text_equal(
	    x.response.body,
	    TEXT("{\"url\":\"http://b/?x=\\\"\",\"final_url\":\"http://b/y\",\"status\":200,\"title\":\"B \\\"b\\\"\","
		 "\"bytes\":12,\"dns_ms\":0.000,\"connect_ms\":0.000,\"wait_ms\":1002.003,"
		 "\"transfer_ms\":0.000,\"error\":null}\n")));
	assert_int_equal(x.next(&x), STEP_AWAIT);
	bring(&pages[1], 1, 0);
	assert_int_equal(x.next(&x), STEP_RESPOND);
	assert_true(text_equal(x.response.body,
			       TEXT("{\"url\":\"http://a/\",\"final_url\":\"http://a/\",\"status\":null,\"title\":null,"
				    "\"bytes\":0,\"dns_ms\":0.000,\"connect_ms\":0.000,\"wait_ms\":0.000,"
				    "\"transfer_ms\":0.000,\"error\":\"none\"}\n")));
}

static void titles_in_an_array(void **state)
{
	struct fetch_page pages[2] = {{.url = "a", .final_url = "a"}, {.url = "b", .final_url = "b"}};

	(void)state;
	x.request.accept = TEXT("text/html, Application/JSON");
	assert_int_equal(work_titles.begin(&x, order_of_two), STEP_AWAIT);
	bring(pages, 2, 0);
	assert_int_equal(x.next(&x), STEP_RESPOND);
	assert_string_equal(x.response.content_type, "application/json");
	assert_memory_equal(x.response.body.at, "[{\"url\":\"a\"", 11);
	assert_non_null(strstr(arena_copy(&x.arena, x.response.body), "},\n{\"url\":\"b\""));
	assert_int_equal(x.response.body.at[x.response.body.length - 1], ']');
}

static void a_fetcher_that_is_busy_is_said(void **state)
{
	(void)state;
	assert_int_equal(work_titles.begin(&x, order_of_two), STEP_AWAIT);
	x.awaited.error = ERROR_BUSY;
	x.awaited.why = "busy";
	assert_int_equal(x.next(&x), STEP_RESPOND);
	assert_int_equal(x.response.status, 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(titles_are_told_as_they_come, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(titles_in_an_array, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_fetcher_that_is_busy_is_said, set_up, tear_down),
	};

	endpoint_set_init(&set);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
