#include "base/deadlines.h"

void deadlines_init(struct deadlines *deadlines, uint64_t now_ns)
{
	for (unsigned i = 0; i < DEADLINES_SLOTS; i++)
		list_init(&deadlines->slots[i]);
	deadlines->turn = now_ns >> DEADLINES_SLOT_BITS;
}

static void take_due_of(struct list *slot, struct list *due, uint64_t now_ns)
{
	LIST_EACH (item, slot) {
		struct deadline *deadline = CONTAINER_OF(item, struct deadline, link);

		if (deadline->at_ns > now_ns)
			continue;
		list_remove(item);
		list_append(due, item);
	}
}

void deadlines_take_due(struct deadlines *deadlines, struct list *due, uint64_t now_ns)
{
	uint64_t last = now_ns >> DEADLINES_SLOT_BITS, count = last - deadlines->turn + 1;

	list_init(due);
	if (count > DEADLINES_SLOTS)
		count = DEADLINES_SLOTS; /* a revolution looks at all of them */
	for (uint64_t i = 0; i < count; i++)
		take_due_of(&deadlines->slots[(deadlines->turn + i) % DEADLINES_SLOTS], due, now_ns);
	deadlines->turn = last; /* what is due later in its time is looked at again */
}
