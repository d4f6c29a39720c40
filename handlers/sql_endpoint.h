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

enum { QUERY_PAIRS_MAX = 64 };

/* Adds a route for each endpoint of the described set. Two endpoints on one route add a diagnostic and return -1. */
MUST_CHECK int sql_endpoint_add_routes(struct router *router, struct endpoint_set *endpoints);

/* The first step; route->data is what sql_endpoint_add_routes() put there. */
step_fn sql_endpoint_begin;

/* What the OpenAPI document says of an endpoint, decided where it is also done. */

/* Whether parameters may come in a JSON body: POST, PUT, PATCH, DELETE. */
bool sql_endpoint_takes_body(const struct endpoint *endpoint);
/* Whether the answer can be 404: :one, and an :exec whose statement is an UPDATE, DELETE or MERGE. */
bool sql_endpoint_may_find_nothing(const struct endpoint *endpoint);
/* Steps through the names in braces of a route's pattern, where *pattern stands at first; false: no more. */
bool sql_endpoint_next_path_name(const char **pattern, struct text *name);
