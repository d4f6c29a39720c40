/* forwarded.h - the client's address, behind proxies that are trusted: from Forwarded (RFC 7239) or
 * X-Forwarded-For.
 *
 * A proxy may write one of them and hand on what the client has put into the other. Where the two disagree neither is
 * believed. The peer's address is no answer then: the client would choose to be the proxy.
 *
 * Each proxy adds the address that it has heard from at the end of the list. So the list is read from its end, for as
 * long as the one that has said it is trusted. What is no address ends it: the last one that is known counts.
 *
 * Thread:  any.
 * Limits:  FORWARDED_HOPS_MAX hops are looked at, the last ones.
 */
#pragma once

#include "base/networks.h"
#include "exchange/message.h"

enum { FORWARDED_HOPS_MAX = 32 };

/* *address is the peer's, and becomes the client's. Names of fields are in any case. False: the two disagree. */
MUST_CHECK bool forwarded_find_client(const struct http_field *fields, unsigned count, const struct networks *trusted,
				      struct network_address *address);
