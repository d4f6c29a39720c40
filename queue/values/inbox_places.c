#include "queue/values/inbox_places.h"

#include "base/clock.h"

int64_t inbox_places_begin(struct inbox_places *places, uint64_t now_ns)
{
	places->is_whole = now_ns >= places->next_whole_ns;
	places->begun_last = places->last;
	places->begun_ns = now_ns;
	if (places->is_whole)
		places->next_whole_ns = now_ns + INBOX_WHOLE_MS * NS_PER_MS;
	return places->is_whole ? places->late : places->last;
}

void inbox_places_add(struct inbox_places *places, int64_t place)
{
	if (place > places->last)
		places->last = place;
}

void inbox_places_end(struct inbox_places *places, bool is_all)
{
	if (!places->is_whole || !is_all || places->begun_ns < places->aging_ns + INBOX_LATE_MS * NS_PER_MS)
		return;
	places->late = places->aging;
	places->aging = places->begun_last;
	places->aging_ns = places->begun_ns;
}
