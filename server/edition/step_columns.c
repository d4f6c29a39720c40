#include "server/edition/step_columns.h"

#include "server/edition/prepare_error.h"

#include <stdio.h>
#include <string.h>

/* With a type modifier of -1: `character` as a cast is one character, `bpchar` is any. */
static const char type_sql[] = "SELECT pg_catalog.format_type(oid, -1), typtype = 'p' FROM pg_catalog.pg_type "
			       "WHERE oid = $1";

static const char *words_of_columns(const struct db_signature *signature, struct arena *arena)
{
	struct buffer words = buffer_in(arena);

	for (unsigned i = 0; i < signature->column_count; i++)
		buffer_printf(&words, "%s%s", i > 0 ? ", " : "", signature->columns[i].name);
	return words.length > 0 ? arena_copy(arena, buffer_text(&words)) : "none";
}

/* Returns NULL, with a diagnostic: there is none, or there are two. */
static const struct db_column *find_column(const struct endpoint *step, const struct endpoint *user,
					   const struct step_value *value, struct endpoint_set *set)
{
	const struct db_signature *signature = &step->statement.signature;
	const struct db_column *found = NULL;
	unsigned count = 0;

	for (unsigned i = 0; i < signature->column_count; i++) {
		if (strcmp(signature->columns[i].name, value->column) != 0)
			continue;
		found = &signature->columns[i];
		count++;
	}
	if (count == 1)
		return found;
	if (count == 0)
		diagnostics_add(&set->diagnostics, user->file, value->line,
				"%s uses :%s.%s, and the columns of that step are: %s", user->name, value->step,
				value->column, words_of_columns(signature, &set->arena));
	else
		diagnostics_add(&set->diagnostics, user->file, value->line,
				"%s uses :%s.%s, and %u columns of that step have this name", user->name, value->step,
				value->column, count);
	return NULL;
}

static bool learn_type_name(const struct db_column *column, const struct endpoint *user, struct step_value *value,
			    PGconn *pg, struct endpoint_set *set)
{
	char oid[16];
	const char *values[] = {oid};
	PGresult *rows;

	snprintf(oid, sizeof(oid), "%u", column->oid);
	rows = PQexecParams(pg, type_sql, 1, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(rows) != PGRES_TUPLES_OK || PQntuples(rows) != 1)
		prepare_error_add(&set->diagnostics, user, rows, NULL);
	else if (PQgetvalue(rows, 0, 1)[0] == 't')
		diagnostics_add(&set->diagnostics, user->file, value->line,
				"%s uses :%s.%s, which is a %s: no step can take a value of that type", user->name,
				value->step, value->column, PQgetvalue(rows, 0, 0));
	else
		value->type = arena_copy(&set->arena, text_of(PQgetvalue(rows, 0, 0)));
	PQclear(rows);
	return value->type != NULL;
}

/* One that is used twice is set once. */
static bool is_set_before(const struct endpoint_part *part, const struct step_value *value)
{
	for (const struct step_value *before = part->values; before < value; before++)
		if (before->setting == value->setting)
			return true;
	return false;
}

bool step_columns_are_used(const struct endpoint *whole, unsigned part)
{
	for (unsigned i = part + 1; i < whole->part_count; i++)
		for (unsigned j = 0; j < whole->parts[i].value_count; j++)
			if (whole->parts[i].values[j].part == part)
				return true;
	return false;
}

const char *step_columns_list(struct endpoint *whole, unsigned part, PGconn *pg, struct endpoint_set *set)
{
	const struct endpoint *step = &whole->parts[part].endpoint;
	struct buffer list = buffer_in(&set->arena);
	bool is_good = true;

	for (unsigned i = part + 1; i < whole->part_count; i++) {
		struct endpoint_part *user = &whole->parts[i];

		for (struct step_value *value = user->values; value < user->values + user->value_count; value++) {
			const struct db_column *column =
			    value->part == part ? find_column(step, &user->endpoint, value, set) : NULL;

			if (value->part != part)
				continue;
			is_good &= column != NULL && learn_type_name(column, &user->endpoint, value, pg, set);
			if (!is_set_before(user, value))
				sql_step_value_set(&list, value);
		}
	}
	return is_good ? arena_copy(&set->arena, buffer_text(&list)) : NULL;
}

bool step_columns_put_in(struct endpoint_part *part, struct arena *arena)
{
	struct db_statement *statement = &part->endpoint.statement;

	for (unsigned i = 0; i < part->value_count; i++)
		if (part->values[i].type == NULL)
			return false;
	if (part->value_count > 0)
		statement->sql = sql_step_values_put_in(statement->sql, part->values, part->value_count, arena);
	return true;
}

void step_columns_learn(struct endpoint *endpoint, PGconn *pg, const struct learn_catalog *catalog)
{
	PGresult *described = PQdescribePrepared(pg, "");

	if (PQresultStatus(described) == PGRES_COMMAND_OK)
		learn_columns(&endpoint->statement.signature, catalog, described);
	PQclear(described);
}

void step_columns_say(const struct endpoint_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		for (unsigned j = 0; j < set->endpoints[i].part_count; j++) {
			const struct endpoint_part *part = &set->endpoints[i].parts[j];

			if (part->value_count > 0)
				printf("meantime: %s:%u: %s uses columns of steps before it, which PostgreSQL hands "
				       "on: no "
				       "round trip more\n",
				       part->endpoint.file, part->values[0].line, part->endpoint.name);
		}
}
