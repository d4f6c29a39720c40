#include "db/failure.h"

#include "base/clock.h"
#include "base/memory.h"
#include "db/values/sql_message.h"
#include "db/values/sqlstate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	OURS_MS = 20
}; /* statement_timeout is in whole milliseconds, and fires a little before the deadline, or after */

/* What batch->message, detail, hint and said point to. */
struct db_words {
	char message[FAILURE_BYTES_MAX + 4], detail[FAILURE_BYTES_MAX + 4], hint[FAILURE_BYTES_MAX + 4],
	    said[FAILURE_BYTES_MAX + 4];
};

/* Text */

static void add(char *out, const char *format, ...) PRINTF_LIKE(2, 3);

/* Adds to a text of struct db_words. */
static void add(char *out, const char *format, ...)
{
	size_t used = strlen(out), left = FAILURE_BYTES_MAX + 1 - used;
	va_list values;
	int length;

	/* it may have been cut already */
	if (used + 4 > FAILURE_BYTES_MAX)
		return;
	va_start(values, format);
	length = vsnprintf(out + used, left, format, values);
	va_end(values);
	/* one byte more than there may be: a character that is cut shows */
	if ((size_t)length >= left)
		strcpy(out + text_cut_to(text_of(out), FAILURE_BYTES_MAX - 1).length, "...");
}

static const char *field(const PGresult *error, int code)
{
	const char *value = PQresultErrorField(error, code);

	return value != NULL ? value : "";
}

/* From behind the first `open` to before the last `close`: all that could be a value. */
static bool find_between(const char *text, const char *open, char close, struct text *between)
{
	const char *begin = strstr(text, open), *end;

	if (begin == NULL)
		return false;
	begin += strlen(open);
	end = strrchr(begin, close);
	*between = (struct text){begin, end != NULL ? (size_t)(end - begin) : 0};
	return end != NULL;
}

/* What is known to be the client's */

static bool was_given(const struct db_batch *batch, struct text value)
{
	for (unsigned i = 0; i < batch->query_count; i++) {
		const struct db_query *query = &batch->queries[i];

		for (unsigned j = 0; query->values != NULL && j < query->statement->parameter_count; j++)
			if (query->values[j] != NULL && text_equal(text_of(query->values[j]), value))
				return true;
	}
	return false;
}

/* PL/pgSQL's RAISE. What it raises again is as it was, and so is its place. */
static bool is_by_author(const PGresult *error)
{
	return strcmp(field(error, PG_DIAG_SOURCE_FUNCTION), "exec_stmt_raise") == 0;
}

/* "cannot execute INSERT in a read-only transaction". */
static bool names_command_only(const PGresult *error)
{
	return strcmp(field(error, PG_DIAG_SOURCE_FUNCTION), "PreventCommandIfReadOnly") == 0;
}

/* Reading JSON adds a line with a part of the document. A line of anything else is one of a function that was called,
 * by the check of a domain. What fails there may show what is stored. */
static bool is_read_from_text(const PGresult *error)
{
	const char *newline = strchr(field(error, PG_DIAG_CONTEXT), '\n');

	return newline == NULL ||
	       (strchr(newline + 1, '\n') == NULL && strncmp(field(error, PG_DIAG_SOURCE_FILE), "json", 4) == 0);
}

/* "unnamed portal with parameters: $1 = '...', ..." where log_parameter_max_length_on_error is set, or the text of a
 * statement: neither is about one parameter. */
static bool is_list(const char *line, const char *dollar)
{
	static const char wide_colon[] = "\xEF\xBC\x9A";
	size_t before = (size_t)(dollar - line);

	return memchr(line, ':', before) != NULL || memchr(line, '"', before) != NULL ||
	       memmem(line, before, wide_colon, strlen(wide_colon)) != NULL;
}

/* The name of the parameter whose text PostgreSQL could not read; NULL: it was none, or that is not certain. The last
 * line of the context is "unnamed portal parameter $1 = '...'" then, in PostgreSQL's language. */
static const char *refused_parameter(const struct db_batch *batch, const PGresult *error)
{
	const struct db_statement *statement =
	    batch->arrived < batch->query_count ? batch->queries[batch->arrived].statement : NULL;
	const char *context = field(error, PG_DIAG_CONTEXT), *newline = strrchr(context, '\n');
	const char *line = newline != NULL ? newline + 1 : context, *dollar = strchr(line, '$');
	unsigned long number;
	char *end;

	if (statement == NULL || statement->parameters == NULL || dollar == NULL || is_list(line, dollar))
		return NULL;
	number = strtoul(dollar + 1, &end, 10);
	if ((*end != '\0' && strncmp(end, " = '", 4) != 0) || number == 0 || number > statement->parameter_count)
		return NULL;
	return statement->parameters[number - 1].name;
}

/* Words */

static void quote_author(struct db_words *words, const PGresult *error)
{
	add(words->message, "%s", field(error, PG_DIAG_MESSAGE_PRIMARY));
	add(words->detail, "%s", field(error, PG_DIAG_MESSAGE_DETAIL));
	add(words->hint, "%s", field(error, PG_DIAG_MESSAGE_HINT));
}

static void quote_refusal(struct db_words *words, const PGresult *error)
{
	add(words->message, "%s", field(error, PG_DIAG_MESSAGE_PRIMARY));
	add(words->detail, "%s", field(error, PG_DIAG_MESSAGE_DETAIL));
}

/* Everything PostgreSQL said: for the log, which keeps it in one line. Of the SQL's own faults in the author's terms. */
static void note_all(struct db_words *words, const struct db_batch *batch, const PGresult *error)
{
	static const int parts[] = {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT, PG_DIAG_CONTEXT};
	const char *message = field(error, PG_DIAG_MESSAGE_PRIMARY);
	char named[FAILURE_BYTES_MAX];

	if (strncmp(batch->sqlstate, "42", 2) == 0 && batch->arrived < batch->query_count) {
		sql_message_named(batch->queries[batch->arrived].statement, message, named, sizeof(named));
		message = named;
	}
	add(words->said, "%s", message);
	for (unsigned i = 0; i < ARRAY_LENGTH(parts); i++)
		if (field(error, parts[i])[0] != '\0')
			add(words->said, " | %s", field(error, parts[i]));
}

/* Its name, which the schema's author gave it, and no value. */
static void add_place(struct db_words *words, const PGresult *error)
{
	const char *constraint = field(error, PG_DIAG_CONSTRAINT_NAME), *column = field(error, PG_DIAG_COLUMN_NAME);

	if (constraint[0] != '\0')
		add(words->message, ": constraint \"%s\"", constraint);
	else if (column[0] != '\0')
		add(words->message, ": column \"%s\"", column);
}

/* "Key (name)=(abc) already exists.", where abc is what the batch was given; of several columns nothing is certain. */
static void add_given_key(struct db_words *words, const struct db_batch *batch, const PGresult *error)
{
	const char *detail = field(error, PG_DIAG_MESSAGE_DETAIL), *file = field(error, PG_DIAG_SOURCE_FILE);
	struct text value, column = {strchr(detail, '('), 0};

	if (strcmp(file, "nbtinsert.c") != 0 && strcmp(file, "ri_triggers.c") != 0)
		return;
	if (!find_between(detail, ")=(", ')', &value) || !was_given(batch, value))
		return;
	column.length = (size_t)(value.at - 2 - column.at);
	add(words->message, ", %.*s=(%.*s)", TEXT_ARGS(column), TEXT_ARGS(value));
}

static void describe(struct db_words *words, const struct db_batch *batch, const PGresult *error)
{
	const char *code = batch->sqlstate;
	bool is_write = !db_batch_is_read_only(batch);

	add(words->message, "%s", sqlstate_of(code)->words);
	if (strncmp(code, "23", 2) == 0)
		add_place(words, error);
	if (strcmp(code, "23505") == 0 || strcmp(code, "23503") == 0)
		add_given_key(words, batch, error);
	/* the text of 22P02 and the like may be stored: showing it where a parameter equals it would confirm a guess */
	if (is_write && sqlstate_of(code)->retry != RETRY_NEVER)
		add(words->message,
		    db_batch_may_commit(batch) ? "; whether it was written is not known" : "; nothing was written");
	note_all(words, batch, error);
}

static void find_words(struct db_words *words, const struct db_batch *batch, const PGresult *error,
		       const char *parameter)
{
	if (parameter != NULL)
		add(words->message, "parameter \"%s\": ", parameter);
	if (is_by_author(error))
		quote_author(words, error);
	else if (names_command_only(error))
		add(words->message, "%s", field(error, PG_DIAG_MESSAGE_PRIMARY));
	else if (parameter != NULL && is_read_from_text(error))
		quote_refusal(words, error);
	else
		describe(words, batch, error);
}

static bool is_at_deadline(const struct db_batch *batch)
{
	return clock_now_ns() + OURS_MS * NS_PER_MS >= batch->deadline_ns;
}

/* statement_timeout: ours goes with the deadline, and an operator's may be shorter. In other languages than English the
 * clock decides: PostgreSQL has one code for this and for what an administrator cancels. */
static bool is_timeout(const struct db_batch *batch, const PGresult *error)
{
	const char *message = field(error, PG_DIAG_MESSAGE_PRIMARY);

	return strcmp(field(error, PG_DIAG_SQLSTATE), "57014") == 0 &&
	       (is_at_deadline(batch) || strstr(message, "statement timeout") != NULL);
}

/* One that the role, the database, the URL or a function has set. */
static void take_shorter_timeout(struct db_batch *batch, const PGresult *error)
{
	struct db_words *words = batch->words = memory_alloc_zeroed(1, sizeof(*batch->words));
	bool is_unknown = db_batch_may_commit(batch);

	add(words->message, "the database's own statement_timeout, shorter than the request's time, ended it");
	if (!db_batch_is_read_only(batch))
		add(words->message, is_unknown ? "; whether it was written is not known" : "; nothing was written");
	note_all(words, batch, error);
	db_batch_fail(batch, is_unknown ? ERROR_DEADLINE_OUTCOME_UNKNOWN : ERROR_DEADLINE, words->message);
	batch->said = words->said;
}

/* An error takes back what was written, but not what a procedure has committed before it. */
static enum error settled(const struct db_batch *batch, const struct sqlstate *state)
{
	bool is_unknown = db_batch_may_commit(batch) && state->retry != RETRY_NEVER;

	return is_unknown ? ERROR_OUTCOME_UNKNOWN : state->error;
}

/* What the author of the endpoint chose, else what the author of the function did; 0: none. */
static unsigned chosen_status(const struct db_batch *batch)
{
	for (unsigned i = 0; i < batch->query_count; i++) {
		const struct db_statement *statement = batch->queries[i].statement;

		for (unsigned j = 0; j < statement->choice_count; j++)
			if (strcmp(statement->choices[j].sqlstate, batch->sqlstate) == 0)
				return statement->choices[j].status;
	}
	return sqlstate_own_status(batch->sqlstate);
}

void failure_take(struct db_batch *batch, const PGresult *error)
{
	const struct sqlstate *state;
	const char *parameter;

	if (batch->error != ERROR_NONE)
		return;
	if (is_timeout(batch, error)) {
		if (is_at_deadline(batch))
			db_batch_end_at_deadline(batch);
		else
			take_shorter_timeout(batch, error);
		return;
	}
	snprintf(batch->sqlstate, sizeof(batch->sqlstate), "%s", field(error, PG_DIAG_SQLSTATE));
	state = sqlstate_of(batch->sqlstate);
	parameter = refused_parameter(batch, error);
	batch->words = memory_alloc_zeroed(1, sizeof(*batch->words));
	find_words(batch->words, batch, error, parameter);
	/* what is no value of its type is the client's mistake: regclass says so with a class of its own */
	db_batch_fail(batch, parameter != NULL ? ERROR_REJECTED : settled(batch, state), batch->words->message);
	batch->status = chosen_status(batch);
	batch->is_rolled_back = state->retry == RETRY_HERE && !db_batch_may_commit(batch);
	batch->detail = batch->words->detail;
	batch->hint = batch->words->hint;
	batch->said = batch->words->said;
}
