#include "handlers/sql/parts.h"

#include <string.h>

const char *sql_part_name(const struct endpoint *endpoint, const struct endpoint_part *part)
{
	return part->endpoint.name + strlen(endpoint->name) + strlen(".");
}

bool sql_steps_may_find_nothing(const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < endpoint->part_count; i++)
		if (endpoint->parts[i].endpoint.must_find)
			return true;
	return false;
}

const char *const *sql_part_values(const struct endpoint_part *part, const char *const *values, struct arena *arena)
{
	unsigned count = part->endpoint.statement.parameter_count;
	const char **own = arena_alloc(arena, count * sizeof(*own));

	for (unsigned i = 0; i < count; i++)
		own[i] = values[part->takes[i]];
	return own;
}

/* The parameters of the whole in the order of a part's. */
static const struct db_parameter *in_order_of(const struct endpoint_part *part, const struct db_parameter *all,
					      struct arena *arena)
{
	unsigned count = part->endpoint.statement.parameter_count;
	struct db_parameter *own = arena_alloc(arena, count * sizeof(*own));

	for (unsigned i = 0; i < count; i++)
		own[i] = all[part->takes[i]];
	return own;
}

/* Whether a text that is checked for the one may be bound to the other. */
static bool are_alike(const struct db_parameter *one, const struct db_parameter *other)
{
	const struct db_signature of_one = {.parameters = one}, of_other = {.parameters = other};

	return db_signature_takes(&of_one, &of_other, 1);
}

static void check_types(const struct endpoint *endpoint, struct diagnostics *diagnostics)
{
	struct db_parameter *all = endpoint->statement.parameters;
	const struct endpoint_part *first[DB_PARAMETERS_MAX] = {NULL};

	for (struct endpoint_part *part = endpoint->parts; part < endpoint->parts + endpoint->part_count; part++)
		for (unsigned i = 0; i < part->endpoint.statement.parameter_count; i++) {
			const struct db_parameter *own = &part->endpoint.statement.parameters[i];
			unsigned index = part->takes[i];

			if (first[index] == NULL) {
				first[index] = part;
				all[index] = *own;
			} else if (!are_alike(&all[index], own)) {
				diagnostics_add(diagnostics, endpoint->file, part->endpoint.sql_line,
						"parameter :%s is %s in %s and %s in %s; give both the same type, such "
						"as :%s::%s",
						own->name, all[index].type.name, sql_part_name(endpoint, first[index]),
						own->type.name, sql_part_name(endpoint, part), own->name,
						all[index].type.name);
			}
		}
}

void sql_parts_share_types(struct endpoint *endpoint, struct arena *arena, struct diagnostics *diagnostics)
{
	struct endpoint_part *last = endpoint->parts + endpoint->part_count - 1;

	check_types(endpoint, diagnostics);
	for (struct endpoint_part *part = endpoint->parts; part <= last; part++)
		part->checked.parameters = in_order_of(part, endpoint->statement.parameters, arena);
	if (endpoint->parts_kind == PARTS_STEPS) {
		endpoint->statement.signature.columns = last->endpoint.statement.signature.columns;
		endpoint->statement.signature.column_count = last->endpoint.statement.signature.column_count;
	}
}

static bool has_changed(const struct endpoint *endpoint)
{
	for (unsigned i = 0; i < endpoint->part_count; i++) {
		const struct db_statement *statement = &endpoint->parts[i].endpoint.statement;

		if (db_statement_signature(statement) != &statement->signature)
			return true;
	}
	return false;
}

/* What was learnt since the start says what a parameter is, else the first part that uses it. */
static struct db_parameter *newest_parameters(const struct endpoint *endpoint, struct arena *arena)
{
	unsigned count = endpoint->statement.parameter_count;
	struct db_parameter *all = arena_alloc(arena, count * sizeof(*all));

	memcpy(all, endpoint->statement.parameters, count * sizeof(*all));
	for (const struct endpoint_part *part = endpoint->parts + endpoint->part_count; part-- > endpoint->parts;) {
		const struct db_signature *newest = db_statement_signature(&part->endpoint.statement);

		if (newest == &part->endpoint.statement.signature)
			continue;
		for (unsigned i = 0; i < part->endpoint.statement.parameter_count; i++)
			all[part->takes[i]] = newest->parameters[i];
	}
	return all;
}

/* One that was not run since a table has changed may still take what it took before. */
static void doubt_what_differs(const struct endpoint_part *part, const struct db_signature *checked_for)
{
	const struct db_statement *statement = &part->endpoint.statement;

	if (!db_signature_takes(db_statement_signature(statement), checked_for, statement->parameter_count))
		db_signatures_doubt(statement->signatures);
}

const struct db_signature *sql_parts_signature(const struct endpoint *endpoint, struct arena *arena,
					       const struct db_signature **checked_for)
{
	struct db_signature *newest;

	for (unsigned i = 0; i < endpoint->part_count; i++)
		checked_for[i] = &endpoint->parts[i].checked;
	if (LIKELY(!has_changed(endpoint)))
		return &endpoint->statement.signature;
	newest = arena_alloc_zeroed(arena, (endpoint->part_count + 1) * sizeof(*newest));
	newest[0].parameters = newest_parameters(endpoint, arena);
	for (unsigned i = 0; i < endpoint->part_count; i++) {
		newest[i + 1].parameters = in_order_of(&endpoint->parts[i], newest[0].parameters, arena);
		checked_for[i] = &newest[i + 1];
		doubt_what_differs(&endpoint->parts[i], checked_for[i]);
	}
	return newest;
}
