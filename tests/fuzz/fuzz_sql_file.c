/* Any bytes as an endpoint file: what comes out keeps the promises of handlers/sql/file.h, and its SQL, read once more, is the
 * same SQL again. */
#include "base/percent.h"
#include "base/require.h"
#include "handlers/sql/file.h"

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

static void check_endpoint(const struct endpoint_set *set, unsigned index, unsigned lines)
{
	const struct endpoint *endpoint = &set->endpoints[index];
	const struct db_statement *statement = &endpoint->statement;

	REQUIRE(statement->index == index);
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
	check_sql(statement);
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
