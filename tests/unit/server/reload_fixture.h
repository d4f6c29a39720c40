/* reload_fixture.h - a reload among the rest of the service.
 *
 * SIGHUP, without files, loops and PostgreSQL: those are the test's.
 */
#pragma once

#include "server/reload.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "fetch/fetcher.h"
#include "server/events.h"
#include "server/kept_answers.h"
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
	unsigned loads, handed, refused, good, registered, fetchers, begun, turned, cache_begun, forgotten;
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

void service_cache_begin(struct service *of, const struct edition *edition)
{
	assert_ptr_equal(of, &service);
	CHANGE(seen.cache_begun = edition->catalog.edition);
}

void service_cache_turn(struct service *of)
{
	assert_ptr_equal(of, &service);
	CHANGE(seen.forgotten++);
}

struct fetcher *fetcher_create(const struct fetcher_settings *settings)
{
	assert_null(settings);
	CHANGE(seen.fetchers++);
	return (struct fetcher *)&seen;
}

/* The loop turns to what it was handed; nothing is under way with the one before. */
static inline void turn(unsigned loop, struct edition **serves)
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

/* Both loops turn to it, and have something under way with the one before. */
static inline void turn_and_keep(unsigned reloads)
{
	UNTIL(seen.handed == reloads * LOOPS);
	turn(0, &(struct edition *){NULL});
	turn(1, &(struct edition *){NULL});
	UNTIL(seen.good == reloads);
}

static inline int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	memset(&service, 0, sizeof(service));
	service.options = &options;
	service.run.db.start_wait_ms = 5000;
	/* a reload that waits for nothing never ends */
	service.longest_timeout_ms = 600 * 1000;
	seen.is_held = seen.is_broken = seen.is_away = seen.fetches = false;
	seen.cache_begun = seen.forgotten = seen.loads = seen.handed = seen.refused = seen.good = seen.registered =
	    seen.fetchers = seen.begun = seen.turned = seen.destroyed = 0;
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

static inline void stop(void)
{
	assert_true(reload_stop(&reload));
	reload_cleanup(&reload);
	/* the refused ones were destroyed, and so are all others now */
	assert_int_equal(seen.destroyed, 1 + seen.loads);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)
