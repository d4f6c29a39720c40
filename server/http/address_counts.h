/* address_counts.h - how many connections each client address has, so that one cannot take all there are.
 *
 * An IPv6 address counts as its /64 network: that much one client may have.
 *
 * Life:    address_counts_init() -> address_counts_enter() and _leave() for each connection -> when all have left,
 *          nothing is left.
 * Thread:  one.
 * Limits:  one entry for each address that is connected.
 */
#pragma once

#include <stdint.h>
#include <sys/socket.h>

#include "base/list.h"
#include "base/networks.h"

enum { ADDRESS_BUCKETS = 256 };

struct address_count {
	struct list link;
	struct network_address key;
	unsigned count;
	bool was_refused; /* since it came; to be said once */
};

struct address_counts {
	struct list buckets[ADDRESS_BUCKETS];
};

void address_counts_init(struct address_counts *counts);
/* Counts one more: returns its entry, with entry->count one higher. */
struct address_count *address_counts_enter(struct address_counts *counts, const struct sockaddr *address);
void address_counts_leave(struct address_count *entry);
