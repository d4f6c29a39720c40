/* url.h - what must be known of a URL before it is fetched, by the parser that will fetch it.
 *
 * Thread:  any.
 * Limits:  URL_BYTES_MAX.
 */
#pragma once

#include "base/arena.h"

enum { URL_BYTES_MAX = 8192 };

/* Whether it is an absolute http or https URL with a host, without user and password. Returns NULL, or what is wrong
 * with it. */
const char *url_check(const char *url);

/* A URL's parts that rules are about. */
struct url_parts {
	const char
	    *origin; /* "http://host:8080": scheme and host in lower case, the port when it is not the scheme's */
	const char *target; /* path and query as they are asked for */
};

/* `url` is one that url_check() takes. */
void url_split(const char *url, struct arena *arena, struct url_parts *parts);
