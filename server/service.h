/* service.h - what is the same for every request: options, endpoints, routes, the OpenAPI text.
 *
 * Life:    service_init() -> service_load() at start, after which all but the two flags is constant ->
 *          service_cleanup().
 * Thread:  any; the flags are atomic.
 */
#pragma once

#include <stdatomic.h>

#include "base/text.h"
#include "config/options.h"
#include "db/settings.h"
#include "db/sql_file.h"
#include "handlers/routes.h"

struct compute_pool;
struct fetcher;
struct fetcher_settings;
struct metrics;
struct awaitable_class;

struct service {
	const struct options *options;
	struct endpoint_set endpoints;
	struct router router;       /* what --listen serves */
	struct router admin_router; /* what --admin serves */
	struct text openapi;        /* the document of GET /openapi.json */
	struct metrics *metrics;
	/* what await_db() and await_rows() wait for; the handlers' tests have none */
	const struct awaitable_class *await_batch, *await_rows, *await_timer, *await_compute, *await_pages;
	struct compute_pool *compute;                    /* shared by all loops; NULL while nothing is served */
	struct fetcher *fetcher;                         /* as well; NULL, too, when no endpoint fetches pages */
	const struct fetcher_settings *fetcher_settings; /* NULL: none does */
	struct db_settings db, db_for_streams;
	atomic_bool is_draining;
	atomic_uint ready_loops; /* loops that have a connection to PostgreSQL */
};

void service_init(struct service *service, const struct options *options);
/* Reads and describes the endpoints and builds the routes: all that `meantime check` checks. Returns 0, or -1 after
 * having printed what is wrong to stderr. */
MUST_CHECK int service_load(struct service *service);
void service_cleanup(struct service *service);

/* GET /readyz: false while draining, and while no connection to PostgreSQL works. */
bool service_is_ready(const struct service *service);
