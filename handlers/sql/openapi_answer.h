/* openapi_answer.h - the good response of an operation: its status, headers and media types.
 *
 * Thread:  start-up.
 */
#pragma once

#include "handlers/sql/document.h"
#include "handlers/sql/file.h"

void openapi_write_good_response(struct document *document, const struct endpoint *endpoint);
