/* SIGHUP, without files, loops and PostgreSQL: those are the test's. */
#include "server/reload.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "fetch/fetcher.h"
#include "server/events.h"
#include "lib/log_tap.h"
#include "server/edition/edition.h"
#include "server/loop.h"
#include "server/notify.h"
#include "server/state/metrics.h"
#include "server/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOOPS = 2, NUMBERS_MAX = 16, EDITIONS_MAX = 9 };

static struct options options = {.loops = LOOPS};
static struct service service;
static struct server_loop loops[LOOPS];
static struct reload reload;

/* Guarded by the lock: the reload's thread and the test's look at it. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_held, is_broken, is_away, fetches;
	unsigned loads, handed, refused, good, registered, fetchers, begun, turned;
	unsigned start_wait_ms, allowed_ms, faults, endpoints;
	struct edition_changes changes;
	char told[128];                 /* the service manager */
	struct edition *last;           /* that was loaded */
	struct edition *untaken[LOOPS]; /* the loop has been handed it, and has not turned to it */
	bool is_destroyed[NUMBERS_MAX];
	unsigned destroyed;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

#define CHANGE(what)                                                                                                   \
	do {                                                                                                           \
		pthread_mutex_lock(&seen.lock);                                                                        \
		what;                                                                                                  \
		pthread_cond_broadcast(&seen.changed);                                                                 \
		pthread_mutex_unlock(&seen.lock);                                                                      \
	} while (0)

#define UNTIL(condition)                                                                                               \
	do {                                                                                                           \
		pthread_mutex_lock(&seen.lock);                                                                        \
		while (!(condition))                                                                                   \
			pthread_cond_wait(&seen.changed, &seen.lock);                                                  \
		pthread_mutex_unlock(&seen.lock);                                                                      \
	} while (0)

/* Editions */

struct edition *edition_create(unsigned number)
{
	struct edition *edition = memory_alloc_zeroed(1, sizeof(*edition));

	edition->catalog.edition = number;
	list_init(&edition->link);
	endpoint_set_init(&edition->endpoints);
	return edition;
}

int edition_load(struct edition *edition, const struct options *of, const struct db_settings *settings,
		 const char **why)
{
	int status;

	assert_ptr_equal(of, &options);
	pthread_mutex_lock(&seen.lock);
	seen.loads++;
	seen.start_wait_ms = settings->start_wait_ms;
	seen.last = edition;
	pthread_cond_broadcast(&seen.changed);
	while (seen.is_held)
		pthread_cond_wait(&seen.changed, &seen.lock);
	status = seen.is_broken || seen.is_away ? -1 : 0;
	*why = seen.is_away ? "connection refused" : NULL;
	edition->fetches_pages = seen.fetches;
	pthread_mutex_unlock(&seen.lock);
	edition->endpoints.count = seen.endpoints;
	for (unsigned i = 0; status != 0 && i < seen.faults; i++)
		diagnostics_add(&edition->endpoints.diagnostics, "a.sql", 3 * i, "it is broken");
	return status;
}

unsigned edition_longest_timeout_ms(const struct edition *edition)
{
	return edition->catalog.edition * 1000;
}

struct edition_changes edition_compare(struct edition *edition, const struct edition *before)
{
	assert_true(edition->catalog.edition > before->catalog.edition);
	return seen.changes;
}

void edition_destroy(struct edition *edition)
{
	unsigned number = edition->catalog.edition;

	edition->endpoints.count = 0;
	endpoint_set_cleanup(&edition->endpoints);
	free(edition);
	CHANGE(seen.destroyed++; seen.is_destroyed[number] = true);
}

/* The rest of the service */

struct edition *server_loop_hand(struct server_loop *loop, struct edition *edition)
{
	struct edition *before;

	pthread_mutex_lock(&seen.lock);
	before = seen.untaken[loop - loops];
	seen.untaken[loop - loops] = edition;
	seen.handed++;
	pthread_cond_broadcast(&seen.changed);
	pthread_mutex_unlock(&seen.lock);
	return before;
}

void metrics_register(struct metrics *metrics, struct router *router)
{
	assert_null(metrics);
	assert_non_null(router);
	CHANGE(seen.registered++);
}

void metrics_note_edition(struct metrics *metrics, unsigned endpoints)
{
	assert_null(metrics);
	assert_int_equal(endpoints, seen.endpoints);
	CHANGE(seen.good++);
}

void metrics_note_refused_edition(struct metrics *metrics)
{
	assert_null(metrics);
	CHANGE(seen.refused++);
}

void notify_manager(const char *state)
{
	size_t used = strlen(seen.told);

	CHANGE(snprintf(seen.told + used, sizeof(seen.told) - used, "%s ", state));
}

void service_allow_timeout(struct service *of, unsigned timeout_ms)
{
	assert_ptr_equal(of, &service);
	CHANGE(seen.allowed_ms = timeout_ms);
}

void service_events_begin(struct service *of, const struct edition *edition)
{
	assert_ptr_equal(of, &service);
	CHANGE(seen.begun = edition->catalog.edition);
}

void service_events_turn(struct service *of, const struct edition *edition)
{
	assert_ptr_equal(of, &service);
	CHANGE(seen.turned = edition->catalog.edition);
}

struct fetcher *fetcher_create(const struct fetcher_settings *settings)
{
	assert_null(settings);
	CHANGE(seen.fetchers++);
	return (struct fetcher *)&seen;
}

/* What the loops do */

/* The loop turns to what it was handed; nothing is under way with the one before. */
static void turn(unsigned loop, struct edition **serves)
{
	struct edition *taken, *before = *serves;

	pthread_mutex_lock(&seen.lock);
	taken = seen.untaken[loop];
	seen.untaken[loop] = NULL;
	pthread_mutex_unlock(&seen.lock);
	assert_non_null(taken);
	*serves = taken;
	reload_note_taken(taken);
	if (before != NULL)
		reload_note_left(before);
}

/* One that goes on where it should not has had the time for it. */
static void let_it_go_on(void)
{
	usleep(20 * 1000);
}

/* Both loops turn to it, and have something under way with the one before. */
static void turn_and_keep(unsigned reloads)
{
	UNTIL(seen.handed == reloads * LOOPS);
	turn(0, &(struct edition *){NULL});
	turn(1, &(struct edition *){NULL});
	UNTIL(seen.good == reloads);
}

static void fill_with_editions(void)
{
	for (unsigned i = 1; i < EDITIONS_MAX; i++) {
		reload_ask(&reload);
		turn_and_keep(i);
	}
}

static int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	memset(&service, 0, sizeof(service));
	service.options = &options;
	service.run.db.start_wait_ms = 5000;
	/* a reload that waits for nothing never ends */
	service.longest_timeout_ms = 600 * 1000;
	seen.is_held = seen.is_broken = seen.is_away = seen.fetches = false;
	seen.loads = seen.handed = seen.refused = seen.good = seen.registered = seen.fetchers = seen.begun =
	    seen.turned = seen.destroyed = 0;
	seen.faults = 2;
	seen.endpoints = 0;
	seen.changes = (struct edition_changes){0};
	seen.told[0] = '\0';
	memset(seen.untaken, 0, sizeof(seen.untaken));
	memset(seen.is_destroyed, 0, sizeof(seen.is_destroyed));
	memset(&reload, 0, sizeof(reload));
	reload.service = &service;
	reload.loops = loops;
	reload.current = edition_create(1);
	reload_start(&reload);
	return 0;
}

static void stop(void)
{
	assert_true(reload_stop(&reload));
	reload_cleanup(&reload);
	/* the refused ones were destroyed, and so are all others now */
	assert_int_equal(seen.destroyed, 1 + seen.loads);
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
	stop();
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

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
	    TEST(the_log_says_what_a_reload_has_changed),
	    TEST(the_log_says_that_types_are_others),
	    TEST(the_log_says_that_loops_are_behind),
	    TEST(the_log_says_what_is_broken),
	    TEST(of_many_faults_those_that_are_kept_are_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
