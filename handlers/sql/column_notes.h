/* column_notes.h - what an author says of columns: `-- column: NAME not null`, where PostgreSQL cannot tell.
 *
 * Owner:   the endpoint set's arena.
 * Thread:  start-up.
 */
#pragma once

#include "base/diagnostics.h"

struct endpoint;

struct column_note {
	struct column_note *next;
	const char *name;
	unsigned line;
};

/* Marks the columns of an endpoint that was described. One that the SQL does not return is a diagnostic. */
void column_notes_apply(struct endpoint *endpoint, struct diagnostics *diagnostics);
