#include "server/edition/login_role.h"

#include "base/log.h"
#include "db/values/sql_token.h"

#include <strings.h>

/* The role */

/* An owner is above the policies of its tables, unless they are forced on it. A role that inherits reads and writes
 * what its members' roles may, without becoming one of them. */
static const char role_sql[] =
    "SELECT current_user, rolsuper, rolbypassrls, rolinherit AND EXISTS (SELECT FROM pg_auth_members WHERE member = "
    "pg_roles.oid), (SELECT min(oid::regclass::text) FROM pg_class WHERE relowner = pg_roles.oid AND relkind IN "
    "('r', 'p', 'v', 'm') AND NOT relforcerowsecurity AND relnamespace NOT IN ('pg_catalog'::regnamespace, "
    "'information_schema'::regnamespace)) FROM pg_roles WHERE rolname = current_user";

static bool is_on(const PGresult *row, int column)
{
	return PQgetvalue(row, 0, column)[0] == 't';
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

static void warn_of_function(const struct endpoint_set *set, const char *function)
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct endpoint *endpoint = &set->endpoints[i];
		unsigned line = endpoint->work == NULL ? line_of_call(endpoint, function) : 0;

		if (line > 0)
			log_warning("db",
				    "%s:%u: %s calls %s, which is SECURITY DEFINER: it runs as its owner, whatever "
				    "the role of the request",
				    endpoint->file, line, endpoint->name, function);
	}
}

void login_role_check(struct endpoint_set *set, PGconn *pg)
{
	PGresult *row = PQexec(pg, role_sql), *functions = PQexec(pg, functions_sql);

	if (PQntuples(row) == 1)
		warn_of_role(row);
	for (int i = 0; i < PQntuples(functions); i++)
		warn_of_function(set, PQgetvalue(functions, i, 0));
	PQclear(row);
	PQclear(functions);
}
