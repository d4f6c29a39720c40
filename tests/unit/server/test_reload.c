/* SIGHUP, without files, loops and PostgreSQL: those are the test's. */
#include "server/reload.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "fetch/fetcher.h"
#include "server/edition/edition.h"
#include "server/loop.h"
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
	unsigned loads, handed, refused, good, registered, fetchers;
	unsigned start_wait_ms, allowed_ms;
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
	if (status != 0)
		diagnostics_add(&edition->endpoints.diagnostics, "a.sql", 3, "it is broken");
	return status;
}

unsigned edition_longest_timeout_ms(const struct edition *edition)
{
	return edition->catalog.edition * 1000;
}

struct edition_changes edition_compare(struct edition *edition, const struct edition *before)
{
	assert_true(edition->catalog.edition > before->catalog.edition);
	return (struct edition_changes){0};
}

void edition_destroy(struct edition *edition)
{
	unsigned number = edition->catalog.edition;

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
	assert_int_equal(endpoints, 0);
	CHANGE(seen.good++);
}

void metrics_note_refused_edition(struct metrics *metrics)
{
	assert_null(metrics);
	CHANGE(seen.refused++);
}

void service_allow_timeout(struct service *of, unsigned timeout_ms)
{
	assert_ptr_equal(of, &service);
	CHANGE(seen.allowed_ms = timeout_ms);
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
	seen.loads = seen.handed = seen.refused = seen.good = seen.registered = seen.fetchers = seen.destroyed = 0;
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
	turn(0, &serves[0]);
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
	for (unsigned i = 1; i < EDITIONS_MAX; i++) {
		reload_ask(&reload);
		UNTIL(seen.handed == i * LOOPS);
		turn(0, &(struct edition *){NULL});
		turn(1, &(struct edition *){NULL});
		UNTIL(seen.good == i);
	}
	assert_int_equal(seen.destroyed, 0);
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

static void the_fetcher_is_made_with_the_first_that_fetches(void **state)
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
	    TEST(the_fetcher_is_made_with_the_first_that_fetches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
