#include "handlers/sql/openapi_answer.h"

#include "handlers/sql/openapi_conditions.h"
#include "handlers/sql/openapi_parts.h"
#include "handlers/sql/openapi_schema.h"
#include "handlers/sql/plan.h"

static void write_row_schema(struct json_out *document, const struct endpoint *endpoint)
{
	if (endpoint->shape == ENDPOINT_ONE) {
		openapi_write_row(document, "schema", endpoint);
		return;
	}
	json_out_open(document, "schema", '{');
	json_out_string(document, "type", "array");
	openapi_write_row(document, "items", endpoint);
	json_out_close(document);
}

static void write_content(struct json_out *document, const struct endpoint *endpoint)
{
	unsigned offered = sql_plan_offers(endpoint);

	json_out_open(document, "content", '{');
	if (endpoint->events != NULL) {
		/* no JSON Schema can say which events it is made of */
		json_out_open(document, "text/event-stream", '{');
		json_out_close(document);
		json_out_close(document);
		return;
	}
	for (enum media media = 0; media < MEDIA_COUNT; media++) {
		if ((offered >> media & 1) == 0)
			continue;
		json_out_open(document, media_name(media), '{');
		/* no JSON Schema can say "one object a line" */
		if (media == MEDIA_JSON)
			write_row_schema(document, endpoint);
		json_out_close(document);
	}
	if (offered == 0) {
		const char *type = endpoint->answer->content_type;

		json_out_open(document, type != NULL ? type : "*/*", '{');
		json_out_close(document);
	}
	json_out_close(document);
}

static void write_headers(struct json_out *document, const struct endpoint *endpoint)
{
	const struct answer *answer = endpoint->answer;
	bool may_be_cut = endpoint->shape == ENDPOINT_MANY && !endpoint->is_stream;

	if (!may_be_cut && !openapi_has_validators(endpoint) && (answer == NULL || answer->header_count == 0))
		return;
	json_out_open(document, "headers", '{');
	if (may_be_cut)
		openapi_write_header(document, "Meantime-Truncated",
				     "Sent when there were more rows: max-rows=N says how many came.");
	for (unsigned i = 0; answer != NULL && i < answer->header_count; i++)
		openapi_write_header(document, answer->headers[i].name, "Left out where there is none.");
	openapi_write_validators(document, endpoint);
	json_out_close(document);
}

void openapi_write_good_response(struct json_out *document, const struct endpoint *endpoint)
{
	static const char *const descriptions[] = {
	    [ENDPOINT_ONE] = "The row.",
	    [ENDPOINT_MANY] = "The rows.",
	    [ENDPOINT_EXEC] = "It is done.",
	};
	const char *description = descriptions[endpoint->shape];
	char status[16];

	if (endpoint->events != NULL)
		description = "A snapshot, then events.";
	if (endpoint->answer != NULL && endpoint->answer->status_column != NULL)
		description = "The row. Another status is possible, and then this is its body.";
	snprintf(status, sizeof(status), "%u", endpoint->status);
	json_out_open(document, status, '{');
	if (endpoint->parts_kind == PARTS_GATHERED) {
		openapi_write_gathered(document, endpoint);
		json_out_close(document);
		return;
	}
	json_out_string(document, "description", description);
	write_headers(document, endpoint);
	if (endpoint->shape != ENDPOINT_EXEC)
		write_content(document, endpoint);
	json_out_close(document);
}
