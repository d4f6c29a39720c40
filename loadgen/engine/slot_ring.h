/* slot_ring.h - the requests under way on one connection, the oldest first: its response comes first.
 *
 * Life:    slot_ring_init() -> slot_ring_add(), slot_ring_take_oldest() -> slot_ring_cleanup().
 * Owner:   the connection; a ring of one is the connection's own memory, so a ring does not move.
 * Limits:  `depth` requests.
 */
#pragma once

#include <stdint.h>

#include "base/list.h"
#include "loadgen/engine/record.h"

struct connection;

/* A request under way. */
struct slot {
	struct list link; /* of the load's list of those under way, in order of their deadlines */
	struct connection *connection;
	struct record *record;
};

struct slot_ring {
	struct slot *slots; /* &one where depth is 1 */
	struct slot one;
	uint16_t depth, first, count;
	uint16_t sent; /* of them, the oldest: so many have been written */
};

void slot_ring_init(struct slot_ring *ring, unsigned depth, struct connection *connection);
void slot_ring_cleanup(struct slot_ring *ring);
/* Takes the next place. The caller sets its record and links it. */
struct slot *slot_ring_add(struct slot_ring *ring);
/* Unlinks the oldest and gives its place back. */
struct record *slot_ring_take_oldest(struct slot_ring *ring);

/* 0 is the oldest. */
static inline struct slot *slot_ring_at(struct slot_ring *ring, unsigned index)
{
	unsigned at = ring->first + index;

	return &ring->slots[at < ring->depth ? at : at - ring->depth];
}
