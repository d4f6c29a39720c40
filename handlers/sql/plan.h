/* plan.h - what can be known of an SQL endpoint before its first request, decided in one place: for serving it, and
 * for the OpenAPI document.
 *
 * Life:    at start; then constant, in the endpoint set's arena.
 */
#pragma once

#include "handlers/sql/file.h"
#include "exchange/media.h"
#include "exchange/router.h"
#include "handlers/sql/work.h"

/* What is known of an endpoint before the first request. */
struct sql_plan {
	const struct endpoint *endpoint;
	const struct text *names;                   /* of the parameters, in their order */
	unsigned path_parameters[ROUTE_VALUES_MAX]; /* the parameter that a value of the path fills */
	unsigned body_parameter;                    /* :body, where it is the whole body; or the number of parameters */
	const char *takes;                          /* "a, b": what a query string or body may name */
	bool may_find_nothing;
	unsigned offered;        /* media types of its rows; 0: it answers none */
	enum media usual;        /* for clients that do not choose */
	const struct work *work; /* NULL: the SQL runs */
	unsigned work_order[WORK_VALUES_MAX];
};

const struct sql_plan *sql_plan_create(struct arena *arena, const struct endpoint *endpoint);
/* Returns the parameter of that name, or the number of parameters when there is none. */
unsigned sql_plan_find(const struct sql_plan *plan, struct text name);

/* Whether parameters may come in a JSON body: POST, PUT, PATCH, DELETE. */
bool sql_plan_takes_body(const struct endpoint *endpoint);
/* Whether they may be its fields: a body that is one parameter has none. */
bool sql_plan_takes_fields(const struct endpoint *endpoint);
/* Returns the set of media types that its rows can have; 0: it answers none. */
unsigned sql_plan_offers(const struct endpoint *endpoint);
/* Whether the answer can be 404: :one, and an :exec whose statement is an UPDATE, DELETE or MERGE. */
bool sql_plan_may_find_nothing(const struct endpoint *endpoint);
