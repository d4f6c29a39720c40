#include "handlers/sql/openapi_conditions.h"

#include "handlers/sql/openapi_schema.h"

bool openapi_may_be_known(const struct endpoint *endpoint)
{
	return endpoint->has_etag || endpoint->modified_column != NULL;
}

bool openapi_has_validators(const struct endpoint *endpoint)
{
	return openapi_may_be_known(endpoint) || endpoint->cache_control != NULL || endpoint->cache != NULL;
}

void openapi_write_validators(struct json_out *document, const struct endpoint *endpoint)
{
	if (endpoint->has_etag)
		openapi_write_header(document, "ETag", "The tag of what is answered, for If-None-Match and If-Match.");
	if (endpoint->modified_column != NULL)
		openapi_write_header(document, "Last-Modified", "When it was last changed, for If-Modified-Since.");
	if (endpoint->cache_control != NULL)
		openapi_write_header(document, "Cache-Control", endpoint->cache_control);
	if (endpoint->cache != NULL) {
		openapi_write_header(document, "Cache-Status", "Where the answer comes from (RFC 9211).");
		openapi_write_header(document, "Age", "Seconds since the answer was made, where it was kept.");
	}
}

void openapi_write_not_modified(struct json_out *document, const struct endpoint *endpoint)
{
	if (!openapi_may_be_known(endpoint))
		return;
	json_out_open(document, "304", '{');
	json_out_string(document, "description", "The client has it already.");
	json_out_open(document, "headers", '{');
	openapi_write_validators(document, endpoint);
	json_out_close(document);
	json_out_close(document);
}

static void write_parameter(struct json_out *document, const char *name, const char *description)
{
	unsigned depth = document->depth;

	json_out_open(document, NULL, '{');
	json_out_string(document, "name", name);
	json_out_string(document, "in", "header");
	json_out_json(document, "required", "false");
	json_out_string(document, "description", description);
	json_out_open(document, "schema", '{');
	json_out_string(document, "type", "string");
	json_out_close_above(document, depth);
}

void openapi_write_if_match(struct json_out *document)
{
	write_parameter(document, "If-Match", "The ETag of the version that may be changed; another one is a 412.");
}

void openapi_write_last_event_id(struct json_out *document)
{
	write_parameter(document, "Last-Event-ID", "The id of the last event that was seen; what came since follows.");
}
