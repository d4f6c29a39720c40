/* deadlines.h - what ends at a time of its own. Putting in and taking out take constant time, and nothing is looked at
 * but what is due.
 *
 * A hashed timing wheel (Varghese, Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 6): a ring of lists,
 * one for each DEADLINES_SLOT_NS. What is due after more than a revolution, 8.6 s, is looked at once in each.
 *
 * Life:    deadlines_init() -> deadlines_put(), deadline_take_out(), deadlines_take_due()*; nothing to free.
 * Owner:   a deadline is the caller's memory, all zero before it is first put in.
 * Thread:  one at a time; the time is passed in, and never goes back.
 */
#pragma once

#include <stdint.h>

#include "base/list.h"

enum { DEADLINES_SLOTS = 1024, DEADLINES_SLOT_BITS = 23 };
#define DEADLINES_SLOT_NS (UINT64_C(1) << DEADLINES_SLOT_BITS) /* 8.4 ms */

struct deadline {
	struct list link; /* of nothing while it is not in */
	uint64_t at_ns;
};

struct deadlines {
	struct list slots[DEADLINES_SLOTS];
	uint64_t turn; /* of all slots counted on from the clock's zero: the first that may hold what is not due */
};

void deadlines_init(struct deadlines *deadlines, uint64_t now_ns);

static inline void deadlines_put(struct deadlines *deadlines, struct deadline *deadline, uint64_t at_ns)
{
	uint64_t turn = at_ns >> DEADLINES_SLOT_BITS;

	if (turn < deadlines->turn)
		turn = deadlines->turn;
	deadline->at_ns = at_ns;
	list_append(&deadlines->slots[turn % DEADLINES_SLOTS], &deadline->link);
}

static inline bool deadline_is_in(const struct deadline *deadline)
{
	return deadline->link.next != NULL;
}

/* Of one that is in. */
static inline void deadline_take_out(struct deadline *deadline)
{
	list_remove(&deadline->link);
	deadline->link = (struct list){NULL, NULL};
}

/* Moves what is due to `due`, from where the caller takes it out. */
void deadlines_take_due(struct deadlines *deadlines, struct list *due, uint64_t now_ns);
