/* list.h - an intrusive doubly-linked list: the link lives in the object, nothing is allocated.
 *
 * Owner:  the list owns nothing. A link that is on no list points at itself.
 * Thread: one at a time.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

struct list {
	struct list *next, *previous;
};

static inline void list_init(struct list *list)
{
	list->next = list->previous = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_append(struct list *list, struct list *link)
{
	link->previous = list->previous;
	link->next = list;
	list->previous->next = link;
	list->previous = link;
}

static inline void list_prepend(struct list *list, struct list *link)
{
	list_append(list->next, link);
}

/* Takes `link` off its list, if it is on one. */
static inline void list_remove(struct list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

/* Moves everything on `from` to the empty list `to`. */
static inline void list_take_all(struct list *to, struct list *from)
{
	list_init(to);
	if (list_is_empty(from))
		return;
	*to = *from;
	to->next->previous = to->previous->next = to;
	list_init(from);
}

/* Safe while `item` is removed in the body; not while its neighbours are. */
#define LIST_EACH(item, anchor)                                                                                        \
	for (struct list *item = (anchor)->next, *item##_next = item->next; item != (anchor);                          \
	     item = item##_next, item##_next = item->next)
