/* networks.h - addresses of IPv4 and IPv6, and a list of networks, ADDRESS or ADDRESS/BITS, that may hold one.
 *
 * Thread:  any.
 * Limits:  NETWORKS_MAX networks.
 * Errors:  networks_read(): false, and what is wrong, as the rest of a sentence.
 */
#pragma once

#include <stdint.h>
#include <sys/socket.h>

#include "base/compiler.h"
#include "base/text.h"

enum { NETWORKS_MAX = 64, NETWORK_ADDRESS_BYTES = 16, NETWORK_TEXT_BYTES = 46 };

/* IPv4 as ::ffff:a.b.c.d. */
struct network_address {
	uint8_t bytes[NETWORK_ADDRESS_BYTES];
};

struct networks {
	struct network {
		struct network_address address;
		unsigned bits; /* of the 128 */
	} items[NETWORKS_MAX];
	unsigned count;
};

bool network_address_is_ipv4(const struct network_address *address);
bool network_address_begins_with(const struct network_address *address, const struct network_address *prefix,
				 unsigned bits);
/* False when it is neither IPv4 nor IPv6. */
bool network_address_of_socket(const struct sockaddr *from, struct network_address *address);
/* Its first bits, and 0 behind them. */
struct network_address network_address_cut(const struct network_address *address, unsigned bits);
/* Of IPv6 its /64, since one client may have all of that; of IPv4 itself. */
struct network_address network_address_of_client(const struct network_address *address);
/* IPv4 in four decimal numbers, or IPv6 without brackets and zone. */
bool network_address_read(struct text text, struct network_address *address);
void network_address_write(const struct network_address *address, char text[static NETWORK_TEXT_BYTES]);
/* `list` has commas between its networks. A network of IPv6 holds no address of IPv4, but for one of ::ffff:0:0/96. */
MUST_CHECK bool networks_read(const char *list, struct networks *networks, char *why, size_t why_bytes);
bool networks_hold(const struct networks *networks, const struct network_address *address);
