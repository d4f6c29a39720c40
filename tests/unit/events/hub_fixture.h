/* hub_fixture.h - a hub, its subscribers, and the listener.
 *
 * Subscribers and a listener that the test plays.
 */
#pragma once

#include "events/hub.h"

#include "base/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { HISTORY_MAX = 3, CHANNELS_MAX = 2, SUBSCRIBERS_MAX = 4 };

static struct event_hub *hub;
static struct event_subscription *subscriptions[SUBSCRIBERS_MAX + 1];
static unsigned count, ready_count;
static const char *why;
static struct arena arena;

static inline int set_up(void **state)
{
	(void)state;
	hub = event_hub_create(&(struct event_hub_settings){SUBSCRIBERS_MAX, CHANNELS_MAX, HISTORY_MAX, 1000000});
	arena_init(&arena, NULL, 0);
	count = ready_count = 0;
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	while (count > 0)
		event_hub_unsubscribe(subscriptions[--count]);
	event_hub_destroy(hub);
	arena_cleanup(&arena);
	return 0;
}

static inline struct event_subscription *subscribe_with(const struct event_order *order)
{
	struct event_subscription *subscription = event_hub_subscribe(hub, order, &why);

	if (subscription != NULL)
		subscriptions[count++] = subscription;
	return subscription;
}

static inline struct event_subscription *subscribe(const char *channel)
{
	return subscribe_with(&(struct event_order){.channel = text_of(channel)});
}

static inline struct event_subscription *resume(const char *channel, struct event_id seen)
{
	return subscribe_with(&(struct event_order){.channel = text_of(channel), .seen = seen, .has_seen = true});
}

static inline void unsubscribe_last(void)
{
	event_hub_unsubscribe(subscriptions[--count]);
}

static inline enum event_kind taken(struct event_subscription *subscription)
{
	assert_true(event_hub_take(subscription));
	return subscription->news.kind;
}

static inline const char *commands(void)
{
	struct buffer sql = buffer_in(&arena);

	if (!event_hub_add_commands(hub, &sql))
		return "";
	buffer_add_char(&sql, '\0');
	return sql.bytes;
}

static inline void listen_to_all(void)
{
	while (commands()[0] != '\0')
		event_hub_note_done(hub);
}

static inline void publish(const char *channel, const char *payload)
{
	event_hub_publish(hub, text_of(channel), text_of(payload));
}

static inline struct event_subscription *listening_to(const char *channel)
{
	struct event_subscription *subscription = subscribe(channel);

	listen_to_all();
	assert_int_equal(taken(subscription), EVENT_SUBSCRIBED);
	return subscription;
}
