/* statement.h - one SQL statement: its text with $1, $2..., and what PostgreSQL said about it at start.
 *
 * Life:    text and parameter names by the SQL file parser, types and columns by describe.h; then constant.
 * Owner:   the arena of the endpoint set it belongs to.
 * Thread:  any, once start-up is over.
 */
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "db/type.h"

enum {
	DB_PARAMETERS_MAX = 64,
	DB_STATUS_CHOICES_MAX = 64,
	SQLSTATE_LENGTH = 5,
};

struct db_parameter {
	const char *name;         /* as in the SQL file, without the colon; $1 is parameters[0] */
	const char *description;  /* "" when there is none */
	const char *default_text; /* the value to bind when none is given; NULL means SQL NULL */
	bool has_default;         /* without one the parameter is required */
	unsigned line;            /* of its `-- param:` or its first use */
	struct db_type type;
};

struct db_column {
	const char *name;
	struct text key; /* `"name":`, escaped */
	struct db_type type;
	unsigned oid; /* of the type */
};

/* The HTTP status that the author wants for an SQLSTATE. */
struct db_status_choice {
	char sqlstate[SQLSTATE_LENGTH + 1];
	unsigned status;
};

struct db_statement {
	const char *name; /* the prepared statement's name, unique in the set */
	const char *sql;  /* parameters as $1..$n; newlines kept, so that positions can be mapped to lines */
	unsigned index;   /* 0.. in the set */
	unsigned edition; /* of the set: a session has the statements of one edition prepared at a time */
	struct db_parameter *parameters;
	unsigned parameter_count;
	struct db_column *columns;
	unsigned column_count;
	const struct db_status_choice *choices;
	unsigned choice_count;
	bool is_read_only;   /* runs on read-only sessions, may be run again */
	bool may_commit;     /* before its end: a procedure */
	bool is_isolated;    /* never shares a Sync */
	unsigned row_limit;  /* PostgreSQL is asked for one row more, so that a cut is seen; 0: no limit */
	unsigned timeout_ms; /* 0: the session's statement_timeout is right; else sent before it */
};
