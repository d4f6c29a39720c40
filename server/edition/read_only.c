#include "server/edition/read_only.h"

#include "base/buffer.h"
#include "base/log.h"
#include "server/edition/explained.h"
#include "db/values/sql_token.h"

enum { LOCK_TIMEOUT_MS = 100 };

/* The SQL */

/* CREATE TABLE AS in disguise: it has the plan of its SELECT, and no columns. INTO belongs to INSERT and MERGE besides,
 * and may be the name of a column. */
static bool selects_into(const struct db_statement *statement)
{
	struct sql_scanner scanner = {.at = statement->sql, .end = statement->sql + strlen(statement->sql)};
	unsigned depth = 0;

	while (statement->signature.column_count == 0) {
		struct sql_token token = sql_token_next(&scanner);
		bool is_word = token.kind == SQL_TOKEN_WORD && depth == 0;

		if (token.kind == SQL_TOKEN_END)
			return false;
		if (is_word &&
		    (text_equal_nocase(token.text, TEXT("insert")) || text_equal_nocase(token.text, TEXT("merge"))))
			return false;
		if (is_word && text_equal_nocase(token.text, TEXT("into")))
			return true;
		if (text_equal(token.text, TEXT("(")))
			depth++;
		else if (text_equal(token.text, TEXT(")")) && depth > 0)
			depth--;
		sql_token_pass(&scanner, &token);
	}
	return false;
}

/* Returns the line of the last of such words; that of the SQL when a view or a function hides it. */
static unsigned line_of_word(const struct endpoint *endpoint, struct text word)
{
	const char *sql = endpoint->statement.sql;
	struct sql_scanner scanner = {.at = sql, .end = sql + strlen(sql), .line = endpoint->sql_line};
	unsigned line = endpoint->sql_line;

	for (;;) {
		struct sql_token token = sql_token_next(&scanner);

		if (token.kind == SQL_TOKEN_END)
			return line;
		if (token.kind == SQL_TOKEN_WORD && text_equal_nocase(token.text, word))
			line = token.line;
		sql_token_pass(&scanner, &token);
	}
}

/* The plan */

/* PostgreSQL 15 plans for any values only what is prepared, and by EXECUTE, which wants some. All of it is one
 * transaction, which ends with it. */
static const char *explanation_of(const struct db_statement *statement, struct arena *arena)
{
	struct buffer sql = buffer_in(arena);

	buffer_printf(&sql,
		      "SET LOCAL transaction_read_only = on;"
		      " SELECT set_config('lock_timeout', least(%d, nullif((extract(epoch FROM"
		      " current_setting('lock_timeout')::interval) * 1000)::int8, 0))::text, true);"
		      " SET LOCAL plan_cache_mode = force_generic_plan;"
		      " EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) EXECUTE \"%s\"",
		      LOCK_TIMEOUT_MS, statement->name);
	for (unsigned i = 0; i < statement->parameter_count; i++)
		buffer_add(&sql, i == 0 ? TEXT("(NULL") : TEXT(", NULL"));
	if (statement->parameter_count > 0)
		buffer_add_char(&sql, ')');
	buffer_add_char(&sql, '\0');
	return sql.bytes;
}

static bool is_lock(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return sqlstate != NULL && (strcmp(sqlstate, "55P03") == 0 || strcmp(sqlstate, "57014") == 0);
}

static struct explained explain(struct read_only_check *check, const struct endpoint *endpoint)
{
	struct arena *arena = &check->set->arena;
	struct explained explained = {.verdict = EXPLAINED_READS};
	PGresult *plan = PQexec(check->pg, explanation_of(&endpoint->statement, arena));

	if (PQresultStatus(plan) == PGRES_TUPLES_OK && PQntuples(plan) == 1)
		explained = explained_judge(text_of(PQgetvalue(plan, 0, 0)), arena);
	check->has_met_lock = is_lock(plan);
	if (check->has_met_lock)
		log_warning(
		    "db", "%s:%u: a table of %s is locked; whether this GET and those behind it write is not looked at",
		    endpoint->file, endpoint->sql_line, endpoint->name);
	PQclear(plan);
	return explained;
}

void read_only_check_endpoint(struct read_only_check *check, const struct endpoint *endpoint)
{
	struct explained explained = {.verdict = EXPLAINED_WRITES, .what = "SELECT INTO", .word = "into"};
	unsigned line;

	if (!endpoint->statement.is_read_only || endpoint->work != NULL || check->has_met_lock)
		return;
	if (!selects_into(&endpoint->statement))
		explained = explain(check, endpoint);
	if (explained.verdict == EXPLAINED_READS)
		return;
	line = line_of_word(endpoint, text_of(explained.word));
	if (explained.verdict == EXPLAINED_WRITES)
		diagnostics_add(&check->set->diagnostics, endpoint->file, line,
				"%s is a GET and always writes (%s), so each request would be a 405; its route must be "
				"POST, PUT, PATCH or DELETE",
				endpoint->name, explained.what);
	else
		log_warning("db", "%s:%u: %s is a GET, and each request that comes to %s will be a 405", endpoint->file,
			    line, endpoint->name, explained.what);
}
