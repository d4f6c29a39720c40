/* cors_fields.h - the fields of a response that tell a browser what a page of another origin may do with it.
 *
 * Thread:  the loop.
 */
#pragma once

#include "server/http/border.h"

/* Notes which origin asks. */
void http_cors_note(struct http_reply *reply);
/* The step that answers a preflight, without PostgreSQL; NULL: the request is none. */
step_fn *http_cors_preflight(struct http_reply *reply);
/* Adds what is said of the response. */
void http_cors_add(const struct http_reply *reply);
