/* learn.h - from what PostgreSQL says of a prepared statement, and of types, its signature. No I/O: the
 * caller has the connection and asks, at start (describe.h) and when a migration has changed a table (conn.h).
 *
 *     described = the answer to Describe
 *     learn_missing_types() -> the oids to ask for with learn_types_sql -> learn_add_types() -> learn_columns()
 *
 * Owner:   what is learnt is in the arena that is given.
 * Thread:  one at a time; learn_again() takes the lock of the statement's signatures.
 */
#pragma once

#include <libpq-fe.h>

#include "db/values/statement.h"

struct learn_type;

/* What is known of types. */
struct learn_catalog {
	struct arena *arena;
	struct learn_type *types;
	unsigned count, capacity;
};

/* Takes an array of oids; tells of these types, and of what they are made of. */
extern const char learn_types_sql[];

/* The array literal for learn_types_sql, or NULL: all types are known. */
const char *learn_missing_types(const struct learn_catalog *catalog, const PGresult *described);
void learn_add_types(struct learn_catalog *catalog, const PGresult *rows);
/* Whether to_json() makes more of it than its text. So it does of a composite type, hstore, a type with a cast to
 * json, and an array or domain of one. */
bool learn_is_shown_as_json(const struct learn_catalog *catalog, Oid oid);
struct db_type learn_type(const struct learn_catalog *catalog, Oid oid);

/* Fills in the columns of a described statement. */
void learn_columns(struct db_signature *signature, const struct learn_catalog *catalog, const PGresult *described);

bool learn_is_described_so(const struct db_signature *signature, unsigned parameter_count, const PGresult *described);
/* The one of the statement's signatures, the first included, that it is described with again; NULL: it is a new one. */
const struct db_signature *learn_find(const struct db_statement *statement, const PGresult *described);
/* Learns a new one; `types` are the rows of learn_types_sql. NULL: the endpoint cannot follow, and `why` says so in
 * words that follow its name. */
const struct db_signature *learn_again(const struct db_statement *statement, const PGresult *described,
				       const PGresult *types, char *why, size_t why_size);
