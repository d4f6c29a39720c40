/* openapi_conditions.h - conditional requests in the OpenAPI document: what an answer is known by, and If-Match.
 *
 * Thread:  start-up.
 */
#pragma once

#include "base/json_out.h"
#include "handlers/sql/file.h"

/* Whether a request may be answered with 304. */
bool openapi_may_be_known(const struct endpoint *endpoint);
/* Whether its good answer has header lines that openapi_write_validators() describes. */
bool openapi_has_validators(const struct endpoint *endpoint);
/* Writes them as members of `headers`. */
void openapi_write_validators(struct json_out *document, const struct endpoint *endpoint);
/* Writes the response 304. */
void openapi_write_not_modified(struct json_out *document, const struct endpoint *endpoint);
/* Writes the parameter. */
void openapi_write_if_match(struct json_out *document);
void openapi_write_last_event_id(struct json_out *document);
