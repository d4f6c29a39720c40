#include "handlers/openapi.h"

#include "base/require.h"
#include "handlers/sql_plan.h"
#include "server/exchange.h"
#include "server/service.h"

#include <jansson.h>

enum { NESTING_MAX = 16 }; /* paths, path, method, responses, status, content, type, schema, items, ...: 13 */

/* The document in the making: indented JSON, members in the order they are written. */
struct document {
	struct buffer *out;
	char closing[NESTING_MAX]; /* the brackets that are open, by what closes them */
	unsigned depth;
	bool has_members; /* what is open has some */
};

/* A line of its own for the next member or bracket. */
static void begin_line(struct document *document)
{
	buffer_add_char(document->out, '\n');
	for (unsigned level = 0; level < document->depth; level++)
		buffer_add(document->out, TEXT("  "));
}

/* `key` is NULL for an element of an array, and for the document itself. */
static void begin_member(struct document *document, const char *key)
{
	if (document->has_members)
		buffer_add_char(document->out, ',');
	if (document->depth > 0)
		begin_line(document);
	if (key != NULL) {
		buffer_add_json_string(document->out, text_of(key));
		buffer_add(document->out, TEXT(": "));
	}
	document->has_members = true;
}

static void open_with(struct document *document, const char *key, char opening, char closing)
{
	REQUIRE(document->depth < NESTING_MAX);
	begin_member(document, key);
	buffer_add_char(document->out, opening);
	document->closing[document->depth++] = closing;
	document->has_members = false;
}

static void open_object(struct document *document, const char *key)
{
	open_with(document, key, '{', '}');
}

static void open_array(struct document *document, const char *key)
{
	open_with(document, key, '[', ']');
}

static void close_last(struct document *document)
{
	document->depth--;
	if (document->has_members)
		begin_line(document);
	buffer_add_char(document->out, document->closing[document->depth]);
	document->has_members = true;
}

static void close_all_above(struct document *document, unsigned depth)
{
	while (document->depth > depth)
		close_last(document);
}

static void add_json(struct document *document, const char *key, const char *json)
{
	begin_member(document, key);
	buffer_add(document->out, text_of(json));
}

static void add_string(struct document *document, const char *key, const char *string)
{
	begin_member(document, key);
	buffer_add_json_string(document->out, text_of(string));
}

/* Schemas */

struct type_schema {
	const char *type;   /* NULL: any JSON value */
	const char *format; /* NULL: none */
};

/* Formats are those of the OpenAPI registry; a timestamp without zone is no date-time of RFC 3339. */
static const struct type_schema type_schemas[DB_TYPE_KIND_COUNT] = {
    [DB_TYPE_OTHER] = {"string", NULL},
    [DB_TYPE_BOOL] = {"boolean", NULL},
    [DB_TYPE_INT2] = {"integer", "int32"},
    [DB_TYPE_INT4] = {"integer", "int32"},
    [DB_TYPE_INT8] = {"integer", "int64"},
    [DB_TYPE_FLOAT4] = {"number", "float"},
    [DB_TYPE_FLOAT8] = {"number", "double"},
    [DB_TYPE_NUMERIC] = {"number", NULL},
    [DB_TYPE_JSON] = {NULL, NULL},
    [DB_TYPE_UUID] = {"string", "uuid"},
    [DB_TYPE_BYTEA] = {"string", "byte"},
    [DB_TYPE_DATE] = {"string", "date"},
    [DB_TYPE_TIME] = {"string", "time-local"},
    [DB_TYPE_TIMESTAMP] = {"string", "date-time-local"},
    [DB_TYPE_TIMESTAMPTZ] = {"string", "date-time"},
    [DB_TYPE_INTERVAL] = {"string", NULL},
    [DB_TYPE_VOID] = {"null", NULL},
};

/* NaN and the infinities, and the digits of a numeric that comes in. */
static bool may_be_string(enum db_type_kind kind)
{
	return kind == DB_TYPE_NUMERIC || kind == DB_TYPE_FLOAT4 || kind == DB_TYPE_FLOAT8;
}

static void add_type(struct document *document, const char *type, bool or_string, bool or_null)
{
	if (!or_string && !or_null) {
		add_string(document, "type", type);
		return;
	}
	begin_member(document, "type");
	buffer_printf(document->out, "[\"%s\"%s%s]", type, or_string ? ", \"string\"" : "",
		      or_null ? ", \"null\"" : "");
}

static void add_labels(struct document *document, const char *labels, bool or_null)
{
	begin_member(document, "enum");
	buffer_add(document->out, (struct text){labels, strlen(labels) - strlen("]")});
	buffer_add(document->out, or_null ? TEXT(", null]") : TEXT("]"));
}

static void add_element_members(struct document *document, const struct db_type *type, bool or_null)
{
	enum db_type_kind kind = type->kind;
	const struct type_schema *schema = &type_schemas[kind];

	if (schema->type == NULL)
		return;
	add_type(document, schema->type, may_be_string(kind), or_null && kind != DB_TYPE_VOID);
	if (schema->format != NULL)
		add_string(document, "format", schema->format);
	if (type->labels != NULL)
		add_labels(document, type->labels, or_null);
	if (kind == DB_TYPE_INT2) {
		add_json(document, "minimum", "-32768");
		add_json(document, "maximum", "32767");
	}
	if (kind == DB_TYPE_BYTEA)
		add_string(document, "contentEncoding", "base64");
	if (kind == DB_TYPE_INTERVAL)
		add_string(document, "description", "an ISO 8601 duration");
}

static void add_type_members(struct document *document, const struct db_type *type, bool or_null)
{
	if (!type->is_array) {
		add_element_members(document, type, or_null);
		return;
	}
	add_type(document, "array", false, or_null);
	open_object(document, "items");
	add_element_members(document, type, true);
	close_last(document);
}

static bool is_json(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);

	json_decref(value);
	return value != NULL;
}

/* In PostgreSQL's text form, which for bytea and arrays is not what a client would send. */
static void add_default(struct document *document, const struct db_parameter *parameter)
{
	const char *schema_type = type_schemas[parameter->type.kind].type;
	const char *text = parameter->default_text;

	if (!parameter->has_default ||
	    (text != NULL && (parameter->type.kind == DB_TYPE_BYTEA || parameter->type.is_array)))
		return;
	if (text == NULL)
		add_json(document, "default", "null");
	else if ((schema_type == NULL || strcmp(schema_type, "string") != 0) && is_json(text))
		add_json(document, "default", text);
	else
		add_string(document, "default", text);
}

static void write_row_schema(struct document *document, const char *key, const struct db_statement *statement)
{
	open_object(document, key);
	add_string(document, "type", "object");
	open_object(document, "properties");
	for (unsigned index = 0; index < statement->column_count; index++) {
		open_object(document, statement->columns[index].name);
		add_type_members(document, &statement->columns[index].type, true);
		close_last(document);
	}
	close_last(document);
	open_array(document, "required");
	for (unsigned index = 0; index < statement->column_count; index++)
		add_string(document, NULL, statement->columns[index].name);
	close_last(document);
	close_last(document);
}

/* Parameters and request bodies */

static bool is_in_path(const struct endpoint *endpoint, const char *parameter)
{
	const char *pattern = endpoint->path;
	struct text name;

	while (sql_plan_next_path_name(&pattern, &name))
		if (text_equal(name, text_of(parameter)))
			return true;
	return false;
}

static const struct db_parameter *parameter_named(const struct db_statement *statement, struct text name)
{
	for (unsigned index = 0; index < statement->parameter_count; index++)
		if (text_equal(text_of(statement->parameters[index].name), name))
			return &statement->parameters[index];
	return NULL;
}

/* `name` is the one to show: the path's own for a path parameter. */
static void write_parameter(struct document *document, const struct db_parameter *parameter, const char *name,
			    bool is_of_path)
{
	open_object(document, NULL);
	add_string(document, "name", name);
	add_string(document, "in", is_of_path ? "path" : "query");
	add_json(document, "required", parameter->has_default ? "false" : "true");
	if (parameter->description[0] != '\0')
		add_string(document, "description", parameter->description);
	open_object(document, "schema");
	add_type_members(document, &parameter->type, false);
	/* no text of a query string is null */
	if (parameter->default_text != NULL)
		add_default(document, parameter);
	close_last(document);
	close_last(document);
}

static bool has_input_outside_path(const struct endpoint *endpoint)
{
	for (unsigned index = 0; index < endpoint->statement.parameter_count; index++)
		if (!is_in_path(endpoint, endpoint->statement.parameters[index].name))
			return true;
	return false;
}

/* Two patterns of one place may name its parameters differently: OpenAPI wants one name, that of `path`. */
static void write_path_parameters(struct document *document, const struct endpoint *endpoint, const char *path)
{
	const char *own = endpoint->path;
	struct text name, own_name;

	while (sql_plan_next_path_name(&path, &name) && sql_plan_next_path_name(&own, &own_name))
		write_parameter(document, parameter_named(&endpoint->statement, own_name),
				arena_copy(document->out->arena, name), true);
}

static void write_parameters(struct document *document, const struct endpoint *endpoint, const char *path)
{
	const struct db_statement *statement = &endpoint->statement;
	bool takes_query = !sql_plan_takes_body(endpoint);

	if (strchr(path, '{') == NULL && (!takes_query || statement->parameter_count == 0))
		return;
	open_array(document, "parameters");
	write_path_parameters(document, endpoint, path);
	for (unsigned index = 0; takes_query && index < statement->parameter_count; index++) {
		const struct db_parameter *parameter = &statement->parameters[index];

		if (!is_in_path(endpoint, parameter->name))
			write_parameter(document, parameter, parameter->name, false);
	}
	close_last(document);
}

static void write_fields(struct document *document, const struct endpoint *endpoint)
{
	open_object(document, "properties");
	for (unsigned index = 0; index < endpoint->statement.parameter_count; index++) {
		const struct db_parameter *parameter = &endpoint->statement.parameters[index];

		if (is_in_path(endpoint, parameter->name))
			continue;
		open_object(document, parameter->name);
		add_type_members(document, &parameter->type, true);
		if (parameter->description[0] != '\0')
			add_string(document, "description", parameter->description);
		add_default(document, parameter);
		close_last(document);
	}
	close_last(document);
}

/* Returns whether there are any. */
static bool write_required_fields(struct document *document, const struct endpoint *endpoint)
{
	bool are_there_any = false;

	open_array(document, "required");
	for (unsigned index = 0; index < endpoint->statement.parameter_count; index++) {
		const struct db_parameter *parameter = &endpoint->statement.parameters[index];

		if (parameter->has_default || is_in_path(endpoint, parameter->name))
			continue;
		add_string(document, NULL, parameter->name);
		are_there_any = true;
	}
	close_last(document);
	return are_there_any;
}

static void write_request_body(struct document *document, const struct endpoint *endpoint)
{
	unsigned depth = document->depth;
	bool is_required;

	if (!sql_plan_takes_body(endpoint) || !has_input_outside_path(endpoint))
		return;
	open_object(document, "requestBody");
	open_object(document, "content");
	open_object(document, "application/json");
	open_object(document, "schema");
	add_string(document, "type", "object");
	write_fields(document, endpoint);
	is_required = write_required_fields(document, endpoint);
	add_json(document, "additionalProperties", "false");
	close_all_above(document, depth + 1);
	add_json(document, "required", is_required ? "true" : "false");
	close_last(document);
}

/* Responses */

static void write_row_content(struct document *document, const struct endpoint *endpoint)
{
	open_object(document, "content");
	open_object(document, "application/json");
	if (endpoint->shape == ENDPOINT_ONE) {
		write_row_schema(document, "schema", &endpoint->statement);
	} else {
		open_object(document, "schema");
		add_string(document, "type", "array");
		write_row_schema(document, "items", &endpoint->statement);
		close_last(document);
	}
	close_last(document);
	if (endpoint->is_stream) {
		/* no JSON Schema can say "one object a line" */
		open_object(document, "application/x-ndjson");
		close_last(document);
	}
	close_last(document);
}

static void write_truncated_header(struct document *document)
{
	unsigned depth = document->depth;

	open_object(document, "headers");
	open_object(document, "Meantime-Truncated");
	add_string(document, "description", "Sent when there were more rows: max-rows=N says how many came.");
	open_object(document, "schema");
	add_string(document, "type", "string");
	close_all_above(document, depth);
}

static void write_good_response(struct document *document, const struct endpoint *endpoint)
{
	static const char *const descriptions[] = {
	    [ENDPOINT_ONE] = "The row.",
	    [ENDPOINT_MANY] = "The rows.",
	    [ENDPOINT_EXEC] = "It is done.",
	};
	char status[16];

	snprintf(status, sizeof(status), "%u", endpoint->status);
	open_object(document, status);
	add_string(document, "description", descriptions[endpoint->shape]);
	if (endpoint->shape == ENDPOINT_MANY && !endpoint->is_stream)
		write_truncated_header(document);
	if (endpoint->shape != ENDPOINT_EXEC)
		write_row_content(document, endpoint);
	close_last(document);
}

static void add_problem_response(struct document *document, const char *status)
{
	open_object(document, status);
	add_string(document, "$ref", "#/components/responses/Problem");
	close_last(document);
}

static void write_operation(struct document *document, const struct endpoint *endpoint, const char *path)
{
	static const char *const keys[HTTP_METHOD_COUNT] = {
	    [HTTP_GET] = "get",     [HTTP_POST] = "post",     [HTTP_PUT] = "put",
	    [HTTP_PATCH] = "patch", [HTTP_DELETE] = "delete",
	};

	open_object(document, keys[endpoint->method]);
	add_string(document, "operationId", endpoint->name);
	if (endpoint->summary[0] != '\0')
		add_string(document, "summary", endpoint->summary);
	write_parameters(document, endpoint, path);
	write_request_body(document, endpoint);
	open_object(document, "responses");
	write_good_response(document, endpoint);
	if (sql_plan_may_find_nothing(endpoint))
		add_problem_response(document, "404");
	add_problem_response(document, "default");
	close_last(document);
	close_last(document);
}

/* Paths */

/* Whether two patterns differ in nothing but the names of their parameters. */
static bool is_same_place(const char *a, const char *b)
{
	while (*a == *b && *a != '\0') {
		if (*a == '{') {
			a += strcspn(a, "}");
			b += strcspn(b, "}");
		} else {
			a++;
			b++;
		}
	}
	return *a == *b;
}

static bool is_first_of_its_place(const struct endpoint_set *endpoints, unsigned index)
{
	for (unsigned before = 0; before < index; before++)
		if (is_same_place(endpoints->endpoints[before].path, endpoints->endpoints[index].path))
			return false;
	return true;
}

static void write_path(struct document *document, const struct endpoint_set *endpoints, unsigned first)
{
	const char *path = endpoints->endpoints[first].path;

	open_object(document, path);
	for (unsigned index = first; index < endpoints->count; index++)
		if (is_same_place(endpoints->endpoints[index].path, path))
			write_operation(document, &endpoints->endpoints[index], path);
	close_last(document);
}

/* Its operationId can not be an endpoint's name: those have no capitals. */
static void write_own_path(struct document *document)
{
	unsigned depth = document->depth;

	open_object(document, "/openapi.json");
	open_object(document, "get");
	add_string(document, "operationId", "openapiDocument");
	add_string(document, "summary", "This document.");
	open_object(document, "responses");
	open_object(document, "200");
	add_string(document, "description", "The OpenAPI document.");
	open_object(document, "content");
	open_object(document, "application/json");
	open_object(document, "schema");
	add_string(document, "type", "object");
	close_all_above(document, depth + 3);
	add_problem_response(document, "default");
	close_all_above(document, depth);
}

/* What all endpoints share: the problem of RFC 9457. */

static void add_property(struct document *document, const char *key, const char *type, const char *description)
{
	open_object(document, key);
	add_string(document, "type", type);
	add_string(document, "description", description);
	close_last(document);
}

static void write_problem_schema(struct document *document)
{
	open_object(document, "Problem");
	add_string(document, "type", "object");
	open_object(document, "properties");
	add_property(document, "type", "string", "A URI for the kind of problem; compare this.");
	add_property(document, "title", "string", "The kind of problem in words.");
	add_property(document, "status", "integer", "The HTTP status.");
	add_property(document, "detail", "string", "What is wrong, where, and what was expected.");
	add_property(document, "sqlstate", "string", "PostgreSQL's error code, where it is PostgreSQL's error.");
	close_last(document);
	add_json(document, "required", "[\"type\", \"title\", \"status\", \"detail\"]");
	close_last(document);
}

static void write_components(struct document *document)
{
	unsigned depth = document->depth;

	open_object(document, "components");
	open_object(document, "responses");
	open_object(document, "Problem");
	add_string(document, "description", "A problem (RFC 9457): its detail says what is wrong.");
	open_object(document, "content");
	open_object(document, "application/problem+json");
	open_object(document, "schema");
	add_string(document, "$ref", "#/components/schemas/Problem");
	close_all_above(document, depth + 1);
	open_object(document, "schemas");
	write_problem_schema(document);
	close_all_above(document, depth);
}

void openapi_write(struct buffer *out, const struct endpoint_set *endpoints)
{
	struct document document = {.out = out};

	open_object(&document, NULL);
	add_string(&document, "openapi", "3.1.0");
	open_object(&document, "info");
	add_string(&document, "title", "Meantime");
	add_string(&document, "description", "SQL files as REST endpoints over PostgreSQL.");
	add_string(&document, "version", "1");
	close_last(&document);
	open_object(&document, "paths");
	for (unsigned index = 0; index < endpoints->count; index++)
		if (is_first_of_its_place(endpoints, index))
			write_path(&document, endpoints, index);
	write_own_path(&document);
	close_last(&document);
	write_components(&document);
	close_last(&document);
	buffer_add_char(out, '\n');
}

enum step openapi_get(struct exchange *x)
{
	return respond_json(x, 200, x->service->openapi);
}
