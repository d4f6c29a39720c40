/* egress.h - which addresses may be connected to: asked at the moment of connecting, on every hop.
 *
 * Only public unicast addresses are open, and of those only ports 80 and 443. What is private, loopback, link-local,
 * metadata, multicast or reserved is denied, unless the allow-list opens it. So is each way to write one of these
 * (IPv4 in IPv6, 6to4, NAT64, Teredo).
 *
 * Life:    egress_init() -> egress_allows()*; constant.
 * Thread:  any.
 * Limits:  EGRESS_ENTRIES_MAX entries.
 * Errors:  egress_init(): -1 and a message that names the entry and what was expected.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/compiler.h"
#include "base/networks.h"

enum { EGRESS_ENTRIES_MAX = 64 };

struct egress_entry {
	struct network_address address;
	uint8_t prefix_bits; /* of the 128 */
	uint16_t port;       /* 0: any */
};

struct egress {
	struct egress_entry entries[EGRESS_ENTRIES_MAX];
	unsigned count;
};

/* `allow` is a list with commas: ADDRESS, ADDRESS/BITS, each with :PORT or not (any port then); an IPv6 address in
 * brackets ("127.0.0.0/8, 10.1.2.3:8080, [fd00::]/8:80"). Empty: nothing but public addresses, as after an error. */
MUST_CHECK int egress_init(struct egress *egress, const char *allow, char *error, size_t error_bytes);
/* False for any family but IPv4 and IPv6. */
bool egress_allows(const struct egress *egress, const struct sockaddr *address);
