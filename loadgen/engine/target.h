/* target.h - http://HOST[:PORT][/PATH] taken apart, and the address that it stands for.
 *
 * Errors:  -1 and `why` names the URL, what is wrong and what was expected.
 */
#pragma once

#include <sys/socket.h>

#include "base/arena.h"

/* One address; all requests of a set go to the same one. */
struct target {
	struct sockaddr_storage address;
	socklen_t address_length;
	const char *authority; /* "127.0.0.1:8080", as in Host:; an IPv6 zone is not in it (RFC 6874) */
};

/* *path is what is behind the authority, "/" at least; it is in `arena`. */
int target_parse(struct target *target, const char *url, struct arena *arena, const char **path, char *why,
		 size_t why_size);
