/* event_news.h - what a subscriber of a channel hears.
 *
 * Owner:   the texts of an order are its caller's, that of news is the subscription's until it is awaited again.
 */
#pragma once

#include "events/values/event_id.h"

/* What is subscribed to. */
struct event_order {
	struct text channel; /* NUL-terminated */
	unsigned edition;    /* of the endpoints: it ends when another one is served */
	struct event_id seen;
	bool has_seen; /* the client has seen the event `seen`, and what came before */
};

enum event_kind {
	EVENT_NONE, /* the time was over */
	/* The channel is listened to: what is committed from now on is heard of. It comes once more behind a gap. */
	EVENT_SUBSCRIBED,
	EVENT_RESUMED, /* the same, and nothing was missed since the event that was seen */
	EVENT_CHANGES,
	EVENT_BEHIND, /* it took events more slowly than they came, and the next ones are gone */
	EVENT_ENDED,  /* the service ends, or serves another edition */
};

struct event_news {
	enum event_kind kind;
	struct event_id id; /* of EVENT_SUBSCRIBED: the place in the epoch */
	struct text text;   /* of EVENT_CHANGES: as text/event-stream has them */
};
