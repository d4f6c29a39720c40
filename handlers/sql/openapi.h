/* openapi.h - the OpenAPI 3.1 document of exactly the endpoints served.
 *
 * Thread:  openapi_write(): start-up.
 */
#pragma once

#include "base/buffer.h"
#include "handlers/sql/file.h"
#include "exchange/router.h"

/* What an operator says of the API as a whole. */
struct openapi_info {
	const char *title, *version;
	const char *server;                /* its URL, or a path below the document's own */
	const char *license;               /* an SPDX identifier; "": none is stated */
	const char *contact;               /* a URL; "": none is stated */
	bool takes_tokens, takes_api_keys; /* else any client may call every endpoint */
};

/* Writes the document for described endpoints: parameters with types and defaults, request bodies, responses with row
 * schemas, problems. The same input gives the same bytes. */
void openapi_write(struct buffer *out, const struct endpoint_set *endpoints, const struct openapi_info *info);

/* GET /openapi.json: the text that the route has as its data. */
step_fn openapi_get;
