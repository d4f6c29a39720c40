/* hub.h - where one listener meets the subscribers of all loops: channels with their histories, and what waits for them.
 *
 * A subscriber has no queue of its own, but a place in its channel's history. So an event is kept once, however many
 * subscribers there are, and one that reads slowly holds nothing back.
 *
 * Life:    event_hub_create() -> the subscribers' and the listener's calls -> event_hub_end() -> event_hub_destroy(), when
 *          all have unsubscribed and the listener has ended.
 * Owner:   a subscription is its caller's from event_hub_subscribe() to event_hub_unsubscribe().
 * Thread:  any. A subscription is used by one thread at a time. `ready` is called within event_hub_await(), or in the
 *          thread that has the news: the listener's, or that of event_hub_end() or event_hub_turn(). The hub may be locked
 *          then: `ready` calls nothing of it.
 * Limits:  settings: subscribers, channels with subscribers, and as many without; the history of each. A part of changes
 *          has EVENT_PART_BYTES, or is one event.
 */
#pragma once

#include "base/buffer.h"
#include "base/deadlines.h"
#include "base/error.h"
#include "events/values/event_news.h"

enum {
	EVENT_PART_BYTES = 64 * 1024,
	EVENT_LINGER_S = 60, /* a channel that no subscriber has is listened to for so long: browsers come back */
};

struct event_hub;

struct event_hub_settings {
	unsigned subscribers_max, channels_max;
	unsigned history_max; /* events of a channel */
	size_t history_bytes;
};

struct event_hub_numbers {
	unsigned subscribers, channels;
	uint64_t events, cut_off, losses;
};

struct event_subscription;
typedef void event_ready_fn(struct event_subscription *subscription);

/* What the service itself hears of a channel. Each is called in the listener's thread or within event_hub_tap(),
 * and calls nothing of the hub. on_lost() is called under the hub's lock, and must be short. */
struct event_tap {
	const char *channel;
	void (*on_listening)(void *data);
	void (*on_event)(void *data, struct text payload);
	void (*on_lost)(void *data);
	void *data;
};

struct event_subscription {
	/* the caller's */
	void *data;
	struct deadline deadline;
	/* read-only */
	struct event_news news; /* by event_hub_take() */
	bool has_place;         /* it was told EVENT_SUBSCRIBED or EVENT_RESUMED */
	/* private */
	struct event_hub *hub;
	struct event_channel *channel;
	struct list link; /* on the channel's list, while it waits */
	bool is_waiting;
	event_ready_fn *ready;
	unsigned edition;
	struct event_id place, seen;
	bool has_seen;
	char *bytes; /* of the news */
};

struct event_hub *event_hub_create(const struct event_hub_settings *settings);
void event_hub_destroy(struct event_hub *hub);
struct event_hub_numbers event_hub_numbers(struct event_hub *hub);

/* Subscribers */

/* NULL: `why` there is none. */
struct event_subscription *event_hub_subscribe(struct event_hub *hub, const struct event_order *order,
					       const char **why);
/* Calls `ready` once, when there is news: now or later. The last news is gone. */
void event_hub_await(struct event_subscription *subscription, event_ready_fn *ready);
/* Does not wait any more. False: `ready` was called, or is being called. */
bool event_hub_withdraw(struct event_subscription *subscription);
/* Fills in the news in place of the last, EVENT_NONE when there is none. False: PostgreSQL cannot be reached, and it has no place. */
bool event_hub_take(struct event_subscription *subscription);
void event_hub_unsubscribe(struct event_subscription *subscription);

/* The service */

/* From now on the channel is listened to, whether it has subscribers or not; it counts with none of them. One tap, which
 * is borrowed. */
void event_hub_tap(struct event_hub *hub, const struct event_tap *tap);
/* From now on all subscribers hear EVENT_ENDED. */
void event_hub_end(struct event_hub *hub);
/* Those of editions before this one hear it. */
void event_hub_turn(struct event_hub *hub, unsigned edition);

/* The listener */

/* Readable when there are commands, or event_hub_wake() was called; the listener reads it empty. */
int event_hub_wanted_fd(const struct event_hub *hub);
void event_hub_wake(struct event_hub *hub);
/* A new connection listens to nothing yet: an epoch begins. */
void event_hub_note_connected(struct event_hub *hub);
/* Adds the SQL for channels that are wanted, or not any more. False: there are none. */
bool event_hub_add_commands(struct event_hub *hub, struct buffer *sql);
/* What was added last is done, and committed. */
void event_hub_note_done(struct event_hub *hub);
void event_hub_publish(struct event_hub *hub, struct text channel, struct text payload);
void event_hub_note_lost(struct event_hub *hub);
/* The last try to connect has failed. */
void event_hub_note_unreachable(struct event_hub *hub);
/* Gives channels up that no subscriber has had for EVENT_LINGER_S. */
void event_hub_sweep(struct event_hub *hub, uint64_t now_ns);
