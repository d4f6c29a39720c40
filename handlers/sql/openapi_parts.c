#include "handlers/sql/openapi_parts.h"

#include "handlers/sql/openapi_conditions.h"
#include "handlers/sql/openapi_schema.h"
#include "handlers/sql/parts.h"

static void write_header(struct document *document, const char *name, const char *description)
{
	document_open_object(document, name);
	document_add_string(document, "description", description);
	document_open_object(document, "schema");
	document_add_string(document, "type", "string");
	document_close(document);
	document_close(document);
}

static void write_headers(struct document *document, const struct endpoint *endpoint)
{
	bool has_optional = false, has_many = false;

	for (unsigned i = 0; i < endpoint->part_count; i++) {
		has_optional |= endpoint->parts[i].is_optional;
		has_many |= endpoint->parts[i].endpoint.shape == ENDPOINT_MANY;
	}
	if (!has_optional && !has_many && !openapi_has_validators(endpoint))
		return;
	document_open_object(document, "headers");
	if (has_optional)
		write_header(document, "Meantime-Missing",
			     "Sent when optional parts failed: which of them are null for that, and why.");
	if (has_many)
		write_header(document, "Meantime-Truncated",
			     "Sent when there were more rows: of which parts, and max-rows=N says how many came.");
	openapi_write_validators(document, endpoint);
	document_close(document);
}

static void write_rows(struct document *document, const char *key, const struct endpoint *part)
{
	if (part->shape == ENDPOINT_ONE) {
		openapi_write_row(document, key, part);
		return;
	}
	document_open_object(document, key);
	document_add_string(document, "type", "array");
	openapi_write_row(document, "items", part);
	document_close(document);
}

static void write_part(struct document *document, const char *name, const struct endpoint_part *part)
{
	unsigned depth = document->depth;

	if (part->endpoint.shape == ENDPOINT_MANY && !part->is_optional) {
		write_rows(document, name, &part->endpoint);
		return;
	}
	document_open_object(document, name);
	document_open_array(document, "anyOf");
	write_rows(document, NULL, &part->endpoint);
	document_open_object(document, NULL);
	document_add_string(document, "type", "null");
	document_close_above(document, depth);
}

void openapi_write_gathered(struct document *document, const struct endpoint *endpoint)
{
	unsigned depth = document->depth;

	document_add_string(document, "description", "An object with a member for each part.");
	write_headers(document, endpoint);
	document_open_object(document, "content");
	document_open_object(document, "application/json");
	document_open_object(document, "schema");
	document_add_string(document, "type", "object");
	document_open_object(document, "properties");
	for (unsigned i = 0; i < endpoint->part_count; i++)
		write_part(document, sql_part_name(endpoint, &endpoint->parts[i]), &endpoint->parts[i]);
	document_close(document);
	document_open_array(document, "required");
	for (unsigned i = 0; i < endpoint->part_count; i++)
		document_add_string(document, NULL, sql_part_name(endpoint, &endpoint->parts[i]));
	document_close_above(document, depth);
}
