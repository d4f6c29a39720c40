#include "base/networks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

static const uint8_t ipv4_prefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool network_address_read(struct text text, struct network_address *address)
{
	char copy[NETWORK_TEXT_BYTES];

	if (text.length >= sizeof(copy) || memchr(text.at, '\0', text.length) != NULL)
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	memcpy(address->bytes, ipv4_prefix, sizeof(ipv4_prefix));
	return inet_pton(AF_INET, copy, address->bytes + sizeof(ipv4_prefix)) == 1 ||
	       inet_pton(AF_INET6, copy, address->bytes) == 1;
}

bool network_address_begins_with(const struct network_address *address, const struct network_address *prefix,
				 unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return memcmp(address->bytes, prefix->bytes, whole) == 0 &&
	       (rest == 0 || (address->bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest) == 0);
}

bool network_address_is_ipv4(const struct network_address *address)
{
	return memcmp(address->bytes, ipv4_prefix, sizeof(ipv4_prefix)) == 0;
}

bool network_address_of_socket(const struct sockaddr *from, struct network_address *address)
{
	if (from->sa_family == AF_INET) {
		memcpy(address->bytes, ipv4_prefix, sizeof(ipv4_prefix));
		memcpy(address->bytes + sizeof(ipv4_prefix),
		       &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
		return true;
	}
	if (from->sa_family != AF_INET6)
		return false;
	memcpy(address->bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, NETWORK_ADDRESS_BYTES);
	return true;
}

struct network_address network_address_cut(const struct network_address *address, unsigned bits)
{
	struct network_address cut = *address;

	for (unsigned i = 0; i < NETWORK_ADDRESS_BYTES; i++) {
		unsigned kept = bits > 8 * i ? bits - 8 * i : 0;

		if (kept < 8)
			cut.bytes[i] &= (uint8_t)(0xff00U >> kept);
	}
	return cut;
}

struct network_address network_address_of_client(const struct network_address *address)
{
	return network_address_is_ipv4(address) ? *address : network_address_cut(address, 64);
}

void network_address_write(const struct network_address *address, char text[static NETWORK_TEXT_BYTES])
{
	if (network_address_is_ipv4(address))
		inet_ntop(AF_INET, address->bytes + sizeof(ipv4_prefix), text, NETWORK_TEXT_BYTES);
	else
		inet_ntop(AF_INET6, address->bytes, text, NETWORK_TEXT_BYTES);
}

/* Digits alone, and no more than `most`. */
static bool read_bits(struct text digits, unsigned most, unsigned *bits)
{
	unsigned value = 0;

	if (digits.length == 0 || digits.length > 3)
		return false;
	for (size_t i = 0; i < digits.length; i++) {
		if (digits.at[i] < '0' || digits.at[i] > '9')
			return false;
		value = 10 * value + (unsigned)(digits.at[i] - '0');
	}
	*bits = value;
	return value <= most;
}

/* 10.1.2.3/8 is a slip: what was meant would be a guess. */
static bool has_bits_behind(const struct network *network)
{
	struct network_address first = network_address_cut(&network->address, network->bits);

	return memcmp(&first, &network->address, sizeof(first)) != 0;
}

static bool read_network(struct text text, struct network *network)
{
	bool has_bits = text.length > 0 && memchr(text.at, '/', text.length) != NULL;
	struct text rest = text, address = text_cut_at(&rest, '/');
	unsigned most, bits;

	if (!network_address_read(address, &network->address))
		return false;
	most = network_address_is_ipv4(&network->address) && memchr(address.at, ':', address.length) == NULL ? 32 : 128;
	bits = most;
	if (has_bits && !read_bits(rest, most, &bits))
		return false;
	network->bits = 128 - most + bits;
	return !has_bits_behind(network);
}

bool networks_read(const char *list, struct networks *networks, char *why, size_t why_bytes)
{
	struct text rest = text_of(list);

	networks->count = 0;
	while (rest.length > 0) {
		struct text item = text_trimmed(text_cut_at(&rest, ','));

		if (networks->count == NETWORKS_MAX) {
			snprintf(why, why_bytes, "there are more than %d networks", NETWORKS_MAX);
			return false;
		}
		if (!read_network(item, &networks->items[networks->count])) {
			snprintf(why, why_bytes,
				 "\"%.*s\" is no network; expected an address such as 10.1.2.3 or fd00::1, or a "
				 "network such as 10.0.0.0/8, with no bit set behind its first",
				 TEXT_ARGS(text_cut_to(item, 60)));
			return false;
		}
		networks->count++;
	}
	return true;
}

static bool holds(const struct network *network, const struct network_address *address)
{
	/* ::/0 is all of IPv6, and not IPv4 as well because of how that is written here */
	if (network_address_is_ipv4(address) && network->bits < 8 * sizeof(ipv4_prefix))
		return false;
	return network_address_begins_with(address, &network->address, network->bits);
}

bool networks_hold(const struct networks *networks, const struct network_address *address)
{
	for (unsigned i = 0; i < networks->count; i++)
		if (holds(&networks->items[i], address))
			return true;
	return false;
}
