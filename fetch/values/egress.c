#include "fetch/values/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum {
	IPV4_OFFSET_BITS = 96, /* where the IPv4 address stands in ::ffff:a.b.c.d */
	PORT_HTTP = 80,
	PORT_HTTPS = 443,
	PORT_MAX = 65535,
	SHOWN_MAX = 80, /* of an entry, in a message */
};

#define IPV4(a, b, c, d)                                                                                               \
	{                                                                                                              \
		{                                                                                                      \
			[10] = 0xff, 0xff, (a), (b), (c), (d)                                                          \
		}                                                                                                      \
	}
#define IPV4_BITS(bits) (IPV4_OFFSET_BITS + (bits))
#define IPV6(first, second)                                                                                            \
	{                                                                                                              \
		{                                                                                                      \
			(first) >> 8, (first)&0xff, (second) >> 8, (second)&0xff                                       \
		}                                                                                                      \
	}

/* RFC 4291, 2.5.5.2 and 2.4; 2000::/3 is all that IANA assigns from. */
static const struct network_address ipv4_mapped = IPV4(0, 0, 0, 0);
static const struct network_address ipv6_global_unicast = IPV6(0x2000, 0);

/* What is not public among IPv4 and 2000::/3. Everything else in IPv6 is denied as a whole: ::, ::1, IPv4-compatible
 * ::/96, NAT64 64:ff9b::/96 and 64:ff9b:1::/48, 100::/64, 5f00::/16, fc00::/7, fe80::/10, fec0::/10, ff00::/8.
 * https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry, whose few globally
 * reachable exceptions inside a denied block (anycast of protocols) serve no pages and are denied with it. */
static const struct {
	struct network_address address;
	uint8_t prefix_bits;
} denied[] = {
    {IPV4(0, 0, 0, 0), IPV4_BITS(8)},        /* this network: Linux connects 0.0.0.0 to itself; RFC 791 */
    {IPV4(10, 0, 0, 0), IPV4_BITS(8)},       /* private; RFC 1918 */
    {IPV4(100, 64, 0, 0), IPV4_BITS(10)},    /* shared, behind a provider's NAT; RFC 6598 */
    {IPV4(127, 0, 0, 0), IPV4_BITS(8)},      /* loopback; RFC 1122 */
    {IPV4(168, 63, 129, 16), IPV4_BITS(32)}, /* metadata: Azure's platform, the one such address that looks public */
    {IPV4(169, 254, 0, 0), IPV4_BITS(16)},   /* link-local, and with it 169.254.169.254, metadata; RFC 3927 */
    {IPV4(172, 16, 0, 0), IPV4_BITS(12)},    /* private; RFC 1918 */
    {IPV4(192, 0, 0, 0), IPV4_BITS(24)},     /* protocol assignments; RFC 6890 */
    {IPV4(192, 0, 2, 0), IPV4_BITS(24)},     /* documentation; RFC 5737 */
    {IPV4(192, 88, 99, 0), IPV4_BITS(24)},   /* 6to4 relays, given up; RFC 7526 */
    {IPV4(192, 168, 0, 0), IPV4_BITS(16)},   /* private; RFC 1918 */
    {IPV4(198, 18, 0, 0), IPV4_BITS(15)},    /* benchmarks; RFC 2544 */
    {IPV4(198, 51, 100, 0), IPV4_BITS(24)},  /* documentation; RFC 5737 */
    {IPV4(203, 0, 113, 0), IPV4_BITS(24)},   /* documentation; RFC 5737 */
    {IPV4(224, 0, 0, 0), IPV4_BITS(4)},      /* multicast; RFC 5771 (IANA's multicast registry) */
    {IPV4(240, 0, 0, 0), IPV4_BITS(4)},      /* reserved, and 255.255.255.255, broadcast; RFC 1112, RFC 8190 */
    {IPV6(0x2001, 0), 23},                   /* protocol assignments, Teredo and ORCHID among them; RFC 2928 */
    {IPV6(0x2001, 0x0db8), 32},              /* documentation; RFC 3849 */
    {IPV6(0x2002, 0), 16},                   /* 6to4, any IPv4 address inside; RFC 3056 */
    {IPV6(0x3fff, 0), 20},                   /* documentation; RFC 9637 */
};

/* An entry while it is read. */
struct reader {
	struct text entry, left;
	bool is_ipv6;
	char *error;
	size_t error_bytes;
};

static bool is_public(const struct network_address *address)
{
	if (!network_address_is_ipv4(address) && !network_address_begins_with(address, &ipv6_global_unicast, 3))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(denied); i++)
		if (network_address_begins_with(address, &denied[i].address, denied[i].prefix_bits))
			return false;
	return true;
}

/* [::]/0 is all of IPv6, not IPv4 as well because of how this file writes that. */
static bool is_of_entry(const struct egress_entry *entry, const struct network_address *address, unsigned port)
{
	if (network_address_is_ipv4(address) && entry->prefix_bits < IPV4_OFFSET_BITS)
		return false;
	return network_address_begins_with(address, &entry->address, entry->prefix_bits) &&
	       (entry->port == 0 || entry->port == port);
}

static unsigned port_of(const struct sockaddr *address)
{
	return ntohs(address->sa_family == AF_INET ? ((const struct sockaddr_in *)(const void *)address)->sin_port
						   : ((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
}

bool egress_allows(const struct egress *egress, const struct sockaddr *address)
{
	struct network_address read;
	unsigned port;

	if (!network_address_of_socket(address, &read))
		return false;
	port = port_of(address);
	for (unsigned i = 0; i < egress->count; i++)
		if (is_of_entry(&egress->entries[i], &read, port))
			return true;
	return (port == PORT_HTTP || port == PORT_HTTPS) && is_public(&read);
}

/* Always -1. */
static PRINTF_LIKE(2, 3) int refuse(const struct reader *reader, const char *format, ...)
{
	size_t shown = reader->entry.length < SHOWN_MAX ? reader->entry.length : SHOWN_MAX;
	char expected[160];
	va_list values;

	va_start(values, format);
	vsnprintf(expected, sizeof(expected), format, values);
	va_end(values);
	snprintf(reader->error, reader->error_bytes, "\"%.*s\": expected %s", (int)shown, reader->entry.at, expected);
	return -1;
}

static bool take(struct reader *reader, char c)
{
	if (reader->left.length == 0 || reader->left.at[0] != c)
		return false;
	reader->left.at++;
	reader->left.length--;
	return true;
}

/* What stands before the first of `ends`, or all. */
static struct text take_until(struct reader *reader, const char *ends)
{
	struct text taken = {reader->left.at, 0};

	while (taken.length < reader->left.length && strchr(ends, taken.at[taken.length]) == NULL)
		taken.length++;
	reader->left.at += taken.length;
	reader->left.length -= taken.length;
	return taken;
}

/* Digits without a leading zero; what is beyond any bound asked for is cut down to PORT_MAX + 1. */
static bool take_number(struct reader *reader, unsigned *number)
{
	const char *first = reader->left.at;
	size_t length;

	*number = 0;
	while (reader->left.length > 0 && reader->left.at[0] >= '0' && reader->left.at[0] <= '9') {
		*number = *number * 10 + (unsigned)(reader->left.at[0] - '0');
		if (*number > PORT_MAX)
			*number = PORT_MAX + 1;
		take(reader, reader->left.at[0]);
	}
	length = (size_t)(reader->left.at - first);
	return length == 1 || (length > 1 && *first != '0');
}

static int read_address(struct reader *reader, struct network_address *address)
{
	uint8_t *place = address->bytes;
	char string[INET6_ADDRSTRLEN];
	struct text text;

	reader->is_ipv6 = take(reader, '[');
	text = take_until(reader, reader->is_ipv6 ? "]" : "/:");
	if (reader->is_ipv6 && !take(reader, ']'))
		return refuse(reader, "a ] behind the IPv6 address");
	if (!reader->is_ipv6) {
		*address = ipv4_mapped;
		place += IPV4_OFFSET_BITS / 8;
	}
	string[0] = '\0';
	if (text.length < sizeof(string)) {
		memcpy(string, text.at, text.length);
		string[text.length] = '\0';
	}
	if (inet_pton(reader->is_ipv6 ? AF_INET6 : AF_INET, string, place) == 1)
		return 0;
	return reader->is_ipv6 ? refuse(reader, "an IPv6 address in the brackets")
			       : refuse(reader, "an IPv4 address, or an IPv6 address in brackets");
}

/* "10.0.0.1/8" is a slip or a misunderstanding; guessing which would open more than was meant. */
static int check_host_bits(const struct reader *reader, const struct egress_entry *entry, unsigned bits)
{
	struct network_address network = network_address_cut(&entry->address, entry->prefix_bits);
	char string[INET6_ADDRSTRLEN];

	if (memcmp(&network, &entry->address, sizeof(network)) == 0)
		return 0;
	if (reader->is_ipv6)
		inet_ntop(AF_INET6, network.bytes, string, sizeof(string));
	else
		inet_ntop(AF_INET, network.bytes + IPV4_OFFSET_BITS / 8, string, sizeof(string));
	return refuse(reader, "no bit set behind the first %u: %s%s%s/%u", bits, reader->is_ipv6 ? "[" : "", string,
		      reader->is_ipv6 ? "]" : "", bits);
}

static int read_bits(struct reader *reader, struct egress_entry *entry)
{
	unsigned most = reader->is_ipv6 ? 128 : 32, bits = most;

	if (take(reader, '/')) {
		if (!take_number(reader, &bits))
			return refuse(reader, "a number of bits behind the slash");
		if (bits > most)
			return refuse(reader, "at most %u bits behind the slash", most);
	}
	entry->prefix_bits = (uint8_t)(reader->is_ipv6 ? bits : IPV4_OFFSET_BITS + bits);
	return check_host_bits(reader, entry, bits);
}

static int read_port(struct reader *reader, struct egress_entry *entry)
{
	unsigned port = 0;

	if (take(reader, ':') && (!take_number(reader, &port) || port == 0 || port > PORT_MAX))
		return refuse(reader, "a port from 1 to %d behind the colon", PORT_MAX);
	entry->port = (uint16_t)port;
	return 0;
}

static int read_entry(struct reader *reader, struct egress_entry *entry)
{
	if (read_address(reader, &entry->address) != 0 || read_bits(reader, entry) != 0 ||
	    read_port(reader, entry) != 0)
		return -1;
	if (reader->left.length > 0)
		return refuse(reader, "nothing behind it but /BITS, then :PORT; not \"%.*s\"",
			      reader->left.length < SHOWN_MAX ? (int)reader->left.length : SHOWN_MAX, reader->left.at);
	return 0;
}

static int read_list(struct egress *egress, const char *allow, char *error, size_t error_bytes)
{
	for (const char *at = allow, *comma = at; comma != NULL; at = comma + 1) {
		struct reader reader = {.error = error, .error_bytes = error_bytes};

		comma = strchr(at, ',');
		reader.entry = text_trimmed((struct text){at, comma != NULL ? (size_t)(comma - at) : strlen(at)});
		reader.left = reader.entry;
		if (reader.entry.length == 0) {
			snprintf(error, error_bytes, "entry %u of \"%.*s\" is empty: expected an address",
				 egress->count + 1, SHOWN_MAX, allow);
			return -1;
		}
		if (egress->count == EGRESS_ENTRIES_MAX)
			return refuse(&reader, "at most %d entries", EGRESS_ENTRIES_MAX);
		if (read_entry(&reader, &egress->entries[egress->count]) != 0)
			return -1;
		egress->count++;
		if (comma == NULL)
			break;
	}
	return 0;
}

int egress_init(struct egress *egress, const char *allow, char *error, size_t error_bytes)
{
	*egress = (struct egress){0};
	if (text_trimmed(text_of(allow)).length == 0)
		return 0;
	if (read_list(egress, allow, error, error_bytes) == 0)
		return 0;
	/* Half a list opens nothing. */
	egress->count = 0;
	return -1;
}
