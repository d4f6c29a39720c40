#include "server/edition/prepare_error.h"

#include "db/values/sql_message.h"
#include "handlers/sql/place.h"

#include <stdlib.h>

enum { MESSAGE_BYTES = 1000 };

/* What is known of an error. */
struct prepare_error {
	const char *sqlstate, *message;
	unsigned long position; /* 0: PostgreSQL names none */
	unsigned parameter;     /* whose type is not known; 0: that is not it */
};

static const char *field(const PGresult *error, int code)
{
	const char *value = PQresultErrorField(error, code);

	return value != NULL ? value : "";
}

static unsigned parameter_in(const char *message)
{
	const char *dollar = strchr(message, '$');

	return dollar != NULL ? (unsigned)strtoul(dollar + 1, NULL, 10) : 0;
}

/* "could not determine data type of parameter $1" names it, and no place; "function f(unknown) is not unique" has a place
 * before it. Types are in no language of PostgreSQL's other than their own. */
static void find_parameter(struct prepare_error *error, const struct db_statement *statement)
{
	bool is_of_one = strcmp(error->sqlstate, "42P18") == 0 || strcmp(error->sqlstate, "42P08") == 0;
	bool is_of_call = strcmp(error->sqlstate, "42725") == 0 || strcmp(error->sqlstate, "42804") == 0;
	unsigned number = is_of_one ? parameter_in(error->message) : 0;
	unsigned long at = 0;

	if (is_of_one || (is_of_call && strstr(error->message, "unknown") != NULL))
		at = sql_place_of_parameter(statement, number, is_of_one ? 0 : error->position, &error->parameter);
	if (at == 0)
		error->parameter = 0;
	else if (error->position == 0)
		error->position = at;
}

static void add_in_parentheses(struct buffer *out, const char *words)
{
	if (words[0] != '\0')
		buffer_printf(out, " (%s)", words);
}

static void add_excerpt(struct diagnostics *diagnostics, const struct sql_place *place)
{
	struct buffer lines = buffer_in(diagnostics->arena);

	sql_place_show(place, &lines);
	diagnostics_add_excerpt(diagnostics, buffer_text(&lines));
}

void prepare_error_add(struct diagnostics *diagnostics, const struct endpoint *endpoint, const PGresult *result,
		       const char *hint)
{
	const struct db_statement *statement = &endpoint->statement;
	struct prepare_error error = {
	    .sqlstate = field(result, PG_DIAG_SQLSTATE),
	    .message = field(result, PG_DIAG_MESSAGE_PRIMARY),
	    .position = strtoul(field(result, PG_DIAG_STATEMENT_POSITION), NULL, 10),
	};
	struct buffer words = buffer_in(diagnostics->arena);
	char named[MESSAGE_BYTES];
	struct sql_place place;

	if (error.message[0] == '\0')
		error.message = PQresultErrorMessage(result);
	find_parameter(&error, statement);
	sql_message_named(statement, error.message, named, sizeof(named));
	/* libpq's own end with a line break */
	named[strcspn(named, "\n")] = '\0';
	buffer_printf(&words, "%s does not prepare: %s", endpoint->name, named);
	add_in_parentheses(&words, field(result, PG_DIAG_MESSAGE_DETAIL));
	add_in_parentheses(&words, hint != NULL ? hint : field(result, PG_DIAG_MESSAGE_HINT));
	if (error.parameter > 0 && error.parameter <= statement->parameter_count)
		buffer_printf(&words, "; give the parameter its type, such as :%s::text",
			      statement->parameters[error.parameter - 1].name);
	place = sql_place_of(endpoint, error.position);
	diagnostics_add(diagnostics, endpoint->file, place.line, "%.*s", TEXT_ARGS(buffer_text(&words)));
	if (error.position > 0)
		add_excerpt(diagnostics, &place);
}
