/* openapi_answer.h - the good response of an operation: its status, headers and media types.
 *
 * Thread:  start-up.
 */
#pragma once

#include "base/json_out.h"
#include "handlers/sql/file.h"

void openapi_write_good_response(struct json_out *document, const struct endpoint *endpoint);
