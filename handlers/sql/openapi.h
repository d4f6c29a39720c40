/* openapi.h - the OpenAPI 3.1 document of exactly the endpoints served.
 *
 * Thread:  openapi_write(): start-up.
 */
#pragma once

#include "base/buffer.h"
#include "handlers/sql/file.h"
#include "exchange/router.h"

/* Writes the document for described endpoints: parameters with types and defaults, request bodies, responses with row
 * schemas, problems. The same input gives the same bytes. */
void openapi_write(struct buffer *out, const struct endpoint_set *endpoints);

/* GET /openapi.json: the text that the route has as its data. */
step_fn openapi_get;
