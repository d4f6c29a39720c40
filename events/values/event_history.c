#include "events/values/event_history.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static struct event_entry *entry_of(struct list *link)
{
	return CONTAINER_OF(link, struct event_entry, link);
}

void event_history_init(struct event_history *history, uint64_t since, unsigned events_max, size_t bytes_max)
{
	*history = (struct event_history){.gone = since, .events_max = events_max, .bytes_max = bytes_max};
	list_init(&history->entries);
}

static void drop_oldest(struct event_history *history)
{
	struct event_entry *oldest = entry_of(history->entries.next);

	list_remove(&oldest->link);
	history->gone = oldest->number;
	history->count--;
	history->bytes -= oldest->length;
	free(oldest);
}

void event_history_add(struct event_history *history, uint64_t number, struct text text)
{
	struct event_entry *entry = memory_alloc(sizeof(*entry) + text.length);

	entry->number = number;
	entry->length = text.length;
	memcpy(entry->bytes, text.at, text.length);
	list_append(&history->entries, &entry->link);
	history->count++;
	history->bytes += text.length;
	while (history->count > 1 && (history->count > history->events_max || history->bytes > history->bytes_max))
		drop_oldest(history);
}

bool event_history_reaches(const struct event_history *history, uint64_t number)
{
	return number >= history->gone;
}

/* Most subscribers have all but the last. */
const struct event_entry *event_history_behind(const struct event_history *history, uint64_t number)
{
	const struct event_entry *first = NULL;

	for (struct list *link = history->entries.previous; link != &history->entries; link = link->previous) {
		if (entry_of(link)->number <= number)
			break;
		first = entry_of(link);
	}
	return first;
}

const struct event_entry *event_history_next(const struct event_history *history, const struct event_entry *entry)
{
	return entry->link.next == &history->entries ? NULL : entry_of(entry->link.next);
}

void event_history_cleanup(struct event_history *history)
{
	LIST_EACH (link, &history->entries)
		free(entry_of(link));
}
