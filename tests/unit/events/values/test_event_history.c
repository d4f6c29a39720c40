#include "events/values/event_history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct event_history history;

static int end(void **state)
{
	(void)state;
	event_history_cleanup(&history);
	return 0;
}

/* The numbers and texts behind `number`, as "5:five 6:six ". */
static const char *behind(uint64_t number)
{
	static char shown[400];
	size_t length = 0;

	shown[0] = '\0';
	for (const struct event_entry *entry = event_history_behind(&history, number); entry != NULL;
	     entry = event_history_next(&history, entry))
		length += (size_t)snprintf(shown + length, sizeof(shown) - length, "%d:%.*s ", (int)entry->number,
					   (int)entry->length, entry->bytes);
	return shown;
}

static void what_came_behind_a_number_is_read_in_order(void **state)
{
	(void)state;
	event_history_init(&history, 4, 10, 1000);
	event_history_add(&history, 5, TEXT("five"));
	event_history_add(&history, 9, TEXT("nine"));
	event_history_add(&history, 12, TEXT("twelve"));
	assert_string_equal(behind(4), "5:five 9:nine 12:twelve ");
	assert_string_equal(behind(5), "9:nine 12:twelve ");
	assert_string_equal(behind(7), "9:nine 12:twelve ");
	assert_string_equal(behind(12), "");
	assert_string_equal(behind(99), "");
}

static void it_reaches_back_to_where_it_began(void **state)
{
	(void)state;
	event_history_init(&history, 4, 10, 1000);
	assert_false(event_history_reaches(&history, 3));
	assert_true(event_history_reaches(&history, 4));
	event_history_add(&history, 5, TEXT("five"));
	assert_false(event_history_reaches(&history, 3));
	assert_true(event_history_reaches(&history, 4));
}

static void the_oldest_go_when_there_are_too_many(void **state)
{
	(void)state;
	event_history_init(&history, 0, 2, 1000);
	event_history_add(&history, 1, TEXT("one"));
	event_history_add(&history, 2, TEXT("two"));
	assert_true(event_history_reaches(&history, 0));
	event_history_add(&history, 3, TEXT("three"));
	assert_string_equal(behind(0), "2:two 3:three ");
	assert_int_equal(history.count, 2);
	assert_false(event_history_reaches(&history, 0));
	assert_true(event_history_reaches(&history, 1));
}

static void the_oldest_go_when_they_are_too_large(void **state)
{
	(void)state;
	event_history_init(&history, 0, 100, 8);
	event_history_add(&history, 1, TEXT("1234"));
	event_history_add(&history, 2, TEXT("5678"));
	assert_string_equal(behind(0), "1:1234 2:5678 ");
	event_history_add(&history, 3, TEXT("9"));
	assert_string_equal(behind(0), "2:5678 3:9 ");
	assert_int_equal(history.bytes, 5);
	assert_false(event_history_reaches(&history, 0));
}

static void the_newest_stays_however_large_it_is(void **state)
{
	(void)state;
	event_history_init(&history, 0, 100, 8);
	event_history_add(&history, 1, TEXT("1"));
	event_history_add(&history, 2, TEXT("a large one"));
	assert_string_equal(behind(0), "2:a large one ");
	event_history_add(&history, 3, TEXT("3"));
	assert_string_equal(behind(0), "3:3 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(what_came_behind_a_number_is_read_in_order, end),
	    cmocka_unit_test_teardown(it_reaches_back_to_where_it_began, end),
	    cmocka_unit_test_teardown(the_oldest_go_when_there_are_too_many, end),
	    cmocka_unit_test_teardown(the_oldest_go_when_they_are_too_large, end),
	    cmocka_unit_test_teardown(the_newest_stays_however_large_it_is, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
