#include "base/address.h"

#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535 };

const char address_expected[] = "HOST:PORT, or [ADDRESS]:PORT for IPv6, with a port up to 65535";

/* Cuts at the last colon: an IPv6 address has some of its own. */
bool address_read(const char *text, struct address *address)
{
	const char *colon = strrchr(text, ':');
	bool is_bracketed;
	size_t length;

	if (colon == NULL || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    strtoul(colon + 1, NULL, 10) > PORT_MAX)
		return false;
	address->port = colon + 1;
	length = (size_t)(colon - text);
	is_bracketed = length >= 2 && text[0] == '[' && text[length - 1] == ']';
	if (is_bracketed) {
		text++;
		length -= 2;
	}
	/* an IPv6 address without brackets: where its port begins cannot be told */
	if (length >= sizeof(address->host) || (!is_bracketed && memchr(text, ':', length) != NULL))
		return false;
	memcpy(address->host, text, length);
	address->host[length] = '\0';
	return true;
}

bool address_is_any(const struct address *address)
{
	return address->host[0] == '\0' || strcmp(address->host, "*") == 0;
}
