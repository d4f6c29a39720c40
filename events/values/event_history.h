/* event_history.h - the last events of a channel, for subscribers that come back and for those that read slowly.
 *
 * Life:    event_history_init() -> event_history_add()* -> event_history_cleanup().
 * Owner:   the caller's memory; the texts are copied.
 * Thread:  one at a time.
 * Limits:  `events_max` events and `bytes_max` bytes of them; the oldest go first. The newest one always stays.
 */
#pragma once

#include <stdint.h>

#include "base/list.h"
#include "base/text.h"

struct event_entry {
	struct list link;
	uint64_t number; /* greater than that of the one before */
	size_t length;
	char bytes[];
};

struct event_history {
	struct list entries; /* the oldest first */
	unsigned count, events_max;
	size_t bytes, bytes_max;
	uint64_t gone; /* the number of the last one that is not here any more; at first, where the history begins */
};

/* What came up to the event `since` is not in it. */
void event_history_init(struct event_history *history, uint64_t since, unsigned events_max, size_t bytes_max);
void event_history_add(struct event_history *history, uint64_t number, struct text text);
/* Is everything there that came behind the event of this number? */
bool event_history_reaches(const struct event_history *history, uint64_t number);
/* Returns the first event behind that number, or NULL. */
const struct event_entry *event_history_behind(const struct event_history *history, uint64_t number);
/* Returns the one after it, or NULL. */
const struct event_entry *event_history_next(const struct event_history *history, const struct event_entry *entry);
void event_history_cleanup(struct event_history *history);
