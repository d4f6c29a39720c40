/* inbox_places.h - from where the inbox is read, so that what is committed late is read too.
 *
 * Rows have places in the order in which they were inserted, and may be committed in another. So most reads go on behind
 * the last place, and a whole one, once in INBOX_WHOLE_MS, begins where nothing can be committed any more. That place
 * moves only after a whole read that found all there was, INBOX_LATE_MS after the place was read.
 *
 * Life:    all zero -> (inbox_places_begin() -> inbox_places_add()* -> inbox_places_end())*. One that fails has no end.
 * Thread:  one at a time.
 * Limits:  what is committed INBOX_LATE_MS after its place was taken may be passed over.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	INBOX_WHOLE_MS = 1000,
	INBOX_LATE_MS = 30000,
};

struct inbox_places {
	int64_t last;  /* the furthest that was read */
	int64_t late;  /* what is committed yet is behind it */
	int64_t aging; /* that was the last place at aging_ns */
	uint64_t aging_ns;
	uint64_t next_whole_ns;
	bool is_whole; /* the read under way */
	int64_t begun_last;
	uint64_t begun_ns;
};

/* Returns the place behind which is to be read. */
int64_t inbox_places_begin(struct inbox_places *places, uint64_t now_ns);
/* A row that was read. */
void inbox_places_add(struct inbox_places *places, int64_t place);
/* `is_all`: there was no more. */
void inbox_places_end(struct inbox_places *places, bool is_all);
