/* context.h - what a transaction is told of the request that it runs for: its role, and settings that policies read.
 *
 * The settings have the names that PostgREST gives them: request.jwt.claims, request.headers, request.method,
 * request.path. They last as long as the transaction.
 *
 * Owner:   the texts are borrowed, as a batch's values are.
 * Thread:  any.
 */
#pragma once

#include <stdbool.h>

struct db_context {
	/* NULL: as in the session. They are in the order of the parameters of db_context_sql(). */
	const char *role, *claims, *headers, *method, *path;
};

enum { DB_CONTEXT_TEXTS = sizeof(struct db_context) / sizeof(const char *) };

/* How many of them a context needs to have set. Each level sets what the one below it does, and more. */
enum db_context_level { DB_CONTEXT_NONE, DB_CONTEXT_ROLE, DB_CONTEXT_CLAIMS, DB_CONTEXT_REQUEST, DB_CONTEXT_LEVELS };

/* NULL is DB_CONTEXT_NONE. */
enum db_context_level db_context_level(const struct db_context *context);
/* How many parameters its statement has. */
unsigned db_context_texts(enum db_context_level level);
/* Sets them for the transaction, those that are NULL back to the session's; not for DB_CONTEXT_NONE. */
const char *db_context_sql(enum db_context_level level);
/* Takes all DB_CONTEXT_TEXTS, and sets them for the session; NULL as it was at its beginning. */
extern const char db_context_session_sql[];
/* Takes the same, and fails in a session that was not told it: there is no role ''. */
extern const char db_context_told_sql[];
/* Is PostgreSQL told the same? NULL is a context, too. */
bool db_context_is_same(const struct db_context *one, const struct db_context *other);
