/* target.h - the target of a request: a path, a whole URL, or "*" (RFC 9112 3.2). No I/O.
 *
 * Owner:   texts are views of what was read.
 * Thread:  any.
 * Errors:  a constant sentence for the client.
 */
#pragma once

#include "base/text.h"

/* Leaves in *target "/path?query", or "*"; of a whole URL "/path?query", "?query" or nothing. It holds no control bytes
 * but tabs. Returns NULL, or what is wrong. */
const char *http_target_read(struct text method, struct text *target);
/* Whether it is written as a host with its port may be. Empty is allowed (RFC 9112 3.2). */
bool http_target_is_host(struct text host);
