#include "handlers/files/conditional.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define THEN   "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"
#define TAG    "\"a-2ebc98a1.0-7\""

enum { WHOLE = FILE_ANSWER_WHOLE, PART, NO_PART, NOT_MODIFIED, FAILED };

static const struct file_facts facts = {.bytes = 10, .number = 7, .modified_s = 784111777};
static const int64_t NOW_S = 1700000000;
static struct exchange_settings settings;
static struct exchange x;
static struct file_conditional conditional;
static struct http_field fields[4];

static int set_up(void **state)
{
	(void)state;
	exchange_begin(&x, &settings, clock_now_ns());
	conditional = (struct file_conditional){0};
	x.request.fields = fields;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exchange_recycle(&x);
	exchange_cleanup(&x);
	return 0;
}

static void add_line(const char *name, const char *value)
{
	if (name != NULL)
		fields[x.request.field_count++] = (struct http_field){text_of(name), text_of(value)};
}

static int judge(enum http_method method, const struct file_facts *of, int64_t now_s)
{
	x.request.method = method;
	file_conditional_accept(&conditional, &x.request);
	return (int)file_conditional_judge(&conditional, &x, of, now_s);
}

static void the_answer_is_that_of_the_lines(void **state)
{
	static const struct {
		const char *lines[3][2];
		int answer;
	} cases[] = {
	    {{{NULL}}, WHOLE},
	    {{{"if-none-match", TAG}}, NOT_MODIFIED},
	    {{{"if-none-match", "\"x\""}}, WHOLE},
	    {{{"if-match", "\"x\""}}, FAILED},
	    {{{"if-match", "\"x\""}, {"if-none-match", TAG}}, FAILED},
	    {{{"if-modified-since", THEN}}, NOT_MODIFIED},
	    {{{"if-modified-since", BEFORE}}, WHOLE},
	    {{{"if-unmodified-since", BEFORE}}, FAILED},
	    {{{"range", "bytes=2-3"}}, PART},
	    {{{"range", "bytes=10-"}}, NO_PART},
	    {{{"range", "bytes=10-"}, {"if-none-match", TAG}}, NOT_MODIFIED},
	    {{{"range", "bytes=2-3"}, {"range", "bytes=2-3"}}, WHOLE},
	    {{{"range", "bytes=2-3"}, {"if-range", TAG}}, PART},
	    {{{"range", "bytes=2-3"}, {"if-range", "W/" TAG}}, WHOLE},
	    {{{"range", "bytes=2-3"}, {"if-range", THEN}}, PART},
	    {{{"range", "bytes=2-3"}, {"if-range", AFTER}}, WHOLE},
	    {{{"range", "bytes=2-3"}, {"if-range", ""}}, WHOLE},
	    {{{"range", "bytes=2-3"}, {"if-range", TAG}, {"if-range", TAG}}, WHOLE},
	    {{{"range", "bytes=99-"}, {"if-range", "\"x\""}}, WHOLE},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		int answer;

		x.request.field_count = 0;
		conditional = (struct file_conditional){0};
		for (unsigned j = 0; j < 3; j++)
			add_line(cases[i].lines[j][0], cases[i].lines[j][1]);
		answer = judge(HTTP_GET, &facts, NOW_S);
		if (answer != cases[i].answer)
			fail_msg("case %u: %d, not %d", i, answer, cases[i].answer);
		if (answer == WHOLE)
			assert_true(conditional.range.first == 0 && conditional.range.end == 10);
		if (answer == PART)
			assert_true(conditional.range.first == 2 && conditional.range.end == 4);
	}
}

static void a_head_has_no_part(void **state)
{
	(void)state;
	add_line("range", "bytes=2-3");
	assert_int_equal(judge(HTTP_HEAD, &facts, NOW_S), WHOLE);
	add_line("if-none-match", TAG);
	assert_int_equal(judge(HTTP_HEAD, &facts, NOW_S), NOT_MODIFIED);
}

static void a_file_that_rests_has_tag_and_date(void **state)
{
	(void)state;
	judge(HTTP_GET, &facts, NOW_S);
	assert_true(text_equal(conditional.etag, TEXT(TAG)));
	assert_true(text_equal(conditional.date, TEXT(THEN)));
}

static void a_young_one_has_neither_and_no_condition_holds_it(void **state)
{
	(void)state;
	add_line("range", "bytes=2-3");
	add_line("if-range", "");
	assert_int_equal(judge(HTTP_GET, &facts, facts.modified_s + 1), WHOLE);
	assert_int_equal(conditional.etag.length, 0);
	assert_int_equal(conditional.date.length, 0);
	add_line("if-modified-since", AFTER);
	assert_int_equal(judge(HTTP_GET, &facts, facts.modified_s + 1), WHOLE);
	add_line("if-none-match", TAG);
	assert_int_equal(judge(HTTP_GET, &facts, facts.modified_s + 1), WHOLE);
	fields[3] = (struct http_field){TEXT("if-match"), TEXT(TAG)};
	assert_int_equal(judge(HTTP_GET, &facts, facts.modified_s + 1), FAILED);
}

/* No Last-Modified may be later than Date, and dates before 1970 are not written. */
static void times_that_are_no_dates_make_a_tag_alone(void **state)
{
	static const int64_t times[] = {NOW_S + 100, -5};

	(void)state;
	judge(HTTP_GET, &(struct file_facts){.bytes = 10, .number = 7}, NOW_S);
	assert_true(text_equal(conditional.date, TEXT("Thu, 01 Jan 1970 00:00:00 GMT")));
	for (unsigned i = 0; i < 2; i++) {
		const struct file_facts odd = {.bytes = 10, .number = 7, .modified_s = times[i]};

		conditional = (struct file_conditional){0};
		judge(HTTP_GET, &odd, NOW_S);
		assert_true(conditional.etag.length > 0);
		assert_int_equal(conditional.date.length, 0);
	}
}

static void what_the_answer_depends_on_is_noticed(void **state)
{
	static const char *const names[] = {"range", "if-none-match", "if-match", "if-modified-since",
					    "if-unmodified-since"};

	(void)state;
	assert_false(file_conditional_is_asked(&x.request));
	/* without a Range line it has no meaning */
	add_line("if-range", TAG);
	assert_false(file_conditional_is_asked(&x.request));
	for (unsigned i = 0; i < ARRAY_LENGTH(names); i++) {
		x.request.field_count = 1;
		add_line(names[i], "");
		assert_true(file_conditional_is_asked(&x.request));
	}
}

static void the_lines_of_codings_are_one_list(void **state)
{
	(void)state;
	add_line("accept-encoding", "br;q=0.5");
	add_line("accept-encoding", "gzip");
	file_conditional_accept(&conditional, &x.request);
	assert_int_equal(accept_encoding_best(&conditional.accepted), CODING_GZIP);
	assert_true(accept_encoding_takes(&conditional.accepted, CODING_BROTLI));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_answer_is_that_of_the_lines),          TEST(a_head_has_no_part),
	    TEST(a_file_that_rests_has_tag_and_date),       TEST(a_young_one_has_neither_and_no_condition_holds_it),
	    TEST(times_that_are_no_dates_make_a_tag_alone), TEST(what_the_answer_depends_on_is_noticed),
	    TEST(the_lines_of_codings_are_one_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
