/* service.h - what is the same for every request, whatever the edition of the endpoints: options, what waits, counters.
 *
 * Life:    service_init() -> service_check() -> serve.c adds what all loops share -> constant while loops run, but for
 *          the atomics and `run.fetcher` (server/run/settings.h) -> service_cleanup().
 * Thread:  any.
 */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "config/options.h"
#include "base/diagnostics.h"
#include "exchange/settings.h"
#include "server/run/settings.h"

struct event_listener;
struct fetcher_settings;
struct metrics;

struct service {
	const struct options *options;
	struct exchange_settings exchange; /* what handlers see of it */
	struct runner_settings run;        /* and the runners */
	struct metrics *metrics;
	const struct fetcher_settings *fetcher_settings;
	struct event_listener *listener; /* NULL while no endpoint has events */
	struct key_ring *fetched_keys;   /* of tokens, from a URL; NULL: none are */
	unsigned clients_max;            /* per loop: max_connections, or what file descriptors are left for them */
	atomic_bool is_draining;
	atomic_uint ready_loops;        /* loops that have a connection to PostgreSQL */
	atomic_uint longest_timeout_ms; /* that any request was ever given */
	atomic_uint still_loops;        /* loops that have stood still for longer than any request may take */
	struct arena arena;
};

void service_init(struct service *service, const struct options *options);
/* Checks what of the options can be wrong only here, with a diagnostic each, and fills in the settings. */
void service_check(struct service *service, struct diagnostics *diagnostics);
void service_cleanup(struct service *service);
/* Requests may take so long. */
void service_allow_timeout(struct service *service, unsigned timeout_ms);
/* A diagnostic about the value of an option, at the place where it was given. */
void service_note_wrong_value(const struct service *service, struct diagnostics *diagnostics, const char *field,
			      const char *why);

/* GET /readyz: false while draining, and while no connection to PostgreSQL works. */
bool service_is_ready(const struct service *service);
/* GET /livez: false while a loop stands still. */
bool service_is_alive(const struct service *service);
