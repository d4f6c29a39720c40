#include "db/values/context.h"

#include "base/require.h"

#include <stddef.h>
#include <string.h>

_Static_assert(offsetof(struct db_context, path) == (DB_CONTEXT_TEXTS - 1) * sizeof(const char *),
	       "the texts are an array");

#define SET_ROLE   "SELECT set_config('role', $1, true)"
#define SET_CLAIMS SET_ROLE ", set_config('request.jwt.claims', $2, true)"
#define SET_REQUEST                                                                                                    \
	SET_CLAIMS ", set_config('request.headers', $3, true), set_config('request.method', $4, true), "               \
		   "set_config('request.path', $5, true)"

const char db_context_session_sql[] =
    "SELECT set_config('role', $1, false), set_config('request.jwt.claims', coalesce($2, ''), false), "
    "set_config('request.headers', coalesce($3, ''), false), set_config('request.method', coalesce($4, ''), false), "
    "set_config('request.path', coalesce($5, ''), false)";
const char db_context_told_sql[] =
    "SELECT set_config('role', CASE WHEN coalesce(current_setting('role') = $1, $1 IS NULL) "
    "AND current_setting('request.jwt.claims') = coalesce($2, '') AND current_setting('request.headers') = "
    "coalesce($3, '') AND current_setting('request.method') = coalesce($4, '') AND current_setting('request.path') = "
    "coalesce($5, '') THEN current_setting('role') ELSE '' END, true)";

static const struct {
	unsigned texts;
	const char *sql;
} levels[DB_CONTEXT_LEVELS] = {
    [DB_CONTEXT_ROLE] = {1, SET_ROLE},
    [DB_CONTEXT_CLAIMS] = {2, SET_CLAIMS},
    [DB_CONTEXT_REQUEST] = {DB_CONTEXT_TEXTS, SET_REQUEST},
};

static const char *const *texts_of(const struct db_context *context)
{
	return &context->role;
}

enum db_context_level db_context_level(const struct db_context *context)
{
	if (context == NULL)
		return DB_CONTEXT_NONE;
	if (context->headers != NULL || context->method != NULL || context->path != NULL)
		return DB_CONTEXT_REQUEST;
	return context->claims != NULL ? DB_CONTEXT_CLAIMS : DB_CONTEXT_ROLE;
}

unsigned db_context_texts(enum db_context_level level)
{
	return levels[level].texts;
}

const char *db_context_sql(enum db_context_level level)
{
	REQUIRE(level != DB_CONTEXT_NONE);
	return levels[level].sql;
}

static bool is_same_text(const char *one, const char *other)
{
	return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

bool db_context_is_same(const struct db_context *one, const struct db_context *other)
{
	if (one == NULL || other == NULL)
		return one == other;
	for (unsigned i = 0; i < DB_CONTEXT_TEXTS; i++)
		if (!is_same_text(texts_of(one)[i], texts_of(other)[i]))
			return false;
	return true;
}
