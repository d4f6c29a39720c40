/* The steps of a file; what is found and read is the test's. */
#include "handlers/files/file.h"

#include "base/clock.h"
#include "exchange/exchange.h"
#include "lib/log_tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct awaitable_class file_class;
static const struct exchange_settings settings = {.request_timeout_ms = 700, .await_file = &file_class};
static struct file_site site = {.cache_control = TEXT_INIT("no-cache"), .policy = TEXT_INIT("default-src 'self'")};
static const struct route route = {.name = "files", .data = &site};
static struct exchange x;
static struct http_field fields[4];

static int set_up(void **state)
{
	(void)state;
	exchange_begin(&x, &settings, clock_now_ns());
	x.request = (struct http_request){.method = HTTP_GET, .fields = fields, .match.route = &route};
	x.next = file_get;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exchange_recycle(&x);
	exchange_cleanup(&x);
	return 0;
}

/* For another request. */
static void anew(void **state)
{
	tear_down(state);
	set_up(state);
}

static void add_line(const char *name, const char *value)
{
	fields[x.request.field_count++] = (struct http_field){text_of(name), text_of(value)};
}

/* The first step, which awaits a file. */
static struct file_order *ask(const char *path)
{
	x.request.path = text_of(path);
	assert_int_equal(exchange_step(&x), STEP_AWAIT);
	assert_ptr_equal(x.awaited.class, &file_class);
	return x.file;
}

/* What a thread would find: ten bytes that have rested. */
static enum step found(enum file_outcome outcome)
{
	x.file->outcome = outcome;
	x.file->facts = (struct file_facts){.bytes = 10, .number = 7, .modified_s = 784111777};
	x.file->at = 0;
	x.file->end = 10;
	if (x.file->reads_at_once && outcome == FILE_FOUND)
		x.file->at = x.file->part_bytes;
	return exchange_step(&x);
}

static void read_part(const char *part)
{
	x.file->part = part;
	x.file->part_bytes = strlen(part);
	x.file->at += strlen(part);
}

static const char *header(const char *name)
{
	for (unsigned i = 0; i < x.response.header_count; i++)
		if (strcmp(x.response.headers[i].name, name) == 0)
			return arena_copy(&x.arena, x.response.headers[i].value);
	return NULL;
}

static void expect_body(unsigned status, const char *body)
{
	assert_int_equal(x.response.status, status);
	assert_string_equal(arena_copy(&x.arena, x.response.body), body);
}

static void expect_problem(unsigned status, const char *detail)
{
	const char *body = arena_copy(&x.arena, x.response.body);

	assert_int_equal(x.response.status, status);
	assert_false(x.response.has_policy);
	if (strstr(body, detail) == NULL)
		fail_msg("%s is not in %s", detail, body);
}

static void a_small_file_takes_one_wait(void **state)
{
	const struct file_order *order = ask("/a%20b.js");

	(void)state;
	assert_string_equal(order->name, "a b.js");
	assert_true(order->reads_at_once);
	assert_null(order->siblings[0]);
	read_part("0123456789");
	assert_int_equal(found(FILE_FOUND), STEP_RESPOND);
	expect_body(200, "0123456789");
	assert_int_equal(x.response.length, 10);
	assert_string_equal(x.response.content_type, "text/javascript; charset=utf-8");
	assert_true(x.response.has_policy);
	assert_string_equal(header("etag"), "\"a-2ebc98a1.0-7\"");
	assert_string_equal(header("last-modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_string_equal(header("cache-control"), "no-cache");
	assert_string_equal(header("content-security-policy"), "default-src 'self'");
	assert_string_equal(header("vary"), "accept-encoding");
	assert_string_equal(header("accept-ranges"), "bytes");
	assert_null(header("content-encoding"));
	assert_null(header("content-range"));
}

static void a_larger_one_goes_on_with_each_part(void **state)
{
	(void)state;
	ask("/a.txt");
	read_part("0123");
	assert_int_equal(found(FILE_FOUND), STEP_STREAM);
	expect_body(200, "0123");
	assert_int_equal(x.response.length, 10);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(exchange_step(&x), STEP_AWAIT);
		read_part(i == 0 ? "45678" : "9");
		assert_int_equal(exchange_step(&x), i == 0 ? STEP_STREAM : STEP_RESPOND);
		expect_body(200, i == 0 ? "45678" : "9");
	}
}

static void break_off(enum file_outcome outcome, enum error error, const char *why)
{
	ask("/a.txt");
	read_part("0123");
	found(FILE_FOUND);
	assert_int_equal(exchange_step(&x), STEP_AWAIT);
	x.file->outcome = outcome;
	x.awaited.error = error;
	log_tap_begin(LOG_WARNING);
	exchange_step(&x);
	assert_non_null(strstr(log_tap_end(), why));
	assert_true(x.response.is_broken_off);
}

static void one_that_is_changed_is_broken_off(void **state)
{
	(void)state;
	break_off(FILE_CHANGED, ERROR_NONE, "/a.txt is cut off: the file was changed while it was sent");
}

static void one_that_cannot_be_read_on_is_broken_off(void **state)
{
	static const char why[] = "/a.txt is cut off: the next part of the file could not be read in time";

	break_off(FILE_FOUND, ERROR_DEADLINE, why);
	anew(state);
	break_off(FILE_CHANGED, ERROR_DEADLINE, why);
	anew(state);
	break_off(FILE_FAILED, ERROR_NONE, why);
}

static void a_range_is_read_once_it_is_known(void **state)
{
	(void)state;
	add_line("range", "bytes=3-5");
	assert_false(ask("/a.txt")->reads_at_once);
	assert_int_equal(found(FILE_FOUND), STEP_AWAIT);
	assert_int_equal(x.file->at, 3);
	assert_int_equal(x.file->end, 6);
	read_part("345");
	assert_int_equal(exchange_step(&x), STEP_RESPOND);
	expect_body(206, "345");
	assert_int_equal(x.response.length, 3);
	assert_string_equal(header("content-range"), "bytes 3-5/10");
}

/* Once found, and not read: nothing has gone out yet. */
static void a_range_that_cannot_be_read_is_refused(void **state)
{
	(void)state;
	add_line("range", "bytes=3-5");
	ask("/a.txt");
	assert_int_equal(found(FILE_FOUND), STEP_AWAIT);
	x.file->outcome = FILE_CHANGED;
	assert_int_equal(exchange_step(&x), STEP_RESPOND);
	expect_problem(503, "the file is being changed; try again");
	x.next = file_get;
	ask("/a.txt");
	assert_int_equal(found(FILE_FOUND), STEP_AWAIT);
	exchange_fail_work(&x, "file", ERROR_DEADLINE, "no thread became free");
	assert_int_equal(exchange_step(&x), STEP_RESPOND);
	expect_problem(504, "no thread became free");
}

static void a_range_that_is_none_is_refused(void **state)
{
	(void)state;
	add_line("range", "bytes=10-");
	ask("/a.txt");
	assert_int_equal(found(FILE_FOUND), STEP_RESPOND);
	expect_problem(416, "the file has 10 bytes, and none of this range");
	assert_string_equal(header("content-range"), "bytes */10");
}

static void conditions_need_no_byte(void **state)
{
	(void)state;
	add_line("if-none-match", "\"a-2ebc98a1.0-7\"");
	ask("/a.txt");
	assert_int_equal(found(FILE_FOUND), STEP_RESPOND);
	expect_body(304, "");
	assert_string_equal(header("etag"), "\"a-2ebc98a1.0-7\"");
	assert_string_equal(header("cache-control"), "no-cache");
	assert_null(header("accept-ranges"));
}

static void a_condition_that_fails_is_said(void **state)
{
	(void)state;
	add_line("if-match", "\"x\"");
	ask("/a.txt");
	assert_int_equal(found(FILE_FOUND), STEP_RESPOND);
	expect_problem(412, "the file is another one than If-Match or If-Unmodified-Since names");
}

static void a_head_reads_nothing(void **state)
{
	(void)state;
	x.request.method = HTTP_HEAD;
	assert_false(ask("/a.txt")->reads_at_once);
	assert_int_equal(found(FILE_FOUND), STEP_RESPOND);
	expect_body(200, "");
	assert_int_equal(x.response.length, 10);
}

static void an_empty_file_is_an_empty_body(void **state)
{
	ask("/a.css");
	x.file->facts = (struct file_facts){.number = 7, .modified_s = 784111777};
	assert_int_equal(exchange_step(&x), STEP_RESPOND);
	expect_body(200, "");
	assert_false(x.response.is_streamed);
	anew(state);
	add_line("if-none-match", "\"x\"");
	ask("/a.css");
	x.file->facts = (struct file_facts){.number = 7, .modified_s = 784111777};
	assert_int_equal(exchange_step(&x), STEP_RESPOND);
	expect_body(200, "");
}

static void a_client_that_likes_it_as_it_is_gets_no_sibling(void **state)
{
	(void)state;
	add_line("accept-encoding", "identity, gzip;q=0.5");
	ask("/a.js");
	assert_null(x.file->siblings[0]);
	assert_null(x.file->siblings[1]);
}

static void siblings_are_tried_in_the_order_of_the_client(void **state)
{
	(void)state;
	add_line("accept-encoding", "br, gzip");
	ask("/a.js");
	assert_string_equal(x.file->siblings[0], ".br");
	assert_string_equal(x.file->siblings[1], ".gz");
	x.file->sibling = ".br";
	read_part("0123456789");
	found(FILE_FOUND);
	assert_string_equal(header("content-encoding"), "br");
}

static void a_sibling_may_be_the_only_one(void **state)
{
	(void)state;
	add_line("accept-encoding", "gzip, br;q=0");
	ask("/a.js");
	assert_string_equal(x.file->siblings[0], ".gz");
	assert_null(x.file->siblings[1]);
	x.file->sibling = ".gz";
	read_part("0123456789");
	found(FILE_FOUND);
	assert_string_equal(header("content-encoding"), "gzip");
}

static void headers_that_are_empty_are_left_out(void **state)
{
	const struct file_site before = site;

	(void)state;
	site.cache_control = site.policy = TEXT("");
	ask("/a.js");
	read_part("0123456789");
	found(FILE_FOUND);
	site = before;
	assert_null(header("cache-control"));
	assert_null(header("content-security-policy"));
}

static void what_is_not_found_is_refused_by_its_kind(void **state)
{
	static const struct {
		enum file_outcome outcome;
		unsigned status;
		const char *detail;
	} cases[] = {
	    {FILE_MISSING, 404, "no endpoint and no file has the path /a.txt"},
	    {FILE_BUSY, 503, "too many files are open; try again"},
	    {FILE_CHANGED, 503, "the file is being changed; try again"},
	    {FILE_FAILED, 500, "the file cannot be read"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		anew(state);
		ask("/a.txt");
		assert_int_equal(found(cases[i].outcome), STEP_RESPOND);
		expect_problem(cases[i].status, cases[i].detail);
	}
}

static void a_wait_that_failed_is_said(void **state)
{
	(void)state;
	ask("/a.txt");
	exchange_fail_work(&x, "file", ERROR_DEADLINE, "no thread became free");
	assert_int_equal(exchange_step(&x), STEP_RESPOND);
	expect_problem(504, "no thread became free");
}

static void what_is_no_name_asks_for_no_file(void **state)
{
	(void)state;
	x.request.path = TEXT("/.git/config");
	assert_int_equal(exchange_step(&x), STEP_RESPOND);
	expect_problem(404, "no endpoint and no file has the path /.git/config");
	x.request.path = TEXT("/\xff");
	x.next = file_get;
	assert_int_equal(exchange_step(&x), STEP_RESPOND);
	expect_problem(404, "no endpoint and no file has this path");
}

static void a_folder_leads_to_its_slash(void **state)
{
	x.request.query = TEXT("a=1");
	ask("/some/sub");
	assert_int_equal(found(FILE_IS_FOLDER), STEP_RESPOND);
	expect_body(308, "");
	assert_string_equal(header("location"), "./sub/?a=1");
	anew(state);
	x.request.query = TEXT("a");
	ask("/some/sub");
	found(FILE_IS_FOLDER);
	assert_string_equal(header("location"), "./sub/?a");
	anew(state);
	ask("/some/sub");
	found(FILE_IS_FOLDER);
	assert_string_equal(header("location"), "./sub/");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_small_file_takes_one_wait),
	    TEST(a_larger_one_goes_on_with_each_part),
	    TEST(one_that_is_changed_is_broken_off),
	    TEST(one_that_cannot_be_read_on_is_broken_off),
	    TEST(a_range_is_read_once_it_is_known),
	    TEST(a_range_that_cannot_be_read_is_refused),
	    TEST(a_range_that_is_none_is_refused),
	    TEST(a_client_that_likes_it_as_it_is_gets_no_sibling),
	    TEST(conditions_need_no_byte),
	    TEST(a_condition_that_fails_is_said),
	    TEST(a_head_reads_nothing),
	    TEST(an_empty_file_is_an_empty_body),
	    TEST(siblings_are_tried_in_the_order_of_the_client),
	    TEST(a_sibling_may_be_the_only_one),
	    TEST(headers_that_are_empty_are_left_out),
	    TEST(what_is_not_found_is_refused_by_its_kind),
	    TEST(a_wait_that_failed_is_said),
	    TEST(what_is_no_name_asks_for_no_file),
	    TEST(a_folder_leads_to_its_slash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
