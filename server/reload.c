#include "server/reload.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/require.h"
#include "fetch/fetcher.h"
#include "identity/key_ring.h"
#include "server/edition/edition.h"
#include "server/events.h"
#include "server/kept_answers.h"
#include "server/loop.h"
#include "server/notify.h"
#include "server/state/metrics.h"
#include "server/service.h"

#include <errno.h>
#include <time.h>

enum {
	EDITIONS_MAX = 9, /* the one in force and eight before it */
	GRACE_MS = 2000,  /* beyond the longest deadline: what a loop needs to notice */
	STOP_MS = 1000,
};

/* What the loops say */

static void note_change(struct reload *reload)
{
	pthread_mutex_lock(&reload->lock);
	pthread_cond_signal(&reload->changed);
	pthread_mutex_unlock(&reload->lock);
}

void reload_note_taken(struct edition *edition)
{
	struct reload *reload = edition->reload;

	atomic_fetch_add(&edition->takers, 1);
	note_change(reload);
}

void reload_note_left(struct edition *edition)
{
	struct reload *reload = edition->reload;

	/* it may be gone from here on */
	if (reload != NULL && atomic_fetch_sub(&edition->holders, 1) == 1)
		note_change(reload);
}

/* Waits until something has changed, or the deadline. False: the deadline, or the end. */
static bool wait_for_change(struct reload *reload, uint64_t deadline_ns)
{
	struct timespec deadline = {(time_t)(deadline_ns / NS_PER_S), (long)(deadline_ns % NS_PER_S)};

	return !reload->is_forbidden && pthread_cond_timedwait(&reload->changed, &reload->lock, &deadline) != ETIMEDOUT;
}

static uint64_t patience_ends_ns(const struct reload *reload)
{
	return clock_now_ns() + (atomic_load(&reload->service->longest_timeout_ms) + GRACE_MS) * NS_PER_MS;
}

/* Editions */

static void free_edition(struct reload *reload, struct edition *edition)
{
	list_remove(&edition->link);
	reload->edition_count--;
	edition_destroy(edition);
}

static bool is_any_left(const struct reload *reload)
{
	LIST_EACH (item, &reload->editions)
		if (atomic_load(&CONTAINER_OF(item, struct edition, link)->holders) == 0)
			return true;
	return false;
}

static void free_those_left(struct reload *reload)
{
	LIST_EACH (item, &reload->editions) {
		struct edition *edition = CONTAINER_OF(item, struct edition, link);

		if (atomic_load(&edition->holders) == 0)
			free_edition(reload, edition);
	}
}

static void hold(struct reload *reload, struct edition *edition)
{
	edition->reload = reload;
	/* by each loop, and for being in force */
	atomic_store(&edition->holders, reload->service->options->loops + 1);
	list_append(&reload->editions, &edition->link);
	reload->edition_count++;
}

/* Waits for one that no loop holds any more. False: for longer than any request may take, or it is the end. */
static bool wait_for_one_left(struct reload *reload)
{
	uint64_t deadline_ns = patience_ends_ns(reload);
	bool is_left;

	pthread_mutex_lock(&reload->lock);
	while (!is_any_left(reload) && wait_for_change(reload, deadline_ns))
		continue;
	is_left = is_any_left(reload);
	pthread_mutex_unlock(&reload->lock);
	return is_left;
}

/* What is still under way with the oldest is a stream. */
static void expire_oldest(struct reload *reload)
{
	struct edition *oldest = CONTAINER_OF(reload->editions.next, struct edition, link);

	if (!atomic_exchange(&oldest->is_expired, true))
		log_warning("server", "streams that began %d reloads ago are cut off", EDITIONS_MAX - 1);
}

static bool is_over(struct reload *reload)
{
	bool is_forbidden;

	pthread_mutex_lock(&reload->lock);
	is_forbidden = reload->is_forbidden;
	pthread_mutex_unlock(&reload->lock);
	return is_forbidden;
}

/* False: it is the end. */
static bool wait_for_room(struct reload *reload)
{
	free_those_left(reload);
	if (reload->edition_count == EDITIONS_MAX)
		log_info("server", "the reload waits: requests are under way with each of the %d editions before",
			 EDITIONS_MAX - 1);
	while (reload->edition_count == EDITIONS_MAX && !is_over(reload)) {
		if (!wait_for_one_left(reload))
			expire_oldest(reload);
		free_those_left(reload);
	}
	return !is_over(reload);
}

/* Reading */

static void refuse(struct reload *reload, struct edition *edition, const char *why)
{
	const struct diagnostics *diagnostics = &edition->endpoints.diagnostics;

	for (unsigned i = 0; i < diagnostics->count && i < DIAGNOSTICS_MAX; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		if (item->line > 0)
			log_error("server", "reload: %s:%u: %s", item->file, item->line, item->message);
		else
			log_error("server", "reload: %s: %s", item->file, item->message);
	}
	if (why != NULL)
		log_error("server", "reload: cannot connect to the database (from %s): %s",
			  options_origin(reload->service->options, "database"), why);
	log_error("server", "the reload is refused; the endpoints from before are served on");
	metrics_note_refused_edition(reload->service->metrics);
	edition_destroy(edition);
}

/* Returns NULL when it is refused. */
static struct edition *read_edition(struct reload *reload)
{
	struct edition *edition = edition_create(++reload->last_number);
	struct db_settings settings = reload->service->run.db;
	const char *why;

	edition->fetched_keys = reload->service->fetched_keys;
	if (edition->fetched_keys != NULL)
		(void)key_ring_ask(edition->fetched_keys, true);
	/* the one in force is better than waiting */
	settings.start_wait_ms = 0;
	if (edition_load(edition, reload->service->options, &settings, &why) == 0)
		return edition;
	refuse(reload, edition, why);
	return NULL;
}

/* Handing over */

static void make_ready(struct reload *reload, struct edition *edition)
{
	struct service *service = reload->service;

	metrics_register(service->metrics, &edition->router);
	service_allow_timeout(service, edition_longest_timeout_ms(edition));
	/* no loop looks at it before it has an edition that fetches pages */
	if (edition->fetches_pages && service->run.fetcher == NULL)
		service->run.fetcher = fetcher_create(service->fetcher_settings);
	service_events_begin(service, edition);
	service_cache_begin(service, edition);
}

static void hand_over(struct reload *reload, struct edition *edition)
{
	for (unsigned i = 0; i < reload->service->options->loops; i++) {
		struct edition *not_taken = server_loop_hand(&reload->loops[i], edition);

		if (not_taken != NULL)
			atomic_fetch_sub(&not_taken->holders, 1);
	}
}

static unsigned wait_for_takers(struct reload *reload, const struct edition *edition)
{
	uint64_t deadline_ns = patience_ends_ns(reload);
	unsigned loops = reload->service->options->loops;

	while (atomic_load(&edition->takers) < loops && wait_for_change(reload, deadline_ns))
		continue;
	return loops - atomic_load(&edition->takers);
}

static void say_what_was_reloaded(const struct edition *edition, const struct edition_changes *changes,
				  uint64_t took_ns, unsigned loops_behind)
{
	char behind[80] = "";

	if (loops_behind > 0)
		snprintf(behind, sizeof(behind), "; loops that wait and turn to them later: %u", loops_behind);
	log_info("server", "reloaded: %u endpoint%s, %u added, %u removed, %u changed%s, in %.0f ms%s",
		 edition->endpoints.count, edition->endpoints.count == 1 ? "" : "s", changes->added, changes->removed,
		 changes->changed, changes->has_other_types ? ", with other types in the database" : "",
		 (double)took_ns / 1e6, behind);
}

static void serve(struct reload *reload, struct edition *edition, uint64_t began_ns)
{
	struct edition *before = reload->current;
	struct edition_changes changes = edition_compare(edition, before);
	unsigned loops_behind = 0;
	bool is_forbidden;

	make_ready(reload, edition);
	hold(reload, edition);
	pthread_mutex_lock(&reload->lock);
	is_forbidden = reload->is_forbidden;
	if (!is_forbidden) {
		reload->current = edition;
		hand_over(reload, edition);
		loops_behind = wait_for_takers(reload, edition);
	}
	pthread_mutex_unlock(&reload->lock);
	if (is_forbidden)
		return;
	service_events_turn(reload->service, edition);
	service_cache_turn(reload->service);
	atomic_fetch_sub(&before->holders, 1);
	metrics_note_edition(reload->service->metrics, edition->endpoints.count);
	say_what_was_reloaded(edition, &changes, clock_now_ns() - began_ns, loops_behind);
}

static void reload_now(struct reload *reload)
{
	uint64_t began_ns = clock_now_ns();
	struct edition *edition;

	log_reopen();
	log_info("server", "SIGHUP: reading the endpoints again");
	if (!wait_for_room(reload))
		return;
	notify_manager("RELOADING=1");
	edition = read_edition(reload);
	if (edition != NULL)
		serve(reload, edition, began_ns);
	/* what is refused is over, too; the end of the service has been told by itself */
	if (!is_over(reload))
		notify_manager("READY=1");
}

/* False: it is the end. */
static bool wait_until_asked(struct reload *reload)
{
	bool is_asked = false;

	while (!is_asked && !is_over(reload)) {
		free_those_left(reload);
		pthread_mutex_lock(&reload->lock);
		while (!reload->is_asked && !reload->is_forbidden && !is_any_left(reload))
			pthread_cond_wait(&reload->changed, &reload->lock);
		is_asked = reload->is_asked;
		reload->is_asked = false;
		pthread_mutex_unlock(&reload->lock);
	}
	return !is_over(reload);
}

static void *run_thread(void *data)
{
	while (wait_until_asked(data))
		reload_now(data);
	return NULL;
}

/* Life */

void reload_start(struct reload *reload)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&reload->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&reload->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	list_init(&reload->editions);
	reload->last_number = reload->current->catalog.edition;
	hold(reload, reload->current);
	REQUIRE(pthread_create(&reload->thread, NULL, run_thread, reload) == 0);
}

void reload_ask(struct reload *reload)
{
	pthread_mutex_lock(&reload->lock);
	reload->is_asked = true;
	pthread_cond_signal(&reload->changed);
	pthread_mutex_unlock(&reload->lock);
}

void reload_forbid(struct reload *reload)
{
	pthread_mutex_lock(&reload->lock);
	reload->is_forbidden = true;
	pthread_cond_signal(&reload->changed);
	pthread_mutex_unlock(&reload->lock);
}

bool reload_stop(struct reload *reload)
{
	struct timespec deadline;

	reload_forbid(reload);
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += STOP_MS / 1000;
	return pthread_timedjoin_np(reload->thread, NULL, &deadline) == 0;
}

void reload_cleanup(struct reload *reload)
{
	LIST_EACH (item, &reload->editions)
		free_edition(reload, CONTAINER_OF(item, struct edition, link));
	pthread_cond_destroy(&reload->changed);
	pthread_mutex_destroy(&reload->lock);
}
