/* step_columns.h - the columns of steps that later steps use (step_value.h), as PostgreSQL knows them.
 *
 * Thread:  one at a time, at start and at each reload.
 * Errors:  diagnostics, at the line of the use.
 */
#pragma once

#include <libpq-fe.h>

#include "db/learn.h"
#include "handlers/sql/parts.h"

/* Whether a later step uses a column of this part. */
bool step_columns_are_used(const struct endpoint *whole, unsigned part);
/* Learns the types of those columns. Returns the list for a SELECT that sets their settings; NULL: a diagnostic was added. */
const char *step_columns_list(struct endpoint *whole, unsigned part, PGconn *pg, struct endpoint_set *set);
/* Puts the values into the part's statement. False: not all types are known, since an earlier step was refused. */
bool step_columns_put_in(struct endpoint_part *part, struct arena *arena);
/* Learns the columns of what was prepared last, which are all texts. */
void step_columns_learn(struct endpoint *endpoint, PGconn *pg, const struct learn_catalog *catalog);
/* Says on stdout which steps use columns of others, and what that costs. */
void step_columns_say(const struct endpoint_set *set);
