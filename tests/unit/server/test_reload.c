/* SIGHUP, without files, loops and PostgreSQL: those are the test's. */
#include "server/reload.h"
#include "reload_fixture.h"

/* One that goes on where it should not has had the time for it. */
static void let_it_go_on(void)
{
	usleep(20 * 1000);
}

static void fill_with_editions(void)
{
	for (unsigned i = 1; i < EDITIONS_MAX; i++) {
		reload_ask(&reload);
		turn_and_keep(i);
	}
}

static void a_good_edition_is_served_by_every_loop(void **state)
{
	struct edition *first = reload.current, *serves[LOOPS] = {first, first};

	(void)state;
	reload_ask(&reload);
	UNTIL(seen.handed == LOOPS);
	assert_int_equal(seen.start_wait_ms, 0);
	assert_int_equal(seen.registered, 1);
	assert_int_equal(seen.allowed_ms, 2000);
	assert_int_equal(seen.last->catalog.edition, 2);
	let_it_go_on();
	turn(0, &serves[0]);
	let_it_go_on();
	assert_int_equal(seen.good, 0);
	assert_int_equal(seen.destroyed, 0);
	turn(1, &serves[1]);
	/* no loop holds the first one any more */
	UNTIL(seen.is_destroyed[1]);
	assert_int_equal(atomic_load(&seen.last->takers), LOOPS);
	assert_int_equal(seen.good, 1);
	assert_ptr_equal(reload.current, seen.last);
	assert_int_equal(seen.fetchers, 0);
	stop();
}

static void an_edition_lasts_as_long_as_something_is_under_way_with_it(void **state)
{
	struct edition *first = reload.current, *serves[LOOPS] = {NULL, first};

	(void)state;
	reload_ask(&reload);
	UNTIL(seen.handed == LOOPS);
	turn(0, &serves[0]); /* and has requests under way with the first */
	turn(1, &serves[1]);
	UNTIL(seen.good == 1);
	reload_ask(&reload);
	UNTIL(seen.handed == 2 * LOOPS);
	assert_false(seen.is_destroyed[1]);
	turn(0, &serves[0]);
	turn(1, &serves[1]);
	UNTIL(seen.is_destroyed[2]);
	assert_false(seen.is_destroyed[1]);
	reload_note_left(first);
	UNTIL(seen.is_destroyed[1]);
	stop();
}

static void a_broken_edition_is_refused(void **state)
{
	struct edition *first = reload.current;

	(void)state;
	seen.is_broken = true;
	reload_ask(&reload);
	UNTIL(seen.refused == 1 && seen.is_destroyed[2]);
	CHANGE(seen.is_broken = false; seen.is_away = true);
	reload_ask(&reload);
	UNTIL(seen.refused == 2 && seen.is_destroyed[3]);
	assert_int_equal(seen.handed + seen.good + seen.registered, 0);
	assert_ptr_equal(reload.current, first);
	assert_false(seen.is_destroyed[1]);
	stop();
}

static void what_is_asked_during_a_reload_is_done_once_after_it(void **state)
{
	(void)state;
	seen.is_broken = seen.is_held = true;
	reload_ask(&reload);
	UNTIL(seen.loads == 1);
	for (unsigned i = 0; i < 3; i++)
		reload_ask(&reload);
	CHANGE(seen.is_held = false);
	UNTIL(seen.refused == 2);
	stop();
	assert_int_equal(seen.loads, 2);
}

static void once_forbidden_nothing_is_handed_over(void **state)
{
	struct edition *first = reload.current;

	(void)state;
	seen.is_held = true;
	reload_ask(&reload);
	UNTIL(seen.loads == 1);
	reload_forbid(&reload);
	assert_false(reload_stop(&reload)); /* it waits for PostgreSQL */
	CHANGE(seen.is_held = false);
	stop();
	assert_int_equal(seen.handed + seen.good, 0);
	assert_ptr_equal(reload.current, first);
}

/* A loop that waits itself turns later; the next edition takes the place of the one that it never served. */
static void a_loop_may_pass_an_edition_over(void **state)
{
	struct edition *first = reload.current, *serves[LOOPS] = {first, first};

	(void)state;
	service.longest_timeout_ms = 0;
	reload_ask(&reload);
	UNTIL(seen.handed == LOOPS);
	turn(0, &serves[0]);
	UNTIL(seen.good == 1); /* though it waited for the other one in vain */
	reload_ask(&reload);
	UNTIL(seen.handed == 2 * LOOPS);
	turn(0, &serves[0]);
	turn(1, &serves[1]);
	UNTIL(seen.is_destroyed[1] && seen.is_destroyed[2]);
	assert_int_equal(serves[1]->catalog.edition, 3);
	stop();
}

static void with_as_many_editions_as_may_be_the_oldest_is_cut_off(void **state)
{
	struct edition *first = reload.current, *serves[LOOPS] = {NULL, NULL};

	(void)state;
	service.longest_timeout_ms = 0;
	fill_with_editions();
	assert_int_equal(seen.destroyed, 0);
	let_it_go_on();
	assert_false(first->is_expired);
	reload_ask(&reload);
	while (!atomic_load(&first->is_expired))
		usleep(1000);
	assert_int_equal(seen.loads, EDITIONS_MAX - 1);
	reload_note_left(first);
	reload_note_left(first);
	UNTIL(seen.handed == EDITIONS_MAX * LOOPS);
	assert_true(seen.is_destroyed[1]);
	assert_int_equal(seen.destroyed, 1);
	turn(0, &serves[0]);
	turn(1, &serves[1]);
	stop();
}

/* The last request with an edition ends while the thread waits to be asked: nothing else wakes it. */
static void what_is_left_while_nothing_is_asked_is_freed(void **state)
{
	struct edition *first = reload.current;

	(void)state;
	reload_ask(&reload);
	turn_and_keep(1);
	let_it_go_on();
	reload_note_left(first);
	let_it_go_on();
	assert_false(seen.is_destroyed[1]);
	reload_note_left(first);
	UNTIL(seen.is_destroyed[1]);
	stop();
}

/* Without waiting until the oldest may be cut off. */
static void one_that_is_left_makes_room(void **state)
{
	struct edition *first = reload.current, *serves[LOOPS] = {NULL, NULL};

	(void)state;
	fill_with_editions();
	reload_ask(&reload);
	let_it_go_on();
	assert_int_equal(seen.loads, EDITIONS_MAX - 1);
	reload_note_left(first);
	reload_note_left(first);
	UNTIL(seen.handed == EDITIONS_MAX * LOOPS);
	assert_true(seen.is_destroyed[1]);
	turn(0, &serves[0]);
	turn(1, &serves[1]);
	stop();
}

static void the_end_does_not_wait_for_loops(void **state)
{
	(void)state;
	reload_ask(&reload);
	UNTIL(seen.handed == LOOPS);
	let_it_go_on();
	stop();
	assert_null(strstr(seen.told, "READY"));
}

static void the_end_does_not_wait_for_room(void **state)
{
	(void)state;
	fill_with_editions();
	reload_ask(&reload);
	let_it_go_on();
	stop();
	assert_int_equal(seen.loads, EDITIONS_MAX - 1);
}

static void the_service_manager_is_told_of_both_ends(void **state)
{
	struct edition *serves[LOOPS] = {reload.current, reload.current};

	(void)state;
	reload_ask(&reload);
	UNTIL(seen.handed == LOOPS);
	assert_string_equal(seen.told, "RELOADING=1 ");
	turn(0, &serves[0]);
	turn(1, &serves[1]);
	UNTIL(strcmp(seen.told, "RELOADING=1 READY=1 ") == 0);
	CHANGE(seen.is_broken = true);
	reload_ask(&reload);
	UNTIL(strcmp(seen.told, "RELOADING=1 READY=1 RELOADING=1 READY=1 ") == 0);
	stop();
}

static void the_fetcher_is_made_with_the_first_that_fetches_and_events_turn(void **state)
{
	struct edition *serves[LOOPS] = {reload.current, reload.current};

	(void)state;
	seen.fetches = true;
	for (unsigned i = 1; i <= 2; i++) {
		reload_ask(&reload);
		UNTIL(seen.handed == i * LOOPS);
		turn(0, &serves[0]);
		turn(1, &serves[1]);
		UNTIL(seen.good == i);
	}
	assert_int_equal(seen.fetchers, 1);
	assert_ptr_equal(service.run.fetcher, (struct fetcher *)&seen);
	assert_int_equal(seen.begun, seen.last->catalog.edition);
	assert_int_equal(seen.turned, seen.last->catalog.edition);
	assert_int_equal(seen.cache_begun, seen.last->catalog.edition);
	assert_int_equal(seen.forgotten, 2);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_good_edition_is_served_by_every_loop),
	    TEST(an_edition_lasts_as_long_as_something_is_under_way_with_it),
	    TEST(a_broken_edition_is_refused),
	    TEST(what_is_asked_during_a_reload_is_done_once_after_it),
	    TEST(once_forbidden_nothing_is_handed_over),
	    TEST(a_loop_may_pass_an_edition_over),
	    TEST(with_as_many_editions_as_may_be_the_oldest_is_cut_off),
	    TEST(the_fetcher_is_made_with_the_first_that_fetches_and_events_turn),
	    TEST(what_is_left_while_nothing_is_asked_is_freed),
	    TEST(one_that_is_left_makes_room),
	    TEST(the_end_does_not_wait_for_loops),
	    TEST(the_end_does_not_wait_for_room),
	    TEST(the_service_manager_is_told_of_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
