#include "handlers/sql/openapi_schema.h"

#include <jansson.h>

enum { NESTED_MAX = 4 }; /* composite types within each other that are described */

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
    [DB_TYPE_COMPOSITE] = {"object", NULL},
    [DB_TYPE_HSTORE] = {"object", NULL},
};

/* NaN and the infinities, and the digits of a numeric that comes in. */
static bool may_be_string(enum db_type_kind kind)
{
	return kind == DB_TYPE_NUMERIC || kind == DB_TYPE_FLOAT4 || kind == DB_TYPE_FLOAT8;
}

static void add_type(struct json_out *document, const char *type, bool or_string, bool or_null)
{
	if (!or_string && !or_null) {
		json_out_string(document, "type", type);
		return;
	}
	json_out_begin(document, "type");
	buffer_printf(document->out, "[\"%s\"%s%s]", type, or_string ? ", \"string\"" : "",
		      or_null ? ", \"null\"" : "");
}

static void add_labels(struct json_out *document, const char *labels, bool or_null)
{
	json_out_begin(document, "enum");
	buffer_add(document->out, (struct text){labels, strlen(labels) - strlen("]")});
	buffer_add(document->out, or_null ? TEXT(", null]") : TEXT("]"));
}

static void add_type_at(struct json_out *document, const struct db_type *type, bool or_null, unsigned depth);

/* A type may hold arrays of itself. */
static void add_fields(struct json_out *document, const struct db_composite *composite, unsigned depth)
{
	if (depth == NESTED_MAX)
		return;
	json_out_open(document, "properties", '{');
	for (unsigned i = 0; i < composite->count; i++) {
		json_out_open(document, composite->attributes[i].name, '{');
		add_type_at(document, &composite->attributes[i].type, true, depth + 1);
		json_out_close(document);
	}
	json_out_close(document);
	json_out_open(document, "required", '[');
	for (unsigned i = 0; i < composite->count; i++)
		json_out_string(document, NULL, composite->attributes[i].name);
	json_out_close(document);
}

static void add_element_members(struct json_out *document, const struct db_type *type, bool or_null, unsigned depth)
{
	enum db_type_kind kind = type->kind;
	const struct type_schema *schema = &type_schemas[kind];

	if (schema->type == NULL)
		return;
	add_type(document, schema->type, may_be_string(kind), or_null && kind != DB_TYPE_VOID);
	if (schema->format != NULL && (kind != DB_TYPE_BYTEA || depth == 0))
		json_out_string(document, "format", schema->format);
	if (kind == DB_TYPE_COMPOSITE)
		add_fields(document, type->composite, depth);
	if (kind == DB_TYPE_HSTORE)
		json_out_json(document, "additionalProperties", "{\"type\":[\"string\",\"null\"]}");
	if (type->labels != NULL)
		add_labels(document, type->labels, or_null);
	if (kind == DB_TYPE_INT2) {
		json_out_json(document, "minimum", "-32768");
		json_out_json(document, "maximum", "32767");
	}
	/* within a composite value PostgreSQL shows it in hex */
	if (kind == DB_TYPE_BYTEA && depth == 0)
		json_out_string(document, "contentEncoding", "base64");
	if (kind == DB_TYPE_INTERVAL)
		json_out_string(document, "description", "an ISO 8601 duration");
}

static void add_type_at(struct json_out *document, const struct db_type *type, bool or_null, unsigned depth)
{
	if (!type->is_array) {
		add_element_members(document, type, or_null, depth);
		return;
	}
	add_type(document, "array", false, or_null);
	json_out_open(document, "items", '{');
	add_element_members(document, type, true, depth);
	json_out_close(document);
}

void openapi_add_type(struct json_out *document, const struct db_type *type, bool or_null)
{
	/* a type of which no more is known than its cast to json */
	if (type->made_from == NULL || type->made_from->kind == DB_TYPE_COMPOSITE ||
	    type->made_from->kind == DB_TYPE_HSTORE)
		add_type_at(document, type->made_from != NULL ? type->made_from : type, or_null, 0);
}

static bool is_json(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);

	json_decref(value);
	return value != NULL;
}

/* PostgreSQL's text form of bytea and arrays is not what a client would send. */
void openapi_add_default(struct json_out *document, const struct db_parameter *parameter)
{
	const char *schema_type = type_schemas[parameter->type.kind].type;
	const char *text = parameter->default_text;

	if (!parameter->has_default ||
	    (text != NULL && (parameter->type.kind == DB_TYPE_BYTEA || parameter->type.is_array ||
			      parameter->type.composite != NULL || parameter->type.kind == DB_TYPE_HSTORE)))
		return;
	if (text == NULL)
		json_out_json(document, "default", "null");
	else if ((schema_type == NULL || strcmp(schema_type, "string") != 0) && is_json(text))
		json_out_json(document, "default", text);
	else
		json_out_string(document, "default", text);
}

void openapi_write_row(struct json_out *document, const char *key, const struct endpoint *endpoint)
{
	const struct db_signature *signature = &endpoint->statement.signature;

	json_out_open(document, key, '{');
	json_out_string(document, "type", "object");
	json_out_open(document, "properties", '{');
	for (unsigned index = 0; index < signature->column_count; index++) {
		const struct db_column *column = &signature->columns[index];

		if (answer_takes(endpoint->answer, column->name))
			continue;
		json_out_open(document, column->name, '{');
		openapi_add_type(document, &column->type, !column->is_never_null);
		json_out_close(document);
	}
	json_out_close(document);
	json_out_open(document, "required", '[');
	for (unsigned index = 0; index < signature->column_count; index++)
		if (!answer_takes(endpoint->answer, signature->columns[index].name))
			json_out_string(document, NULL, signature->columns[index].name);
	json_out_close(document);
	json_out_close(document);
}

void openapi_write_header(struct json_out *document, const char *name, const char *description)
{
	unsigned depth = document->depth;

	json_out_open(document, name, '{');
	json_out_string(document, "description", description);
	json_out_open(document, "schema", '{');
	json_out_string(document, "type", "string");
	json_out_close_above(document, depth);
}
