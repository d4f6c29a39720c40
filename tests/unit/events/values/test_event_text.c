#include "events/values/event_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static struct buffer out;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0);
	out = buffer_in(&arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_cleanup(&arena);
	return 0;
}

static void assert_written(const char *expected)
{
	buffer_add_char(&out, '\0');
	assert_string_equal(out.bytes, expected);
}

static void an_event_has_name_id_and_data(void **state)
{
	(void)state;
	event_text_add(&out, "change", &(struct event_id){0xab, 5}, TEXT("{\"id\":1}"));
	assert_written("event: change\nid: 00000000000000ab-5\ndata: {\"id\":1}\n\n");
}

static void one_without_an_id_leaves_the_clients(void **state)
{
	(void)state;
	event_text_add(&out, "gap", NULL, TEXT(""));
	assert_written("event: gap\ndata: \n\n");
}

/* What a client puts together again is the data, with LF at the end of each line. */
static void each_line_of_the_data_is_one_of_its_own(void **state)
{
	(void)state;
	event_text_add(&out, "change", NULL, TEXT("a\nb\r\nc\rd\n"));
	assert_written("event: change\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
}

static void two_ends_of_lines_are_an_empty_line(void **state)
{
	(void)state;
	event_text_add(&out, "change", NULL, TEXT("\n\n\r\r\n\n\r"));
	assert_written("event: change\ndata: \ndata: \ndata: \ndata: \ndata: \ndata: \ndata: \n\n");
}

static void what_stands_behind_the_data_is_not_looked_at(void **state)
{
	(void)state;
	event_text_add(&out, "change", NULL, (struct text){"x\r\n", 2});
	assert_written("event: change\ndata: x\ndata: \n\n");
}

static void no_payload_ends_its_event_or_names_a_field(void **state)
{
	(void)state;
	event_text_add(&out, "change", NULL, TEXT("x\n\nevent: snapshot\r\rid: 1\nretry: 0\n: hello\rdata: y"));
	assert_written("event: change\ndata: x\ndata: \ndata: event: snapshot\ndata: \ndata: id: 1\ndata: retry: 0\n"
		       "data: : hello\ndata: data: y\n\n");
}

static void comments_and_retry_are_no_events(void **state)
{
	(void)state;
	event_text_add_retry(&out, 2000);
	event_text_add_comment(&out, "still here");
	assert_written("retry: 2000\n\n: still here\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_event_has_name_id_and_data, begin, end),
	    cmocka_unit_test_setup_teardown(one_without_an_id_leaves_the_clients, begin, end),
	    cmocka_unit_test_setup_teardown(each_line_of_the_data_is_one_of_its_own, begin, end),
	    cmocka_unit_test_setup_teardown(two_ends_of_lines_are_an_empty_line, begin, end),
	    cmocka_unit_test_setup_teardown(what_stands_behind_the_data_is_not_looked_at, begin, end),
	    cmocka_unit_test_setup_teardown(no_payload_ends_its_event_or_names_a_field, begin, end),
	    cmocka_unit_test_setup_teardown(comments_and_retry_are_no_events, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
