#include "handlers/sql/openapi_parts.h"

#include "handlers/sql/openapi_conditions.h"
#include "handlers/sql/openapi_schema.h"
#include "handlers/sql/parts.h"

static void write_headers(struct json_out *document, const struct endpoint *endpoint)
{
	bool has_optional = false, has_many = false;

	for (unsigned i = 0; i < endpoint->part_count; i++) {
		has_optional |= endpoint->parts[i].is_optional;
		has_many |= endpoint->parts[i].endpoint.shape == ENDPOINT_MANY;
	}
	if (!has_optional && !has_many && !openapi_has_validators(endpoint))
		return;
	json_out_open(document, "headers", '{');
	if (has_optional)
		openapi_write_header(document, "Meantime-Missing",
				     "Sent when optional parts failed: which of them are null for that, and why.");
	if (has_many)
		openapi_write_header(
		    document, "Meantime-Truncated",
		    "Sent when there were more rows: of which parts, and max-rows=N says how many came.");
	openapi_write_validators(document, endpoint);
	json_out_close(document);
}

static void write_rows(struct json_out *document, const char *key, const struct endpoint *part)
{
	if (part->shape == ENDPOINT_ONE) {
		openapi_write_row(document, key, part);
		return;
	}
	json_out_open(document, key, '{');
	json_out_string(document, "type", "array");
	openapi_write_row(document, "items", part);
	json_out_close(document);
}

static void write_part(struct json_out *document, const char *name, const struct endpoint_part *part)
{
	unsigned depth = document->depth;

	if (part->endpoint.shape == ENDPOINT_MANY && !part->is_optional) {
		write_rows(document, name, &part->endpoint);
		return;
	}
	json_out_open(document, name, '{');
	json_out_open(document, "anyOf", '[');
	write_rows(document, NULL, &part->endpoint);
	json_out_open(document, NULL, '{');
	json_out_string(document, "type", "null");
	json_out_close_above(document, depth);
}

void openapi_write_gathered(struct json_out *document, const struct endpoint *endpoint)
{
	unsigned depth = document->depth;

	json_out_string(document, "description", "An object with a member for each part.");
	write_headers(document, endpoint);
	json_out_open(document, "content", '{');
	json_out_open(document, "application/json", '{');
	json_out_open(document, "schema", '{');
	json_out_string(document, "type", "object");
	json_out_open(document, "properties", '{');
	for (unsigned i = 0; i < endpoint->part_count; i++)
		write_part(document, sql_part_name(endpoint, &endpoint->parts[i]), &endpoint->parts[i]);
	json_out_close(document);
	json_out_open(document, "required", '[');
	for (unsigned i = 0; i < endpoint->part_count; i++)
		json_out_string(document, NULL, sql_part_name(endpoint, &endpoint->parts[i]));
	json_out_close_above(document, depth);
}
