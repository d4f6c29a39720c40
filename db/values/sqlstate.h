/* sqlstate.h - what an SQLSTATE means for a client: one table, with every class of PostgreSQL's.
 *
 * Source: PostgreSQL 15, Appendix A (error codes); what may be tried again: 13.5, "Serialization Failure Handling".
 * Thread: any.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

enum sqlstate_retry {
	RETRY_NEVER,
	RETRY_LATER, /* by the client: the same request may succeed */
	RETRY_HERE,  /* by us: the whole transaction, at once; then by the client */
};

struct sqlstate {
	const char *prefix; /* a class, or a code that differs from its class */
	enum error error;
	enum sqlstate_retry retry;
	const char *words; /* for a client that must not read PostgreSQL's */
};

/* Never NULL. A class that PostgreSQL does not define is an author's own: ERROR_REJECTED. */
const struct sqlstate *sqlstate_of(const char *code);
/* "PT404" is status 404, as in PostgREST. 0: the code chooses no status. */
unsigned sqlstate_own_status(const char *code);
/* Whether an author may choose it: 400 to 599, but none that needs a header which only the author could fill. */
bool sqlstate_may_choose(unsigned status);
