/* statement.h - one SQL statement: its text with $1, $2..., and what PostgreSQL said about it at start.
 *
 * Life:    text and parameter names by the SQL file parser, types and columns by describe.h; then constant. What a
 *          migration changes later is in `signatures` (signature.h).
 * Owner:   the arena of the endpoint set it belongs to.
 * Thread:  any, once start-up is over.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "db/values/signature.h"
#include "db/values/type.h"

enum {
	DB_PARAMETERS_MAX = 64,
	DB_STATUS_CHOICES_MAX = 64,
	SQLSTATE_LENGTH = 5,
};

/* The HTTP status that the author wants for an SQLSTATE. */
struct db_status_choice {
	char sqlstate[SQLSTATE_LENGTH + 1];
	unsigned status;
};

struct db_statement {
	const char *name;  /* the prepared statement's name, unique in the set */
	const char *sql;   /* parameters as $1..$n; newlines kept, so that positions can be mapped to lines */
	unsigned index;    /* 0.. in the set */
	unsigned edition;  /* of the set: a session has the statements of one edition prepared at a time */
	unsigned set_size; /* statements of the set */
	struct db_parameter *parameters; /* with the types they had at start */
	unsigned parameter_count;
	struct db_signature signature;    /* at start */
	struct db_signatures *signatures; /* those since then; NULL: it is never described again */
	bool needs_columns;               /* its rows are what is answered */
	const struct db_status_choice *choices;
	unsigned choice_count;
	const char *sent_as; /* what a session has prepared in its place; NULL: it is sent by its name, or its text */
	bool is_inside;      /* a transaction that was told already that it only reads */
	bool is_read_only;   /* runs on read-only sessions, may be run again */
	bool may_commit;     /* before its end: a procedure */
	bool is_isolated;    /* never shares a Sync */
	unsigned row_limit;  /* PostgreSQL is asked for one row more, so that a cut is seen; 0: no limit */
	unsigned timeout_ms; /* 0: the session's statement_timeout is right; else sent before it */
};

/* What a request that comes now is checked against. */
static inline const struct db_signature *db_statement_signature(const struct db_statement *statement)
{
	return statement->signatures != NULL ? db_signatures_newest(statement->signatures) : &statement->signature;
}
