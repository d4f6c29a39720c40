/* failure.h - an error of PostgreSQL's becomes a batch's: which of its words a client may read, and what the log gets.
 *
 * A client reads PostgreSQL's words where the author of the SQL wrote them (RAISE of PL/pgSQL). It also reads those
 * that judge the text of one parameter, or name a command. Else it reads our words for the SQLSTATE, with the
 * constraint or the column. A value is shown when the batch was given that very value. So no row that is stored is
 * ever shown.
 *
 * Thread:  the batch's owner.
 * Limits:  FAILURE_BYTES_MAX for each text; what is longer is cut between characters, and ends with "...".
 */
#pragma once

#include <libpq-fe.h>

#include "db/values/batch.h"

enum { FAILURE_BYTES_MAX = 1000 };

/* The batch has failed with `error`, which stays the caller's. A batch that has failed already is left as it is. */
void failure_take(struct db_batch *batch, const PGresult *error);
