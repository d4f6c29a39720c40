/* not_null.h - the columns of an endpoint that cannot be null, for its clients. They are NOT NULL in their table, and on no
 * outer side of a join.
 *
 * Thread:  describe.h's.
 * Errors:  what cannot be asked, or is not certain, may be null.
 */
#pragma once

#include <libpq-fe.h>

#include "handlers/sql/file.h"

/* `described` is the statement as its author wrote it. */
void not_null_note(struct endpoint *endpoint, const PGresult *described, PGconn *pg, struct arena *arena);
