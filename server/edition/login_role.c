#include "server/edition/login_role.h"

#include "base/log.h"
#include "db/values/sql_token.h"
#include "handlers/sql/parts.h"

#include <strings.h>

/* The role */

/* A table whose policies do not hold for its owner. */
#define OWNED                                                                                                          \
	"(SELECT min(oid::regclass::text) FROM pg_class WHERE relowner = role.oid AND relkind IN ('r', 'p', 'v', "     \
	"'m') AND NOT relforcerowsecurity AND relnamespace NOT IN ('pg_catalog'::regnamespace, "                       \
	"'information_schema'::regnamespace))"

/* An owner is above the policies of its tables, unless they are forced on it. A role that inherits reads and writes
 * what its members' roles may, without becoming one of them. */
static const char role_sql[] =
    "SELECT current_user, rolsuper, rolbypassrls, rolinherit AND EXISTS (SELECT FROM pg_auth_members WHERE member = "
    "role.oid), " OWNED " FROM pg_roles role WHERE rolname = current_user";

static bool is_true(const PGresult *rows, int row, int column)
{
	return PQgetvalue(rows, row, column)[0] == 't';
}

static bool is_on(const PGresult *row, int column)
{
	return is_true(row, 0, column);
}

static void warn_of_role(const PGresult *row)
{
	const char *name = PQgetvalue(row, 0, 0);

	if (is_on(row, 1))
		log_warning("db", "the login role %s is a superuser: where no identity has a role, no policy holds",
			    name);
	else if (is_on(row, 2))
		log_warning("db", "the login role %s has BYPASSRLS: where no identity has a role, no policy holds",
			    name);
	if (is_on(row, 3))
		log_warning("db", "the login role %s is INHERIT: it has the privileges of the roles that it can take",
			    name);
	if (!PQgetisnull(row, 0, 4))
		log_warning("db", "the login role %s owns %s: policies of its tables do not hold for an owner", name,
			    PQgetvalue(row, 0, 4));
}

/* The roles of identities */

/* All that there are, and which the login role can take. A superuser can take all: that was said. */
static const char roles_sql[] =
    "SELECT rolname, pg_has_role(current_user, role.oid, 'MEMBER'), rolsuper, rolbypassrls, " OWNED
    " FROM pg_roles role WHERE rolname <> current_user AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = "
    "current_user) "
    "ORDER BY rolname";

static void warn_of_taken_role(const PGresult *roles, int row)
{
	const char *name = PQgetvalue(roles, row, 0);

	if (!is_true(roles, row, 1))
		return;
	if (is_true(roles, row, 2))
		log_warning("db", "identities may have the role %s, which is a superuser: no policy holds for them",
			    name);
	else if (is_true(roles, row, 3))
		log_warning("db", "identities may have the role %s, which has BYPASSRLS: no policy holds for them",
			    name);
	if (!PQgetisnull(roles, row, 4))
		log_warning(
		    "db",
		    "identities may have the role %s, which owns %s: policies of its tables do not hold for an owner",
		    name, PQgetvalue(roles, row, 4));
}

static int row_of(const PGresult *roles, struct text name)
{
	for (int i = 0; i < PQntuples(roles); i++)
		if (text_equal(name, text_of(PQgetvalue(roles, i, 0))))
			return i;
	return -1;
}

static void check_roles(const struct endpoint *endpoint, const PGresult *roles, const char *login)
{
	for (unsigned i = 0; i < endpoint->access.role_count; i++) {
		struct text role = endpoint->access.roles[i];
		int row = row_of(roles, role);

		if (row < 0 && !text_equal(role, text_of(login)))
			log_warning("db", "%s:%u: %s is for the role %.*s, and PostgreSQL has no role of that name",
				    endpoint->file, endpoint->identity_line, endpoint->name, TEXT_ARGS(role));
		else if (row >= 0 && !is_true(roles, row, 1))
			log_warning("db", "%s:%u: %s is for the role %.*s, which %s cannot take: GRANT it to %s",
				    endpoint->file, endpoint->identity_line, endpoint->name, TEXT_ARGS(role), login,
				    login);
	}
}

/* Functions */

static const char functions_sql[] =
    "SELECT DISTINCT proname FROM pg_proc WHERE prosecdef AND pronamespace <> 'pg_catalog'::regnamespace";

/* As PostgreSQL reads it: a name without quotes is in lower case. */
static bool is_name(const struct sql_token *token, const char *name)
{
	struct text text = token->text;

	if (token->kind == SQL_TOKEN_WORD)
		return text_equal_nocase(text, text_of(name));
	return token->kind == SQL_TOKEN_QUOTED_NAME && text.length > 2 &&
	       text_equal((struct text){text.at + 1, text.length - 2}, text_of(name));
}

/* The line on which the SQL calls it; 0: nowhere. */
static unsigned line_of_call(const struct endpoint *endpoint, const char *function)
{
	const char *sql = endpoint->statement.sql;
	struct sql_scanner scanner = {.at = sql, .end = sql + strlen(sql), .line = endpoint->sql_line};
	unsigned line = 0; /* of the name, when the last token that is no blank was it */

	for (;;) {
		struct sql_token token = sql_token_next(&scanner);

		if (token.kind == SQL_TOKEN_END)
			return 0;
		if (line > 0 && text_equal(token.text, TEXT("(")))
			return line;
		if (!sql_token_is_blank(&token))
			line = is_name(&token, function) ? token.line : 0;
		sql_token_pass(&scanner, &token);
	}
}

static void warn_of_call(const struct endpoint *endpoint, const char *function)
{
	unsigned line = endpoint->work == NULL ? line_of_call(endpoint, function) : 0;

	if (line > 0)
		log_warning("db",
			    "%s:%u: %s calls %s, which is SECURITY DEFINER: it runs as its owner, whatever the role of "
			    "the request",
			    endpoint->file, line, endpoint->name, function);
}

static void warn_of_function(const struct endpoint_set *set, const char *function)
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct endpoint *endpoint = &set->endpoints[i];

		warn_of_call(endpoint, function);
		for (unsigned part = 0; part < endpoint->part_count; part++)
			warn_of_call(&endpoint->parts[part].endpoint, function);
	}
}

void login_role_check(struct endpoint_set *set, PGconn *pg)
{
	PGresult *row = PQexec(pg, role_sql), *functions = PQexec(pg, functions_sql), *roles = PQexec(pg, roles_sql);

	if (PQntuples(row) == 1)
		warn_of_role(row);
	for (int i = 0; i < PQntuples(roles); i++)
		warn_of_taken_role(roles, i);
	for (unsigned i = 0; i < set->count && PQntuples(roles) > 0 && PQntuples(row) == 1; i++)
		check_roles(&set->endpoints[i], roles, PQgetvalue(row, 0, 0));
	PQclear(roles);
	for (int i = 0; i < PQntuples(functions); i++)
		warn_of_function(set, PQgetvalue(functions, i, 0));
	PQclear(row);
	PQclear(functions);
}
