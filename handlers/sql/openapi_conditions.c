#include "handlers/sql/openapi_conditions.h"

static void write_header(struct document *document, const char *name, const char *description)
{
	unsigned depth = document->depth;

	document_open_object(document, name);
	document_add_string(document, "description", description);
	document_open_object(document, "schema");
	document_add_string(document, "type", "string");
	document_close_above(document, depth);
}

bool openapi_may_be_known(const struct endpoint *endpoint)
{
	return endpoint->has_etag || endpoint->modified_column != NULL;
}

bool openapi_has_validators(const struct endpoint *endpoint)
{
	return openapi_may_be_known(endpoint) || endpoint->cache_control != NULL;
}

void openapi_write_validators(struct document *document, const struct endpoint *endpoint)
{
	if (endpoint->has_etag)
		write_header(document, "ETag", "The tag of what is answered, for If-None-Match and If-Match.");
	if (endpoint->modified_column != NULL)
		write_header(document, "Last-Modified", "When it was last changed, for If-Modified-Since.");
	if (endpoint->cache_control != NULL)
		write_header(document, "Cache-Control", endpoint->cache_control);
}

void openapi_write_not_modified(struct document *document, const struct endpoint *endpoint)
{
	if (!openapi_may_be_known(endpoint))
		return;
	document_open_object(document, "304");
	document_add_string(document, "description", "The client has it already.");
	document_open_object(document, "headers");
	openapi_write_validators(document, endpoint);
	document_close(document);
	document_close(document);
}

void openapi_write_if_match(struct document *document)
{
	unsigned depth = document->depth;

	document_open_object(document, NULL);
	document_add_string(document, "name", "If-Match");
	document_add_string(document, "in", "header");
	document_add_json(document, "required", "false");
	document_add_string(document, "description",
			    "The ETag of the version that may be changed; another one is a 412.");
	document_open_object(document, "schema");
	document_add_string(document, "type", "string");
	document_close_above(document, depth);
}
