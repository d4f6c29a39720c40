/* openapi_problem.h - the problems of RFC 9457 in the OpenAPI document: a response for each status, with the types of
 * problem that it may have.
 *
 * Thread:  start-up.
 */
#pragma once

#include "base/json_out.h"
#include "handlers/sql/file.h"

/* The statuses that an endpoint can give, in order, each once. Those that its author chose may be of any type. */
void openapi_write_problem_responses(struct json_out *document, const struct endpoint *endpoint, bool has_identities);
/* Of GET /openapi.json. */
void openapi_write_own_problem_responses(struct json_out *document);
/* "responses", of all statuses that one of them can give, and "schemas": of "components". */
void openapi_write_problems(struct json_out *document, const struct endpoint_set *endpoints, bool has_identities);
