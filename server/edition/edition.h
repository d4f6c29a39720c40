/* edition.h - the endpoints as they were read at one time: their files' content, routes and OpenAPI text.
 *
 * Life:    edition_create() -> edition_load() -> constant -> edition_destroy(), when no request that began with it is
 *          under way. Not constant is what stands last in it, and what statements learn of changed tables (signature.h).
 * Owner:   reload.h; a loop holds one while it serves it, or answers requests that began with it.
 * Thread:  edition_load(): one, and it blocks as describe.h says. Once loaded: any.
 */
#pragma once

#include <stdatomic.h>

#include "base/list.h"
#include "base/text.h"
#include "config/options.h"
#include "db/settings.h"
#include "handlers/sql/file.h"
#include "exchange/access.h"
#include "exchange/router.h"
#include "handlers/files/file.h"

struct reload;

struct edition {
	struct db_catalog catalog; /* its number, from 1 on, and its statements */
	struct endpoint_set endpoints;
	struct router router;
	struct file_site site; /* the folder of --files; its `folder` NULL: none */
	struct access site_access;
	struct text openapi;           /* the document of GET /openapi.json */
	bool fetches_pages;            /* some endpoint does */
	bool has_streams;              /* some endpoint is one */
	bool has_events;               /* some endpoint has them */
	bool has_cache;                /* the answers of some endpoint are kept */
	struct key_ring *fetched_keys; /* set before edition_load(): keys of tokens that come from a URL; NULL: none */
	struct key_ring *ring;         /* those, or the file's, which are the edition's own; NULL: no tokens */
	struct verifier *verifier;     /* of credentials; NULL: no keys are configured, and any client may call all */
	/* for each endpoint: which one of the edition before it is, with the same SQL; or DB_NOT_CARRIED */
	const unsigned *carried_from;

	/* for reload.c and the loops */
	struct reload *reload; /* NULL: it is served until the end */
	struct list link;
	atomic_uint holders;
	atomic_uint takers;     /* loops that serve it, or did */
	atomic_bool is_expired; /* what is still under way with it is cut off */
};

/* What is different between two editions, by the names of endpoints. */
struct edition_changes {
	unsigned added, removed, changed;
	bool has_other_types; /* though no file was changed: the database was */
};

struct edition *edition_create(unsigned number);
/* Reads and describes the endpoints and builds the routes: all that `meantime check` checks. Returns 0, or -1 with
 * diagnostics, or with `why` when PostgreSQL could not be asked. Diagnostics that are there before are errors, too. */
MUST_CHECK int edition_load(struct edition *edition, const struct options *options, const struct db_settings *settings,
			    const char **why);
/* Adds a route of the program itself, a GET; -1 and a diagnostic when an endpoint has it already. */
MUST_CHECK int edition_add_own_route(struct edition *edition, const char *pattern, const char *name, step_fn *first,
				     const void *data);
/* Of the endpoints that have one of their own; 0: none has. */
unsigned edition_longest_timeout_ms(const struct edition *edition);
/* Whether the service has a connection that listens. Threads that wait follow no events. */
static inline bool edition_listens(const struct edition *edition, enum mode mode)
{
	return edition->has_cache || (edition->has_events && mode == MODE_ASYNC);
}
/* Fills in carried_from. */
struct edition_changes edition_compare(struct edition *edition, const struct edition *before);
void edition_destroy(struct edition *edition);
