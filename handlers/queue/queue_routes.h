/* queue_routes.h - the routes of the queues: jobs in, jobs out, and what became of them.
 *
 * Life:    queue_routes_add() once, before the router serves.
 * Owner:   the settings are borrowed for the router's life.
 * Errors:  of a route that is taken, its pattern.
 */
#pragma once

#include "exchange/router.h"

struct queue_route_settings {
	const struct access *access; /* NULL: any client */
	bool may_wait;               /* a claim may; not where the loop itself would */
	unsigned timeout_ms;         /* of every request, besides the wait of a claim */
};

/* Returns NULL, or the pattern that another route has. */
const char *queue_routes_add(struct router *router, const struct queue_route_settings *settings);
