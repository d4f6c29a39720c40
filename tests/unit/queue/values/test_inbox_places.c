#include "queue/values/inbox_places.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct inbox_places places;
static uint64_t now_ns;

static int set_up(void **state)
{
	(void)state;
	places = (struct inbox_places){0};
	now_ns = 1000 * NS_PER_S;
	return 0;
}

/* A whole read: of what was committed late `place`, if it is not 0. */
static void read_whole(int64_t after, int64_t place, bool is_all)
{
	now_ns += INBOX_WHOLE_MS * NS_PER_MS;
	assert_int_equal(inbox_places_begin(&places, now_ns), after);
	if (place > 0)
		inbox_places_add(&places, place);
	inbox_places_end(&places, is_all);
}

static void read_on(int64_t after, int64_t place)
{
	assert_int_equal(inbox_places_begin(&places, now_ns), after);
	inbox_places_add(&places, place);
	inbox_places_end(&places, true);
}

static void most_reads_go_on_behind_the_last_place(void **state)
{
	(void)state;
	read_whole(0, 7, true);
	read_on(7, 9);
	read_on(9, 8);
	read_on(9, 12);
	read_whole(0, 10, true);
	read_on(12, 13);
}

static void a_whole_read_passes_over_what_is_long_over(void **state)
{
	(void)state;
	read_whole(0, 7, true);
	for (unsigned i = 0; i < INBOX_LATE_MS / INBOX_WHOLE_MS; i++)
		read_whole(0, 0, true);
	read_whole(0, 8, true);
	for (unsigned i = 0; i < INBOX_LATE_MS / INBOX_WHOLE_MS - 1; i++)
		read_whole(0, 0, true);
	read_whole(7, 0, true);
}

/* Place 10 is committed after 11 was read, and then nothing can be read for a minute. */
static void time_in_which_nothing_is_read_does_not_count(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		read_whole(0, 0, true);
		now_ns += INBOX_LATE_MS * NS_PER_MS;
	}
	read_whole(0, 9, true);
	read_on(9, 11);
	for (unsigned i = 0; i < 4; i++) { /* these fail */
		now_ns += INBOX_LATE_MS * NS_PER_MS;
		inbox_places_begin(&places, now_ns);
	}
	read_whole(0, 10, true);
	for (unsigned i = 0; i < 2; i++) {
		now_ns += INBOX_LATE_MS * NS_PER_MS;
		inbox_places_begin(&places, now_ns);
		inbox_places_end(&places, true);
	}
	read_whole(11, 0, true);
}

static void a_read_that_is_not_all_does_not_count(void **state)
{
	(void)state;
	read_whole(0, 11, true);
	for (unsigned i = 0; i < 4; i++) {
		now_ns += INBOX_LATE_MS * NS_PER_MS;
		read_whole(0, 0, false);
	}
	read_whole(0, 10, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(most_reads_go_on_behind_the_last_place, set_up),
	    cmocka_unit_test_setup(a_whole_read_passes_over_what_is_long_over, set_up),
	    cmocka_unit_test_setup(time_in_which_nothing_is_read_does_not_count, set_up),
	    cmocka_unit_test_setup(a_read_that_is_not_all_does_not_count, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
