/* event_id.h - what an event is known by: the epoch it belongs to, and its number in it.
 *
 * An epoch is a time without a gap: it ends with the service, and when the connection that listens is lost. Its number
 * is drawn at random, so that no other service and no other start has it. Numbers count the events of all channels.
 *
 * Thread:  any.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum { EVENT_ID_BYTES = 16 + 1 + 20 + 1 }; /* "0123456789abcdef-42" with its NUL */

struct event_id {
	uint64_t epoch, number;
};

/* Returns its length. */
size_t event_id_write(struct event_id id, char text[EVENT_ID_BYTES]);
/* False: no service has written that. */
bool event_id_read(struct text text, struct event_id *id);
