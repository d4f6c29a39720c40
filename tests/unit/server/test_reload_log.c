#include "reload_fixture.h"

/* What is logged */

/* Returns what the reload says that ends with READY. */
static const char *logged_by(void (*turns)(void))
{
	CHANGE(seen.told[0] = '\0');
	log_tap_begin(LOG_INFO);
	reload_ask(&reload);
	if (turns != NULL)
		turns();
	UNTIL(strstr(seen.told, "READY") != NULL);
	return log_tap_end();
}

static void assert_says(const char *logged, const char *part)
{
	if (strstr(logged, part) == NULL)
		fail_msg("no \"%s\" in:\n%s", part, logged);
}

static void both_turn(void)
{
	turn_and_keep(1);
}

static void the_log_says_what_a_reload_has_changed(void **state)
{
	const char *logged;

	(void)state;
	seen.endpoints = 7;
	seen.changes = (struct edition_changes){.added = 1, .removed = 2, .changed = 3};
	logged = logged_by(both_turn);
	assert_says(logged, "SIGHUP: reading the endpoints again");
	assert_says(logged, "reloaded: 7 endpoints, 1 added, 2 removed, 3 changed, in ");
	assert_null(strstr(logged, "later"));
	assert_null(strstr(logged, "types"));
	stop();
}

static void the_log_says_that_types_are_others(void **state)
{
	(void)state;
	seen.endpoints = 1;
	seen.changes = (struct edition_changes){.has_other_types = true};
	assert_says(logged_by(both_turn), "reloaded: 1 endpoint, 0 added, 0 removed, 0 changed, with other types in");
	stop();
}

static void one_turns(void)
{
	UNTIL(seen.handed == LOOPS);
	turn(0, &(struct edition *){NULL});
}

static void the_log_says_that_loops_are_behind(void **state)
{
	(void)state;
	service.longest_timeout_ms = 0;
	assert_says(logged_by(one_turns), " ms; loops that wait and turn to them later: 1\n");
	stop();
}

static void the_log_says_what_is_broken(void **state)
{
	const char *logged;

	(void)state;
	seen.is_broken = true;
	logged = logged_by(NULL);
	assert_says(logged, "reload: a.sql: it is broken\n");
	assert_says(logged, "reload: a.sql:3: it is broken\n");
	assert_null(strstr(logged, "connect"));
	assert_says(logged, "the reload is refused; the endpoints from before are served on");
	seen.faults = 0;
	CHANGE(seen.is_away = true);
	logged = logged_by(NULL);
	assert_says(logged, "reload: cannot connect to the database (from ");
	assert_says(logged, "): connection refused\n");
	stop();
}

static void of_many_faults_those_that_are_kept_are_logged(void **state)
{
	(void)state;
	seen.is_broken = true;
	seen.faults = DIAGNOSTICS_MAX + 5;
	reload_ask(&reload);
	UNTIL(seen.refused == 1 && seen.is_destroyed[2]);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_log_says_what_a_reload_has_changed),
	    TEST(the_log_says_that_types_are_others),
	    TEST(the_log_says_that_loops_are_behind),
	    TEST(the_log_says_what_is_broken),
	    TEST(of_many_faults_those_that_are_kept_are_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
