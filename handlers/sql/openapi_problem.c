#include "handlers/sql/openapi_problem.h"

#include "handlers/sql/openapi_conditions.h"
#include "handlers/sql/plan.h"

#include "base/error.h"

enum { STATUS_BEGIN = 400, STATUS_END = 600 };

/* Which requests an error is for. */
enum scope {
	OF_NONE = 0,
	OF_ALL = 1, /* the document of this service included */
	OF_INPUT = 2,
	OF_BODY = 4,
	OF_FINDING = 8, /* what may find nothing */
	OF_SQL = 16,
	OF_WRITES = 32,
	OF_READS = 64,
	OF_ROWS = 128,
	OF_WAITING = 256, /* SQL, or a work that awaits something */
	OF_IDENTITY = 512,
	OF_RATE = 1024,
	OF_CONDITION = 2048,
	OF_MEDIA = 4096, /* what has a body, in a media type that the client takes */
};

static const unsigned scopes[ERROR_COUNT] = {
    [ERROR_BAD_INPUT] = OF_ALL,
    [ERROR_REJECTED] = OF_SQL,
    [ERROR_UNAUTHORIZED] = OF_IDENTITY,
    [ERROR_FORBIDDEN] = OF_SQL | OF_IDENTITY,
    [ERROR_NOT_FOUND] = OF_FINDING,
    [ERROR_METHOD_NOT_ALLOWED] = OF_NONE, /* of another operation */
    [ERROR_READ_ONLY] = OF_READS,
    [ERROR_NOT_ACCEPTABLE] = OF_MEDIA,
    [ERROR_CONFLICT] = OF_WRITES,
    [ERROR_PRECONDITION_FAILED] = OF_CONDITION,
    [ERROR_TOO_LARGE] = OF_ALL,
    [ERROR_URI_TOO_LONG] = OF_ALL,
    [ERROR_UNSUPPORTED_MEDIA_TYPE] = OF_BODY,
    [ERROR_RANGE_NOT_SATISFIABLE] = OF_NONE, /* of files */
    [ERROR_EXPECTATION_FAILED] = OF_ALL,
    [ERROR_RATE_LIMITED] = OF_RATE,
    [ERROR_HEAD_TOO_LARGE] = OF_ALL,
    [ERROR_INTERNAL] = OF_ALL,
    [ERROR_NOT_IMPLEMENTED] = OF_ALL,
    [ERROR_DATABASE_ERROR] = OF_SQL,
    [ERROR_RESULT_TOO_LARGE] = OF_ROWS,
    [ERROR_BUSY] = OF_WAITING,
    [ERROR_DATABASE_UNAVAILABLE] = OF_SQL,
    [ERROR_CANCELLED] = OF_SQL,
    [ERROR_CONTENTION] = OF_SQL,
    [ERROR_OUTCOME_UNKNOWN] = OF_WRITES,
    [ERROR_DEADLINE] = OF_WAITING,
    [ERROR_DEADLINE_OUTCOME_UNKNOWN] = OF_WRITES,
};

static unsigned scope_of(const struct endpoint *endpoint)
{
	unsigned scope = OF_ALL | OF_WAITING;

	if (sql_plan_takes_body(endpoint))
		scope |= OF_BODY;
	if (sql_plan_may_find_nothing(endpoint))
		scope |= OF_FINDING;
	if (sql_plan_offers(endpoint) != 0 || (endpoint->answer != NULL && endpoint->answer->content_type != NULL))
		scope |= OF_MEDIA;
	if (endpoint->rate.count > 0)
		scope |= OF_RATE;
	if (endpoint->takes_if_match || openapi_may_be_known(endpoint))
		scope |= OF_CONDITION;
	if (endpoint->work != NULL)
		return scope;
	scope |= OF_SQL | (endpoint->method == HTTP_GET ? OF_READS : OF_WRITES);
	return endpoint->shape == ENDPOINT_EXEC ? scope : scope | OF_ROWS;
}

static void refer(struct json_out *document, const char *key, const char *component)
{
	char reference[64];

	snprintf(reference, sizeof(reference), "#/components/responses/%s", component);
	json_out_open(document, key, '{');
	json_out_string(document, "$ref", reference);
	json_out_close(document);
}

static void write_responses(struct json_out *document, unsigned scope, const bool *is_chosen)
{
	char key[16], component[32];

	for (unsigned status = STATUS_BEGIN; status < STATUS_END; status++) {
		bool is_possible = false;

		for (enum error error = ERROR_NONE + 1; error < ERROR_COUNT; error++)
			is_possible |= error_status(error) == status && (scopes[error] & scope) != 0;
		snprintf(key, sizeof(key), "%u", status);
		snprintf(component, sizeof(component), "Problem%u", status);
		if (is_chosen != NULL && is_chosen[status - STATUS_BEGIN])
			refer(document, key, "Problem");
		else if (is_possible)
			refer(document, key, component);
	}
	refer(document, "default", "Problem");
}

void openapi_write_problem_responses(struct json_out *document, const struct endpoint *endpoint, bool has_identities)
{
	const struct db_statement *statement = &endpoint->statement;
	bool is_chosen[STATUS_END - STATUS_BEGIN] = {false};

	for (unsigned i = 0; i < statement->choice_count; i++)
		is_chosen[statement->choices[i].status - STATUS_BEGIN] = true;
	write_responses(document, scope_of(endpoint) | (has_identities ? OF_IDENTITY : 0), is_chosen);
}

void openapi_write_own_problem_responses(struct json_out *document)
{
	write_responses(document, OF_ALL, NULL);
}

/* Components */

static void add_property(struct json_out *document, const char *key, const char *type, const char *description)
{
	json_out_open(document, key, '{');
	json_out_string(document, "type", type);
	json_out_string(document, "description", description);
	json_out_close(document);
}

static void write_schema(struct json_out *document)
{
	json_out_open(document, "Problem", '{');
	json_out_string(document, "type", "object");
	json_out_open(document, "properties", '{');
	add_property(document, "type", "string", "A URI for the kind of problem; compare this.");
	add_property(document, "title", "string", "The kind of problem in words.");
	add_property(document, "status", "integer", "The HTTP status.");
	add_property(document, "detail", "string", "What is wrong, where, and what was expected.");
	add_property(document, "hint", "string", "What the author of the SQL suggests, where there is something.");
	add_property(document, "sqlstate", "string", "PostgreSQL's error code, where it is PostgreSQL's error.");
	json_out_close(document);
	json_out_json(document, "required", "[\"type\", \"title\", \"status\", \"detail\"]");
	json_out_close(document);
}

static void refer_to_schema(struct json_out *document, const char *key)
{
	json_out_open(document, key, '{');
	json_out_string(document, "$ref", "#/components/schemas/Problem");
	json_out_close(document);
}

/* "urn:meantime:problem:bad-input" */
static const char *type_of(enum error error, char *type, size_t bytes)
{
	int written = snprintf(type, bytes, "urn:meantime:problem:");

	for (const char *word = error_word(error); *word != '\0' && (size_t)written + 1 < bytes; word++)
		type[written++] = *word == '_' ? '-' : (char)(*word >= 'A' && *word <= 'Z' ? *word - 'A' + 'a' : *word);
	type[written] = '\0';
	return type;
}

static void write_types(struct json_out *document, unsigned status)
{
	char type[96];

	json_out_open(document, "enum", '[');
	for (enum error error = ERROR_NONE + 1; error < ERROR_COUNT; error++)
		if (error_status(error) == status)
			json_out_string(document, NULL, type_of(error, type, sizeof(type)));
	json_out_close(document);
}

/* "bad input; rejected by the database" */
static const char *titles_of(struct json_out *document, unsigned status)
{
	struct buffer titles = buffer_in(document->out->arena);

	for (enum error error = ERROR_NONE + 1; error < ERROR_COUNT; error++)
		if (error_status(error) == status)
			buffer_printf(&titles, "%s%s", titles.length > 0 ? "; " : "", error_title(error));
	return arena_copy(document->out->arena, buffer_text(&titles));
}

static void open_response(struct json_out *document, const char *key, const char *description)
{
	json_out_open(document, key, '{');
	json_out_string(document, "description", description);
	json_out_open(document, "content", '{');
	json_out_open(document, "application/problem+json", '{');
}

static void write_response_of_status(struct json_out *document, unsigned status)
{
	unsigned depth = document->depth;
	char key[32];

	snprintf(key, sizeof(key), "Problem%u", status);
	open_response(document, key, titles_of(document, status));
	json_out_open(document, "schema", '{');
	json_out_open(document, "allOf", '[');
	refer_to_schema(document, NULL);
	json_out_open(document, NULL, '{');
	json_out_string(document, "type", "object");
	json_out_open(document, "properties", '{');
	json_out_open(document, "type", '{');
	json_out_string(document, "type", "string");
	write_types(document, status);
	json_out_close_above(document, depth);
}

static unsigned scope_of_all(const struct endpoint_set *endpoints, bool has_identities)
{
	unsigned scope = OF_ALL | (has_identities ? OF_IDENTITY : 0);

	for (unsigned i = 0; i < endpoints->count; i++)
		scope |= scope_of(&endpoints->endpoints[i]);
	return scope;
}

static bool is_of_some_operation(unsigned status, unsigned scope)
{
	for (enum error error = ERROR_NONE + 1; error < ERROR_COUNT; error++)
		if (error_status(error) == status && (scopes[error] & scope) != OF_NONE)
			return true;
	return false;
}

void openapi_write_problems(struct json_out *document, const struct endpoint_set *endpoints, bool has_identities)
{
	unsigned depth = document->depth, scope = scope_of_all(endpoints, has_identities);

	json_out_open(document, "responses", '{');
	open_response(document, "Problem", "A problem (RFC 9457): its detail says what is wrong.");
	refer_to_schema(document, "schema");
	json_out_close_above(document, depth + 1);
	for (unsigned status = STATUS_BEGIN; status < STATUS_END; status++)
		if (is_of_some_operation(status, scope))
			write_response_of_status(document, status);
	json_out_close(document);
	json_out_open(document, "schemas", '{');
	write_schema(document);
	json_out_close_above(document, depth);
}
