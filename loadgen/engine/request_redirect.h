/* request_redirect.h - which redirects of a request are followed, and as which method.
 *
 * Owner:   a target is a view of the Location.
 */
#pragma once

#include "loadgen/engine/request_set.h"

/* Is `status` one of those whose Location is a request's next place? */
bool request_redirect_is_status(unsigned status);
/* Does a redirect with `status` turn the request into a GET (RFC 9110, section 15.4)? */
bool request_redirect_turns_to_get(const struct request *request, unsigned status);
/* May a redirect to `location` be followed: a path, or a URL of the same host and port? That is `authority`, or what the
 * request says in Host:. *target is its path and query. */
bool request_redirect_may_follow(const struct request *request, const char *authority, struct text location,
				 struct text *target);
