/* prepare_error.h - what PostgreSQL says of an endpoint's SQL that it does not prepare, in the author's terms.
 *
 * Thread: start-up.
 */
#pragma once

#include <libpq-fe.h>

#include "handlers/sql/file.h"

/* Adds a diagnostic at the place in the file that PostgreSQL names, with the line and a caret. Parameters have their
 * names; where the type of one is not known there is a word on how to give it. `hint`: instead of PostgreSQL's; NULL:
 * PostgreSQL's. */
void prepare_error_add(struct diagnostics *diagnostics, const struct endpoint *endpoint, const PGresult *error,
		       const char *hint);
