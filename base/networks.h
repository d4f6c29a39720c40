/* networks.h - a list of networks: ADDRESS or ADDRESS/BITS, and whether one holds an address.
 *
 * Thread:  any.
 * Limits:  NETWORKS_MAX networks.
 * Errors:  networks_read(): false, and what is wrong, as the rest of a sentence.
 */
#pragma once

#include <stdint.h>

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

/* IPv4 in four decimal numbers, or IPv6 without brackets and zone. */
bool network_address_read(struct text text, struct network_address *address);
void network_address_write(const struct network_address *address, char text[static NETWORK_TEXT_BYTES]);
/* `list` has commas between its networks. */
MUST_CHECK bool networks_read(const char *list, struct networks *networks, char *why, size_t why_bytes);
bool networks_hold(const struct networks *networks, const struct network_address *address);
