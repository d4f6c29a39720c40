/* gate.h - how often, and how many at once: what a route allows is looked at before a connection to PostgreSQL is used.
 *
 * Limits by address count before an identity is proved, those by identity after it. All loops count together. A place among
 * those under way is for requests that may be answered: what is refused takes none, however slowly its client reads.
 *
 * Life:    http_gate_begin() for each request with a route -> http_gate_end(), when its exchange is over.
 * Thread:  the loop; http_gate_pass() any.
 * Errors:  429 with Retry-After and the fields of RateLimit (draft-ietf-httpapi-ratelimit-headers-10); 503.
 */
#pragma once

#include "server/http/border.h"

/* The step that the request begins with. */
step_fn *http_gate_begin(struct http_reply *reply);
/* After the identity is known, or that there is none, and may call the route: whether the request may go on. Else it has been
 * answered. */
bool http_gate_pass(struct exchange *x, enum step *answered);
void http_gate_end(struct http_reply *reply);
