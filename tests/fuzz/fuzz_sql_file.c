/* Any bytes as an endpoint file: what comes out keeps the promises of handlers/sql/file.h, and its SQL, read once more, is the
 * same SQL again. */
#include "base/percent.h"
#include "base/require.h"
#include "exchange/route_pattern.h"
#include "handlers/sql/file.h"
#include "handlers/sql/parts.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static unsigned count_lines(struct text text)
{
	unsigned lines = 1;

	for (size_t i = 0; i < text.length; i++)
		lines += text.at[i] == '\n';
	return lines;
}

static void check_diagnostics(const struct endpoint_set *set, unsigned lines)
{
	for (unsigned i = 0; i < set->diagnostics.count && i < DIAGNOSTICS_MAX; i++) {
		const struct diagnostic *item = &set->diagnostics.items[i];

		REQUIRE(strcmp(item->file, "fuzz.sql") == 0);
		REQUIRE(item->line <= lines);
		REQUIRE(item->message[0] != '\0');
		/* The user's text is cut between characters. The file itself may be anything else but text. */
		REQUIRE(utf8_is_valid(text_of(item->message)));
	}
}

/* Read again, every parameter is a `$n` and complained of as such, in the order of the text; nothing else is wrong. */
static void check_numbers(const struct endpoint_set *again, unsigned parameter_count)
{
	unsigned known = 0;

	REQUIRE((again->diagnostics.count == 0) == (parameter_count == 0));
	for (unsigned i = 0; i < again->diagnostics.count && i < DIAGNOSTICS_MAX; i++) {
		const char *message = again->diagnostics.items[i].message;
		char *end;
		unsigned long number;

		REQUIRE(strncmp(message, "\"$", 2) == 0);
		number = strtoul(message + 2, &end, 10);
		REQUIRE(*end == '"');
		REQUIRE(number >= 1 && number <= known + 1);
		if (number == known + 1)
			known++;
	}
	REQUIRE(known <= parameter_count);
	REQUIRE(known == parameter_count || again->diagnostics.count > DIAGNOSTICS_MAX);
}

static void check_sql(const struct db_statement *statement)
{
	struct endpoint_set again;
	struct text source;

	REQUIRE(statement->sql[0] != '\0');
	endpoint_set_init(&again);
	source = text_of(arena_printf(&again.arena, "-- name: a :exec\n-- route: POST /a\n%s", statement->sql));
	if (source.length <= SQL_FILE_BYTES_MAX) {
		sql_file_parse(&again, "fuzz.sql", source);
		check_numbers(&again, statement->parameter_count);
		if (statement->parameter_count == 0)
			REQUIRE(strcmp(again.endpoints[0].statement.sql, statement->sql) == 0);
	}
	endpoint_set_cleanup(&again);
}

static void check_parameters(const struct endpoint *endpoint, unsigned lines)
{
	const struct db_statement *statement = &endpoint->statement;

	REQUIRE(statement->parameter_count <= DB_PARAMETERS_MAX);
	for (unsigned i = 0; i < statement->parameter_count; i++) {
		const struct db_parameter *parameter = &statement->parameters[i];

		REQUIRE(parameter->line >= endpoint->line && parameter->line <= lines);
		REQUIRE(parameter->description != NULL);
		REQUIRE(parameter->has_default || parameter->default_text == NULL);
		for (unsigned other = 0; other < i; other++)
			REQUIRE(strcmp(parameter->name, statement->parameters[other].name) != 0);
	}
}

static bool names_claim(const struct endpoint *endpoint)
{
	for (unsigned i = 0; endpoint->sources != NULL && i < endpoint->statement.parameter_count; i++)
		if (endpoint->sources[i].kind == SOURCE_CLAIM)
			return true;
	return false;
}

/* What needs keys has a line, so that without keys the start names it; what needs none has none. */
static void check_access(const struct endpoint *endpoint, unsigned lines)
{
	const struct access *access = &endpoint->access;
	bool needs_identity = access->role_count > 0 || endpoint->settings.claims || names_claim(endpoint) ||
			      endpoint->rate.by != LIMIT_BY_ADDRESS;

	REQUIRE(!access->is_public || access->role_count == 0);
	REQUIRE(access->role_count == 0 || access->roles != NULL);
	for (unsigned i = 0; i < access->role_count; i++) {
		REQUIRE(identity_role_is_valid(access->roles[i]));
		REQUIRE(access->roles[i].at[access->roles[i].length] == '\0');
		for (unsigned other = 0; other < i; other++)
			REQUIRE(!text_equal(access->roles[other], access->roles[i]));
	}
	REQUIRE(needs_identity == (endpoint->identity_line > 0));
	REQUIRE(!needs_identity || (endpoint->identity_line >= endpoint->line && endpoint->identity_line <= lines));
}

static bool is_parameter(const struct db_statement *statement, const char *name)
{
	for (unsigned i = 0; i < statement->parameter_count; i++)
		if (strcmp(statement->parameters[i].name, name) == 0)
			return true;
	return false;
}

/* `:name?` asks for another parameter, which may be left out. */
static void check_given(const struct db_statement *statement, const struct db_parameter *given, const char *asked_for)
{
	size_t length = strlen(asked_for);

	REQUIRE(is_parameter(statement, asked_for));
	REQUIRE(strncmp(given->name, asked_for, length) == 0 && strcmp(given->name + length, "?") == 0);
}

/* A parameter of the path is the client's; a header that holds a credential is no source. */
static void check_sources(const struct endpoint *endpoint)
{
	const struct db_statement *statement = &endpoint->statement;

	for (unsigned i = 0; endpoint->sources != NULL && i < statement->parameter_count; i++) {
		const struct source *source = &endpoint->sources[i];

		REQUIRE((source->name == NULL) == (source->kind == SOURCE_CLIENT || source->kind == SOURCE_ADDRESS ||
						   source->kind == SOURCE_IF_MATCH));
		REQUIRE(source->kind == SOURCE_CLIENT ||
			!route_has_parameter(endpoint->path, statement->parameters[i].name));
		if (source->kind == SOURCE_GIVEN) {
			check_given(statement, &statement->parameters[i], source->name);
			continue;
		}
		REQUIRE(source->kind < SOURCE_KIND_COUNT);
		REQUIRE(source->name == NULL || sql_source_name_is_valid(source->kind, text_of(source->name)));
		REQUIRE(source->kind != SOURCE_HEADER || !sql_source_is_secret(text_of(source->name)));
	}
}

/* A part takes parameters of the whole, each of its own once, and is a statement as others are. */
static void check_part(const struct endpoint_set *set, const struct endpoint *whole, const struct endpoint_part *part)
{
	const struct db_statement *statement = &part->endpoint.statement;

	REQUIRE(statement->index > whole->statement.index && statement->index < set->statement_count);
	REQUIRE(statement->is_read_only == whole->statement.is_read_only && strlen(statement->name) <= 63);
	REQUIRE(part->endpoint.part_count == 0 && part->endpoint.parts_kind == PARTS_NONE);
	REQUIRE(whole->parts_kind == PARTS_STEPS || (part->endpoint.shape != ENDPOINT_EXEC && statement->is_read_only));
	REQUIRE(!statement->may_commit);
	REQUIRE(part->endpoint.line >= whole->route_line && part->endpoint.sql_line >= part->endpoint.line);
	REQUIRE(statement->parameter_count <= whole->statement.parameter_count);
	for (unsigned i = 0; i < statement->parameter_count; i++) {
		REQUIRE(part->takes[i] < whole->statement.parameter_count);
		REQUIRE(statement->parameters[i].name == whole->statement.parameters[part->takes[i]].name);
		for (unsigned other = 0; other < i; other++)
			REQUIRE(part->takes[other] != part->takes[i]);
	}
	check_sql(statement);
}

static void check_statements(const struct endpoint_set *set, const struct endpoint *endpoint)
{
	if (endpoint->part_count == 0)
		check_sql(&endpoint->statement);
	REQUIRE(endpoint->part_count <= PARTS_MAX);
	for (unsigned i = 0; i < endpoint->part_count; i++)
		check_part(set, endpoint, &endpoint->parts[i]);
}

static void check_endpoint(const struct endpoint_set *set, unsigned index, unsigned lines)
{
	const struct endpoint *endpoint = &set->endpoints[index];
	const struct db_statement *statement = &endpoint->statement;

	REQUIRE(statement->index >= index && statement->index < set->statement_count);
	/* A carriage return alone ends a comment but counts no line. */
	REQUIRE(endpoint->line <= endpoint->route_line && endpoint->route_line <= endpoint->sql_line);
	REQUIRE(endpoint->sql_line <= lines);
	REQUIRE(strlen(endpoint->name) >= 1 && strlen(endpoint->name) <= 63);
	REQUIRE(endpoint->path[0] == '/');
	REQUIRE(endpoint->status >= 200 && endpoint->status <= 299);
	REQUIRE(statement->is_read_only == (endpoint->method == HTTP_GET));
	REQUIRE(statement->is_read_only || statement->row_limit == 0);
	REQUIRE(!endpoint->is_stream || (endpoint->shape == ENDPOINT_MANY && statement->is_read_only));
	check_parameters(endpoint, lines);
	if (set->diagnostics.count == 0) {
		check_access(endpoint, lines);
		check_sources(endpoint);
	}
	check_statements(set, endpoint);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct text source = {(const char *)bytes, length};
	unsigned lines = count_lines(source);
	struct endpoint_set set;
	unsigned found;

	endpoint_set_init(&set);
	found = sql_file_parse(&set, "fuzz.sql", source);
	REQUIRE(found == set.diagnostics.count);
	check_diagnostics(&set, lines);
	for (unsigned i = 0; i < set.count; i++)
		check_endpoint(&set, i, lines);
	endpoint_set_cleanup(&set);
	return 0;
}
