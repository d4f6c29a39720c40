/* openapi_parts.h - what an endpoint of parts answers, in the OpenAPI document.
 *
 * Thread:  start-up.
 */
#pragma once

#include "base/json_out.h"
#include "handlers/sql/file.h"

/* Writes the members of its good response: description, headers and content. */
void openapi_write_gathered(struct json_out *document, const struct endpoint *endpoint);
