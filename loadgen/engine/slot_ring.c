#include "loadgen/engine/slot_ring.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/require.h"

void slot_ring_init(struct slot_ring *ring, unsigned depth, struct connection *connection)
{
	*ring = (struct slot_ring){.depth = (uint16_t)depth};
	ring->slots = depth == 1 ? &ring->one : memory_alloc_zeroed(depth, sizeof(*ring->slots));
	for (unsigned i = 0; i < depth; i++) {
		ring->slots[i].connection = connection;
		list_init(&ring->slots[i].link);
	}
}

void slot_ring_cleanup(struct slot_ring *ring)
{
	if (ring->slots != &ring->one)
		free(ring->slots);
}

struct slot *slot_ring_add(struct slot_ring *ring)
{
	REQUIRE(ring->count < ring->depth);
	return slot_ring_at(ring, ring->count++);
}

struct record *slot_ring_take_oldest(struct slot_ring *ring)
{
	struct slot *slot = slot_ring_at(ring, 0);

	list_remove(&slot->link);
	ring->first = (uint16_t)(ring->first + 1U == ring->depth ? 0 : ring->first + 1U);
	ring->count--;
	if (ring->sent > 0)
		ring->sent--;
	return slot->record;
}
