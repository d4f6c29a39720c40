/* address.h - HOST:PORT cut in two: what is listened on, and what is asked. No name is looked up.
 *
 * Thread:  any.
 * Limits:  a host of 255 bytes, the longest name there is (RFC 1035).
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

struct address {
	char host[256];   /* without the brackets of [IPv6] */
	const char *port; /* in the text that was read: digits, up to 65535 */
};

/* What a message says was expected. */
extern const char address_expected[];

/* "host:port", "[host]:port", ":port", "*:port"; false when it is none of them. */
MUST_CHECK bool address_read(const char *text, struct address *address);
/* Whether it means every address of the machine. */
bool address_is_any(const struct address *address);
