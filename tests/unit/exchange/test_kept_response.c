/* A response as bytes, and back. */
#include "exchange/kept_response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct exchange_settings settings = {.request_timeout_ms = 1000};
static struct exchange x;
static struct text kept;

static int set_up(void **state)
{
	(void)state;
	memset(&x, 0, offsetof(struct exchange, inline_bytes));
	exchange_begin(&x, &settings, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exchange_cleanup(&x);
	free((char *)(uintptr_t)kept.at);
	return 0;
}

static void keep(unsigned first)
{
	size_t bytes = kept_response_bytes(&x.response, first);
	char *place = malloc(bytes);

	kept_response_write(&x.response, first, place);
	kept = (struct text){place, bytes};
	exchange_recycle(&x);
	exchange_begin(&x, &settings, 0);
}

static void assert_header(unsigned index, const char *name, const char *value)
{
	assert_string_equal(x.response.headers[index].name, name);
	assert_true(text_equal(x.response.headers[index].value, text_of(value)));
}

static void everything_comes_back(void **state)
{
	(void)state;
	response_add_header(&x, "x-one", TEXT("1"));
	response_add_header(&x, "x-empty", TEXT(""));
	respond_text(&x, 200, "text/plain", TEXT("body"));
	x.response.etag = TEXT("5-csv");
	x.response.is_conditional = x.response.is_dated = true;
	x.response.modified_s = 12345;
	keep(0);
	assert_int_equal(respond_kept(&x, 0, kept), STEP_RESPOND);
	assert_int_equal(x.response.status, 200);
	assert_string_equal(x.response.content_type, "text/plain");
	assert_true(text_equal(x.response.body, TEXT("body")));
	assert_true(text_equal(x.response.etag, TEXT("5-csv")));
	assert_true(x.response.is_conditional && x.response.is_dated);
	assert_false(x.response.is_hashed);
	assert_int_equal(x.response.modified_s, 12345);
	assert_int_equal(x.response.header_count, 2);
	assert_header(0, "x-one", "1");
	assert_header(1, "x-empty", "");
}

static void what_was_not_there_is_not_there(void **state)
{
	(void)state;
	respond_empty(&x, 404);
	x.response.is_conditional = x.response.is_hashed = true;
	keep(0);
	respond_kept(&x, 0, kept);
	assert_int_equal(x.response.status, 404);
	assert_null(x.response.content_type);
	assert_null(x.response.etag.at);
	assert_int_equal(x.response.body.length, 0);
	assert_int_equal(x.response.header_count, 0);
	assert_true(x.response.is_conditional && x.response.is_hashed);
}

/* They say what is left of a rate. */
static void headers_of_the_request_are_its_own(void **state)
{
	(void)state;
	response_add_header(&x, "ratelimit", TEXT("of the first"));
	response_add_header(&x, "x-one", TEXT("1"));
	respond_json(&x, 200, TEXT("{}"));
	keep(1);
	response_add_header(&x, "ratelimit", TEXT("of the second"));
	/* an answer of its own, which is replaced */
	respond_problem(&x, ERROR_BUSY, "no");
	respond_kept(&x, 1, kept);
	assert_int_equal(x.response.header_count, 2);
	assert_header(0, "ratelimit", "of the second");
	assert_header(1, "x-one", "1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(everything_comes_back),
	    TEST(what_was_not_there_is_not_there),
	    TEST(headers_of_the_request_are_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
