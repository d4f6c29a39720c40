/* endpoint.h - every SQL file's endpoint is served here: input to parameters, rows to JSON.
 *
 * Wrong, missing, unknown or repeated input is a 400 that names it, before any connection is used (input.h).
 *
 * Life:    sql_endpoint_add_routes() -> PostgreSQL describes the set -> sql_endpoint_check_works() -> serving.
 */
#pragma once

#include "handlers/sql/plan.h"
#include "exchange/router.h"

/* Adds a route for each endpoint of the set, which need not be described yet. Two endpoints on one route and a work that
 * is unknown each add a diagnostic, and -1 is returned. */
MUST_CHECK int sql_endpoint_add_routes(struct router *router, struct endpoint_set *endpoints);
/* Checks what PostgreSQL said of endpoints whose work is built in. Returns -1 with diagnostics. */
MUST_CHECK int sql_endpoint_check_works(struct endpoint_set *endpoints);

/* The first step; route->data is what sql_endpoint_add_routes() put there. */
step_fn sql_endpoint_begin;

/* The first step of an endpoint whose answers are not kept, or whose answer is to be made. */
step_fn *sql_endpoint_first_step(const struct endpoint *endpoint);
/* The 404 of a request that found nothing. */
enum step sql_respond_nothing_found(struct exchange *x, const struct sql_plan *plan);
/* Query `index` of the batch as the answer of the endpoint; the batch has not failed. */
enum step sql_respond_result(struct exchange *x, const struct sql_plan *plan, unsigned index);
