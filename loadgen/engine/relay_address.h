/* relay_address.h - where a libpq string leads, and the same string leading elsewhere.
 *
 * libpq itself reads it (percent-encoding, quoting, passwords, defaults of the environment), so that the relay goes
 * exactly where the service would have gone.
 *
 * Thread:  any.
 * Errors:  -1 and `why`.
 */
#pragma once

#include <stddef.h>
#include <sys/socket.h>

struct relay_address {
	struct sockaddr_storage address; /* AF_INET, AF_INET6 or AF_UNIX */
	socklen_t length;
};

int relay_address_read(struct relay_address *address, const char *database, char *why, size_t why_size);
/* `database` with host 127.0.0.1 and this port, as key='value' pairs; to be freed by the caller. NULL when libpq does
 * not read it. */
char *relay_address_replace(const char *database, unsigned port);
