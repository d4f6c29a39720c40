/* openapi_body.h - the request body of an operation, and which parameters are in it or in the query string.
 *
 * Thread:  start-up.
 */
#pragma once

#include "base/json_out.h"
#include "handlers/sql/file.h"

/* Whether the client gives it in the query string, or as a field of the body. */
bool openapi_is_given(const struct endpoint *endpoint, unsigned index);
/* Whether there is any such. */
bool openapi_has_given(const struct endpoint *endpoint);
void openapi_write_request_body(struct json_out *document, const struct endpoint *endpoint);
