#include "handlers/sql/context.h"

#include "base/json_out.h"
#include "base/percent.h"

/* What no UTF-8 is, PostgreSQL could not read. */
static bool is_told(const struct http_field *field)
{
	return !sql_source_is_secret(field->name) && utf8_is_valid(field->value);
}

static bool is_first_of_its_name(const struct http_request *request, unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (text_equal(request->fields[i].name, request->fields[index].name) && is_told(&request->fields[i]))
			return false;
	return true;
}

/* All lines of one name are one list. */
static void add_header(struct json_out *json, const struct http_request *request, unsigned index, struct arena *arena)
{
	struct buffer value = buffer_in(arena);
	struct text name = request->fields[index].name;

	buffer_add(&value, request->fields[index].value);
	for (unsigned i = index + 1; i < request->field_count; i++)
		if (text_equal(request->fields[i].name, name) && is_told(&request->fields[i])) {
			buffer_add(&value, TEXT(", "));
			buffer_add(&value, request->fields[i].value);
		}
	json_out_text(json, arena_copy(arena, name), buffer_text(&value));
}

static const char *headers_as_json(struct exchange *x)
{
	const struct http_request *request = &x->request;
	struct buffer out = buffer_in(&x->arena);
	struct json_out json = {.out = &out};

	json_out_open(&json, NULL, '{');
	for (unsigned i = 0; i < request->field_count; i++)
		if (is_told(&request->fields[i]) && is_first_of_its_name(request, i))
			add_header(&json, request, i, &x->arena);
	json_out_close(&json);
	return arena_copy(&x->arena, buffer_text(&out));
}

const struct db_context *sql_context_make(struct exchange *x, const struct endpoint *endpoint)
{
	const struct endpoint_settings *settings = &endpoint->settings;
	const struct identity *identity = x->identity;
	struct db_context *context = arena_alloc_zeroed(&x->arena, sizeof(*context));

	if (identity != NULL)
		context->role = identity->role.at;
	if (identity != NULL && settings->claims)
		context->claims = identity->claims.at;
	if (settings->headers)
		context->headers = headers_as_json(x);
	if (settings->method)
		context->method = http_method_name(x->request.method);
	if (settings->path)
		context->path = utf8_is_valid(x->request.path) ? arena_copy(&x->arena, x->request.path) : NULL;
	return context;
}
