/* parts.h - an endpoint of several statements: its parts.
 *
 * The endpoint itself has no SQL. Its statement holds the parameters of all parts, as an input is checked against them. A
 * part's own statement has those that it uses, in the order of their first use there.
 *
 * Parts that are gathered need nothing of each other (gather.h). Steps are one transaction (steps.h).
 *
 * Life:    by the parser -> PostgreSQL describes each part -> sql_parts_share_types() -> constant.
 * Owner:   the endpoint set's arena.
 * Thread:  any, once start-up is over.
 * Limits:  PARTS_MAX parts.
 */
#pragma once

#include "base/diagnostics.h"
#include "handlers/sql/file.h"
#include "handlers/sql/step_value.h"

enum { PARTS_MAX = 16 };

struct endpoint_part {
	/* As an endpoint of its own: its name is ENDPOINT.PART. What belongs to the whole is the whole's. */
	struct endpoint endpoint;
	struct text key; /* `"PART":` */
	bool is_optional;
	const unsigned char *takes;  /* parameter i of its statement is parameter takes[i] of the endpoint */
	struct db_signature checked; /* its parameters, with the types that values are checked against */
	struct step_value *values;   /* of steps before it, in the order of their use */
	unsigned value_count;
};

/* The name of a part within its endpoint. */
const char *sql_part_name(const struct endpoint *endpoint, const struct endpoint_part *part);
/* Whether one of them must find a row. */
bool sql_steps_may_find_nothing(const struct endpoint *endpoint);
/* The values to bind to the part's statement, of those of the whole. */
const char *const *sql_part_values(const struct endpoint_part *part, const char *const *values, struct arena *arena);
/* Gives the endpoint the types that PostgreSQL said of its parts' parameters. What two parts take as different things adds a
 * diagnostic. An endpoint of steps gets the columns of the last. */
void sql_parts_share_types(struct endpoint *endpoint, struct arena *arena, struct diagnostics *diagnostics);
/* What a request that comes now is checked against, and `checked_for`, of each part; from `arena` where a table has
 * changed. */
const struct db_signature *sql_parts_signature(const struct endpoint *endpoint, struct arena *arena,
					       const struct db_signature **checked_for);
