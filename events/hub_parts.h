/* hub_parts.h - the inside of the hub, for hub.c and channels.c only. Its lock is held by the callers of hub_...(). */
#pragma once

#include <pthread.h>

#include "events/hub.h"
#include "events/values/channel_name.h"
#include "events/values/event_history.h"

/*
 *   WANTED ----> ASKED ----> LISTENING
 *     ^  command   |   done      |
 *     +------------+-------------+    the connection is lost
 */
enum channel_state { CHANNEL_WANTED, CHANNEL_ASKED, CHANNEL_LISTENING };

struct event_channel {
	struct list link; /* of all */
	struct list asks; /* wanted, asked or, without the rest, unwanted */
	struct list rest; /* idle: no subscriber has it */
	enum channel_state state;
	unsigned subscribers;
	uint64_t idle_ns; /* since then */
	struct list waiting;
	struct event_history history;
	const struct event_tap *tap; /* NULL: none */
	char name[CHANNEL_NAME_BYTES_MAX + 1];
};

struct event_hub {
	struct event_hub_settings settings;
	pthread_mutex_t lock; /* guards all that follows, and the private part of subscriptions */
	void *by_name;        /* tsearch() */
	struct list channels, wanted, asked;
	struct list idle;     /* the one that has been so for longest first */
	struct list unwanted; /* what is to be told to the session; in no other list */
	unsigned subscribers, used, unused;
	uint64_t epoch, number; /* of the last event */
	unsigned edition;
	bool is_ending, is_unreachable;
	uint64_t events, cut_off, losses;
	int wanted_fd;
};

/* hub.c */
bool hub_has_news(const struct event_subscription *subscription);
void hub_wake_waiting(struct event_channel *channel);

/* channels.c */
uint64_t hub_random_epoch(void);
/* Returns the channel of that name, for one subscriber more; NULL: there are as many as may be. */
struct event_channel *hub_channel_enter(struct event_hub *hub, struct text name);
/* Of that name, for as long as the hub lives. */
void hub_channel_tap(struct event_hub *hub, const struct event_tap *tap);
void hub_channel_leave(struct event_hub *hub, struct event_channel *channel, uint64_t now_ns);
/* Its connection is lost, and what came is no history any more. */
void hub_channel_lose(struct event_hub *hub, struct event_channel *channel);
void hub_channel_destroy(struct event_hub *hub, struct event_channel *channel);
