/* sql_endpoint.h - every SQL file's endpoint is served here: input to parameters, rows to JSON.
 *
 * A parameter is filled from the path, else the query string, else the body's top-level field of that name, else its
 * default. Wrong, missing, unknown or repeated input is a 400 that names it, before any connection is used.
 *
 * Limits:  QUERY_PAIRS_MAX name=value pairs in a query string.
 */
#pragma once

#include "db/sql_file.h"
#include "handlers/routes.h"

/* Adds a route for each endpoint of the described set. Two endpoints on one route add a diagnostic and return -1. */
MUST_CHECK int sql_endpoint_add_routes(struct router *router, struct endpoint_set *endpoints);

/* The first step; route->data is what sql_endpoint_add_routes() put there. */
step_fn sql_endpoint_begin;
