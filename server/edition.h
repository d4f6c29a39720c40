/* edition.h - the endpoints as they were read at one time: their files' content, routes and OpenAPI text.
 *
 * Life:    edition_init() -> edition_load(), after which it is constant -> edition_cleanup(), when no request that began
 *          with it is under way.
 * Owner:   the caller's memory.
 * Thread:  edition_load(): one, and it blocks as describe.h says. Once loaded: any.
 */
#pragma once

#include "base/text.h"
#include "db/sql_file.h"
#include "handlers/routes.h"

struct service;

struct edition {
	struct endpoint_set endpoints;
	struct router router;
	struct text openapi; /* the document of GET /openapi.json */
	bool fetches_pages;  /* some endpoint does */
};

void edition_init(struct edition *edition);
/* Reads and describes the endpoints and builds the routes: all that `meantime check` checks. Returns 0, or -1 with
 * diagnostics, or with `why` when PostgreSQL could not be asked. Diagnostics that are there before are errors, too. */
MUST_CHECK int edition_load(struct edition *edition, const struct service *service, const char **why);
/* The routes of the admin listener instead. */
void edition_fill_admin(struct edition *edition);
/* Of the endpoints that have one of their own; 0: none has. */
unsigned edition_longest_timeout_ms(const struct edition *edition);
void edition_cleanup(struct edition *edition);
