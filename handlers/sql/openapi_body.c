#include "handlers/sql/openapi_body.h"

#include "exchange/route_pattern.h"
#include "handlers/sql/openapi_schema.h"
#include "handlers/sql/plan.h"

bool openapi_is_given(const struct endpoint *endpoint, unsigned index)
{
	if (endpoint->body != BODY_FIELDS && strcmp(endpoint->statement.parameters[index].name, "body") == 0)
		return false;
	return (endpoint->sources == NULL || endpoint->sources[index].kind == SOURCE_CLIENT) &&
	       !route_has_parameter(endpoint->path, endpoint->statement.parameters[index].name);
}

bool openapi_has_given(const struct endpoint *endpoint)
{
	for (unsigned index = 0; index < endpoint->statement.parameter_count; index++)
		if (openapi_is_given(endpoint, index))
			return true;
	return false;
}

static bool is_asked_for(const struct endpoint *endpoint, const char *name)
{
	for (unsigned index = 0; endpoint->sources != NULL && index < endpoint->statement.parameter_count; index++)
		if (endpoint->sources[index].kind == SOURCE_GIVEN && strcmp(endpoint->sources[index].name, name) == 0)
			return true;
	return false;
}

static void write_fields(struct json_out *document, const struct endpoint *endpoint)
{
	json_out_open(document, "properties", '{');
	for (unsigned index = 0; index < endpoint->statement.parameter_count; index++) {
		const struct db_parameter *parameter = &endpoint->statement.parameters[index];

		if (!openapi_is_given(endpoint, index))
			continue;
		json_out_open(document, parameter->name, '{');
		openapi_add_type(document, &parameter->type, true);
		if (parameter->description[0] != '\0')
			json_out_string(document, "description", parameter->description);
		/* what is asked for is not null when it is left out */
		if (!is_asked_for(endpoint, parameter->name))
			openapi_add_default(document, parameter);
		json_out_close(document);
	}
	json_out_close(document);
}

/* Returns whether there are any. */
static bool write_required_fields(struct json_out *document, const struct endpoint *endpoint)
{
	bool are_there_any = false;

	json_out_open(document, "required", '[');
	for (unsigned index = 0; index < endpoint->statement.parameter_count; index++) {
		const struct db_parameter *parameter = &endpoint->statement.parameters[index];

		if (parameter->has_default || !openapi_is_given(endpoint, index))
			continue;
		json_out_string(document, NULL, parameter->name);
		are_there_any = true;
	}
	json_out_close(document);
	return are_there_any;
}

static void write_object_body(struct json_out *document, const struct endpoint *endpoint)
{
	unsigned depth = document->depth;
	bool is_required;

	if (!openapi_has_given(endpoint))
		return;
	json_out_open(document, "requestBody", '{');
	json_out_open(document, "content", '{');
	json_out_open(document, "application/json", '{');
	json_out_open(document, "schema", '{');
	json_out_string(document, "type", "object");
	write_fields(document, endpoint);
	is_required = write_required_fields(document, endpoint);
	json_out_json(document, "additionalProperties", "false");
	json_out_close_above(document, depth + 1);
	json_out_json(document, "required", is_required ? "true" : "false");
	json_out_close(document);
}

/* The body is one value. */

static const struct db_parameter *body_parameter(const struct db_statement *statement)
{
	unsigned index = 0;

	while (strcmp(statement->parameters[index].name, "body") != 0)
		index++;
	return &statement->parameters[index];
}

static void write_type(struct json_out *document, const char *type, const char *schema)
{
	json_out_open(document, type, '{');
	if (schema != NULL)
		json_out_json(document, "schema", schema);
	json_out_close(document);
}

static void write_whole_body(struct json_out *document, const struct endpoint *endpoint)
{
	const struct db_parameter *parameter = body_parameter(&endpoint->statement);

	json_out_open(document, "requestBody", '{');
	if (parameter->description[0] != '\0')
		json_out_string(document, "description", parameter->description);
	json_out_open(document, "content", '{');
	if (endpoint->body == BODY_RAW) {
		write_type(document, "*/*", NULL);
	} else if (endpoint->body == BODY_JSON) {
		write_type(document, "application/json", "{}");
	} else {
		write_type(document, "application/json", "{\"type\": \"array\", \"items\": {}}");
		write_type(document, "application/x-ndjson", NULL);
		write_type(document, "text/csv", NULL);
	}
	json_out_close(document);
	json_out_json(document, "required", endpoint->body == BODY_RAW || parameter->has_default ? "false" : "true");
	json_out_close(document);
}

void openapi_write_request_body(struct json_out *document, const struct endpoint *endpoint)
{
	if (endpoint->body != BODY_FIELDS)
		write_whole_body(document, endpoint);
	else if (sql_plan_takes_body(endpoint))
		write_object_body(document, endpoint);
}
