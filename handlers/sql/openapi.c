#include "handlers/sql/openapi.h"

#include "handlers/sql/openapi_answer.h"
#include "handlers/sql/openapi_body.h"
#include "handlers/sql/openapi_conditions.h"
#include "handlers/sql/openapi_problem.h"
#include "handlers/sql/openapi_schema.h"
#include "handlers/sql/openapi_security.h"
#include "handlers/sql/plan.h"
#include "exchange/exchange.h"
#include "exchange/route_pattern.h"

/* Parameters */

static const struct db_parameter *parameter_named(const struct db_statement *statement, struct text name)
{
	for (unsigned index = 0; index < statement->parameter_count; index++)
		if (text_equal(text_of(statement->parameters[index].name), name))
			return &statement->parameters[index];
	return NULL;
}

/* `name` is the one to show: the path's own for a path parameter. */
static void write_parameter(struct json_out *document, const struct db_parameter *parameter, const char *name,
			    bool is_of_path)
{
	unsigned depth = document->depth;

	json_out_open(document, NULL, '{');
	json_out_string(document, "name", name);
	json_out_string(document, "in", is_of_path ? "path" : "query");
	json_out_json(document, "required", parameter->has_default ? "false" : "true");
	if (parameter->description[0] != '\0')
		json_out_string(document, "description", parameter->description);
	/* JSON as it is, and not an object's members as a parameter each */
	if (parameter->type.kind == DB_TYPE_JSON && !parameter->type.is_array) {
		json_out_open(document, "content", '{');
		json_out_open(document, "application/json", '{');
	}
	json_out_open(document, "schema", '{');
	openapi_add_type(document, &parameter->type, false);
	/* no text of a query string is null */
	if (parameter->default_text != NULL)
		openapi_add_default(document, parameter);
	json_out_close_above(document, depth);
}

/* Two patterns of one place may name its parameters differently: OpenAPI wants one name, that of `path`. */
static void write_path_parameters(struct json_out *document, const struct endpoint *endpoint, const char *path)
{
	struct text rest = text_of(path), own = text_of(endpoint->path), name, own_name;

	while (route_take_parameter(&rest, &name) && route_take_parameter(&own, &own_name))
		write_parameter(document, parameter_named(&endpoint->statement, own_name),
				arena_copy(document->out->arena, name), true);
}

static void write_parameters(struct json_out *document, const struct endpoint *endpoint, const char *path)
{
	const struct db_statement *statement = &endpoint->statement;
	bool takes_query = !sql_plan_takes_fields(endpoint);

	if (strchr(path, '{') == NULL && (!takes_query || !openapi_has_given(endpoint)) && !endpoint->takes_if_match)
		return;
	json_out_open(document, "parameters", '[');
	write_path_parameters(document, endpoint, path);
	for (unsigned index = 0; takes_query && index < statement->parameter_count; index++) {
		const struct db_parameter *parameter = &statement->parameters[index];

		if (openapi_is_given(endpoint, index))
			write_parameter(document, parameter, parameter->name, false);
	}
	if (endpoint->takes_if_match)
		openapi_write_if_match(document);
	if (endpoint->events != NULL)
		openapi_write_last_event_id(document);
	json_out_close(document);
}

/* Tags: an operation has the name of its file. */

static const struct text own_tag = {"openapi", sizeof("openapi") - 1};

static struct text tag_of(const struct endpoint *endpoint)
{
	const char *slash = strrchr(endpoint->file, '/'), *name = slash != NULL ? slash + 1 : endpoint->file;
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot > name ? (struct text){name, (size_t)(dot - name)} : text_of(name);
}

static void add_tag(struct json_out *document, struct text tag)
{
	json_out_open(document, "tags", '[');
	json_out_text(document, NULL, tag);
	json_out_close(document);
}

static void declare_tag(struct json_out *document, struct text tag, const char *before, const char *after)
{
	struct buffer description = buffer_in(document->out->arena);

	buffer_printf(&description, "%s%.*s%s", before, TEXT_ARGS(tag), after);
	json_out_open(document, NULL, '{');
	json_out_text(document, "name", tag);
	json_out_text(document, "description", buffer_text(&description));
	json_out_close(document);
}

static bool is_first_of_its_tag(const struct endpoint_set *endpoints, unsigned index)
{
	for (unsigned before = 0; before < index; before++)
		if (text_equal(tag_of(&endpoints->endpoints[before]), tag_of(&endpoints->endpoints[index])))
			return false;
	return true;
}

static void declare_tags(struct json_out *document, const struct endpoint_set *endpoints)
{
	bool has_own = false;

	json_out_open(document, "tags", '[');
	for (unsigned index = 0; index < endpoints->count; index++) {
		struct text tag = tag_of(&endpoints->endpoints[index]);

		if (!is_first_of_its_tag(endpoints, index))
			continue;
		declare_tag(document, tag, "The endpoints of ", ".sql.");
		has_own |= text_equal(tag, own_tag);
	}
	if (!has_own)
		declare_tag(document, own_tag, "What the service says of itself: ", ".json.");
	json_out_close(document);
}

/* Operations */

static void write_description(struct json_out *document, const struct openapi_info *info,
			      const struct endpoint *endpoint)
{
	struct buffer text = buffer_in(document->out->arena);

	if (endpoint->parts_kind == PARTS_GATHERED)
		buffer_printf(&text, "Answers one object of %u parts.", endpoint->part_count);
	else if (endpoint->shape == ENDPOINT_ONE)
		buffer_add(&text, TEXT("Answers one row."));
	else if (endpoint->shape == ENDPOINT_EXEC)
		buffer_add(&text, TEXT("Answers nothing but that it is done."));
	else if (endpoint->is_stream)
		buffer_add(&text, TEXT("Answers all rows, as they come."));
	else
		buffer_printf(&text, "Answers at most %u rows.", endpoint->max_rows);
	if (endpoint->parts_kind == PARTS_STEPS)
		buffer_printf(&text, " Its %u steps are one transaction.", endpoint->part_count);
	if (endpoint->events != NULL)
		buffer_add(&text, TEXT(" Then come events: `change`, with what was notified, and `gap` with another "
				       "`snapshot` behind it where some may have been missed."));
	if (endpoint->timeout_ms > 0)
		buffer_printf(&text, " Its deadline is %u ms.", endpoint->timeout_ms);
	openapi_describe_access(&text, info, &endpoint->access);
	json_out_text(document, "description", buffer_text(&text));
}

static void write_operation(struct json_out *document, const struct openapi_info *info, const struct endpoint *endpoint,
			    const char *path)
{
	static const char *const keys[HTTP_METHOD_COUNT] = {
	    [HTTP_GET] = "get",     [HTTP_POST] = "post",     [HTTP_PUT] = "put",
	    [HTTP_PATCH] = "patch", [HTTP_DELETE] = "delete",
	};

	json_out_open(document, keys[endpoint->method], '{');
	json_out_string(document, "operationId", endpoint->name);
	json_out_string(document, "summary", endpoint->summary[0] != '\0' ? endpoint->summary : endpoint->name);
	write_description(document, info, endpoint);
	add_tag(document, tag_of(endpoint));
	openapi_write_security(document, info, &endpoint->access);
	write_parameters(document, endpoint, path);
	openapi_write_request_body(document, endpoint);
	json_out_open(document, "responses", '{');
	openapi_write_good_response(document, endpoint);
	openapi_write_not_modified(document, endpoint);
	openapi_write_problem_responses(document, endpoint, openapi_has_identities(info));
	json_out_close(document);
	json_out_close(document);
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

static void write_path(struct json_out *document, const struct openapi_info *info, const struct endpoint_set *endpoints,
		       unsigned first)
{
	const char *path = endpoints->endpoints[first].path;

	json_out_open(document, path, '{');
	for (unsigned index = first; index < endpoints->count; index++)
		if (is_same_place(endpoints->endpoints[index].path, path))
			write_operation(document, info, &endpoints->endpoints[index], path);
	json_out_close(document);
}

/* Its operationId cannot be an endpoint's name: those have no capitals. */
static void write_own_path(struct json_out *document)
{
	unsigned depth = document->depth;

	json_out_open(document, "/openapi.json", '{');
	json_out_open(document, "get", '{');
	json_out_string(document, "operationId", "openapiDocument");
	json_out_string(document, "summary", "This document.");
	json_out_string(document, "description", "The OpenAPI document of exactly what is served.");
	add_tag(document, own_tag);
	json_out_open(document, "responses", '{');
	json_out_open(document, "200", '{');
	json_out_string(document, "description", "The OpenAPI document.");
	json_out_open(document, "content", '{');
	json_out_open(document, "application/json", '{');
	json_out_open(document, "schema", '{');
	json_out_string(document, "type", "object");
	json_out_close_above(document, depth + 3);
	openapi_write_own_problem_responses(document);
	json_out_close_above(document, depth);
}

static void write_info(struct json_out *document, const struct openapi_info *info)
{
	json_out_open(document, "info", '{');
	json_out_string(document, "title", info->title);
	json_out_string(document, "description", "SQL files as REST endpoints over PostgreSQL.");
	json_out_string(document, "version", info->version);
	json_out_open(document, "contact", '{');
	json_out_string(document, "name", info->contact[0] != '\0' ? "contact" : "the operator of this service");
	if (info->contact[0] != '\0')
		json_out_string(document, "url", info->contact);
	json_out_close(document);
	json_out_open(document, "license", '{');
	json_out_string(document, "name", info->license[0] != '\0' ? info->license : "not stated");
	json_out_string(document, "identifier", info->license[0] != '\0' ? info->license : "LicenseRef-not-stated");
	json_out_close(document);
	json_out_close(document);
	json_out_open(document, "servers", '[');
	json_out_open(document, NULL, '{');
	json_out_string(document, "url", info->server);
	json_out_close(document);
	json_out_close(document);
}

void openapi_write(struct buffer *out, const struct endpoint_set *endpoints, const struct openapi_info *info)
{
	struct json_out document = {.out = out, .is_indented = true};

	json_out_open(&document, NULL, '{');
	json_out_string(&document, "openapi", "3.1.0");
	write_info(&document, info);
	/* of what does not say otherwise: the document itself */
	json_out_open(&document, "security", '[');
	json_out_close(&document);
	declare_tags(&document, endpoints);
	json_out_open(&document, "paths", '{');
	for (unsigned index = 0; index < endpoints->count; index++)
		if (is_first_of_its_place(endpoints, index))
			write_path(&document, info, endpoints, index);
	write_own_path(&document);
	json_out_close(&document);
	json_out_open(&document, "components", '{');
	openapi_write_schemes(&document, info);
	openapi_write_problems(&document, endpoints, openapi_has_identities(info));
	json_out_close(&document);
	json_out_close(&document);
	buffer_add_char(out, '\n');
}

enum step openapi_get(struct exchange *x)
{
	const struct text *document = x->request.match.route->data;

	return respond_json(x, 200, *document);
}
