#include "events/hub_parts.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/require.h"

#include <search.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Subscribers that are waiting. The lock is held: `ready` puts them where their own thread finds them. */

static void wake(struct event_subscription *subscription)
{
	list_remove(&subscription->link);
	subscription->is_waiting = false;
	subscription->ready(subscription);
}

void hub_wake_waiting(struct event_channel *channel)
{
	LIST_EACH (link, &channel->waiting) {
		struct event_subscription *subscription = CONTAINER_OF(link, struct event_subscription, link);

		if (hub_has_news(subscription))
			wake(subscription);
	}
}

static void wake_all(struct event_hub *hub)
{
	LIST_EACH (link, &hub->channels)
		hub_wake_waiting(CONTAINER_OF(link, struct event_channel, link));
}

/* Life */

struct event_hub *event_hub_create(const struct event_hub_settings *settings)
{
	struct event_hub *hub = memory_alloc_zeroed(1, sizeof(*hub));

	hub->settings = *settings;
	pthread_mutex_init(&hub->lock, NULL);
	list_init(&hub->channels);
	list_init(&hub->wanted);
	list_init(&hub->asked);
	list_init(&hub->idle);
	list_init(&hub->unwanted);
	hub->wanted_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	REQUIRE(hub->wanted_fd >= 0);
	return hub;
}

void event_hub_destroy(struct event_hub *hub)
{
	REQUIRE(hub->subscribers == 0);
	LIST_EACH (link, &hub->channels)
		hub_channel_destroy(hub, CONTAINER_OF(link, struct event_channel, link));
	LIST_EACH (link, &hub->unwanted)
		free(CONTAINER_OF(link, struct event_channel, asks));
	close(hub->wanted_fd);
	pthread_mutex_destroy(&hub->lock);
	free(hub);
}

struct event_hub_numbers event_hub_numbers(struct event_hub *hub)
{
	struct event_hub_numbers numbers;

	pthread_mutex_lock(&hub->lock);
	numbers = (struct event_hub_numbers){
	    .subscribers = hub->subscribers,
	    .channels = hub->used + hub->unused,
	    .events = hub->events,
	    .cut_off = hub->cut_off,
	    .losses = hub->losses,
	};
	pthread_mutex_unlock(&hub->lock);
	return numbers;
}

int event_hub_wanted_fd(const struct event_hub *hub)
{
	return hub->wanted_fd;
}

void event_hub_wake(struct event_hub *hub)
{
	uint64_t one = 1;

	/* full, it is readable all the same */
	if (write(hub->wanted_fd, &one, sizeof(one)) < 0)
		return;
}

/* Subscribing */

static struct event_subscription *create_subscription(struct event_hub *hub, const struct event_order *order)
{
	struct event_subscription *subscription = memory_alloc_zeroed(1, sizeof(*subscription));

	subscription->hub = hub;
	subscription->edition = order->edition;
	subscription->seen = order->seen;
	subscription->has_seen = order->has_seen;
	list_init(&subscription->link);
	return subscription;
}

struct event_subscription *event_hub_subscribe(struct event_hub *hub, const struct event_order *order, const char **why)
{
	struct event_subscription *subscription = NULL;
	struct event_channel *channel = NULL;

	pthread_mutex_lock(&hub->lock);
	if (hub->subscribers == hub->settings.subscribers_max)
		*why = "there are as many subscribers of events as max_subscribers allows";
	else if ((channel = hub_channel_enter(hub, order->channel)) == NULL)
		*why = "subscribers have as many channels as max_channels allows";
	if (channel != NULL) {
		subscription = create_subscription(hub, order);
		subscription->channel = channel;
		hub->subscribers++;
	}
	pthread_mutex_unlock(&hub->lock);
	return subscription;
}

void event_hub_unsubscribe(struct event_subscription *subscription)
{
	struct event_hub *hub = subscription->hub;

	pthread_mutex_lock(&hub->lock);
	list_remove(&subscription->link);
	hub_channel_leave(hub, subscription->channel, clock_now_ns());
	hub->subscribers--;
	pthread_mutex_unlock(&hub->lock);
	free(subscription->bytes);
	free(subscription);
}

/* News. What is sent first is what the service has to say, then what is missing, then what is there. */

static bool has_ended(const struct event_subscription *subscription)
{
	const struct event_hub *hub = subscription->hub;

	return hub->is_ending || subscription->edition < hub->edition;
}

static bool is_in_epoch(const struct event_subscription *subscription)
{
	return subscription->has_place && subscription->place.epoch == subscription->hub->epoch;
}

bool hub_has_news(const struct event_subscription *subscription)
{
	const struct event_channel *channel = subscription->channel;

	if (has_ended(subscription))
		return true;
	if (channel->state != CHANNEL_LISTENING)
		return subscription->hub->is_unreachable && !subscription->has_place;
	return !is_in_epoch(subscription) || !event_history_reaches(&channel->history, subscription->place.number) ||
	       event_history_behind(&channel->history, subscription->place.number) != NULL;
}

static void take_place(struct event_subscription *subscription)
{
	const struct event_hub *hub = subscription->hub;
	const struct event_id *seen = &subscription->seen;

	subscription->news.kind = EVENT_SUBSCRIBED;
	subscription->place = (struct event_id){hub->epoch, hub->number};
	if (subscription->has_seen && seen->epoch == hub->epoch && seen->number <= hub->number &&
	    event_history_reaches(&subscription->channel->history, seen->number)) {
		subscription->news.kind = EVENT_RESUMED;
		subscription->place = *seen;
	}
	subscription->has_place = true;
	subscription->has_seen = false;
	subscription->news.id = subscription->place;
}

/* The last one that belongs to the part, and how long that is. */
static const struct event_entry *end_of_part(const struct event_history *history, const struct event_entry *first,
					     size_t *bytes)
{
	const struct event_entry *last = first, *next;

	*bytes = first->length;
	while ((next = event_history_next(history, last)) != NULL && *bytes + next->length <= EVENT_PART_BYTES) {
		last = next;
		*bytes += last->length;
	}
	return last;
}

static void take_changes(struct event_subscription *subscription, const struct event_entry *first)
{
	const struct event_history *history = &subscription->channel->history;
	size_t bytes, length = 0;
	const struct event_entry *last = end_of_part(history, first, &bytes);

	subscription->bytes = memory_alloc(bytes);
	for (const struct event_entry *entry = first; length < bytes; entry = event_history_next(history, entry)) {
		memcpy(subscription->bytes + length, entry->bytes, entry->length);
		length += entry->length;
	}
	subscription->place.number = last->number;
	subscription->news = (struct event_news){EVENT_CHANGES, subscription->place, {subscription->bytes, bytes}};
}

static void take_from_history(struct event_subscription *subscription)
{
	const struct event_history *history = &subscription->channel->history;
	const struct event_entry *first = event_history_behind(history, subscription->place.number);

	if (!event_history_reaches(history, subscription->place.number)) {
		subscription->news.kind = EVENT_BEHIND;
		subscription->hub->cut_off++;
	} else if (first != NULL) {
		take_changes(subscription, first);
	}
}

static bool take(struct event_subscription *subscription)
{
	subscription->news = (struct event_news){.kind = EVENT_NONE};
	if (has_ended(subscription))
		subscription->news.kind = EVENT_ENDED;
	else if (subscription->channel->state != CHANNEL_LISTENING)
		return subscription->has_place || !subscription->hub->is_unreachable;
	else if (!is_in_epoch(subscription))
		take_place(subscription);
	else
		take_from_history(subscription);
	return true;
}

static void forget_news(struct event_subscription *subscription)
{
	free(subscription->bytes);
	subscription->bytes = NULL;
}

void event_hub_await(struct event_subscription *subscription, event_ready_fn *ready)
{
	struct event_hub *hub = subscription->hub;
	bool has_news;

	forget_news(subscription);
	pthread_mutex_lock(&hub->lock);
	has_news = hub_has_news(subscription);
	subscription->ready = ready;
	subscription->is_waiting = !has_news;
	if (!has_news)
		list_append(&subscription->channel->waiting, &subscription->link);
	pthread_mutex_unlock(&hub->lock);
	if (has_news)
		ready(subscription);
}

bool event_hub_withdraw(struct event_subscription *subscription)
{
	bool was_waiting;

	pthread_mutex_lock(&subscription->hub->lock);
	was_waiting = subscription->is_waiting;
	subscription->is_waiting = false;
	list_remove(&subscription->link);
	pthread_mutex_unlock(&subscription->hub->lock);
	return was_waiting;
}

bool event_hub_take(struct event_subscription *subscription)
{
	bool is_good;

	forget_news(subscription);
	pthread_mutex_lock(&subscription->hub->lock);
	is_good = take(subscription);
	pthread_mutex_unlock(&subscription->hub->lock);
	return is_good;
}

/* The service */

void event_hub_tap(struct event_hub *hub, const struct event_tap *tap)
{
	pthread_mutex_lock(&hub->lock);
	hub_channel_tap(hub, tap);
	pthread_mutex_unlock(&hub->lock);
}

void event_hub_end(struct event_hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	hub->is_ending = true;
	wake_all(hub);
	pthread_mutex_unlock(&hub->lock);
}

void event_hub_turn(struct event_hub *hub, unsigned edition)
{
	pthread_mutex_lock(&hub->lock);
	hub->edition = edition;
	wake_all(hub);
	pthread_mutex_unlock(&hub->lock);
}

/* What the listener says of its connection */

void event_hub_note_connected(struct event_hub *hub)
{
	uint64_t epoch = hub_random_epoch();

	pthread_mutex_lock(&hub->lock);
	hub->epoch = epoch;
	hub->is_unreachable = false;
	pthread_mutex_unlock(&hub->lock);
}

void event_hub_note_lost(struct event_hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	hub->losses++;
	LIST_EACH (link, &hub->channels)
		hub_channel_lose(hub, CONTAINER_OF(link, struct event_channel, link));
	LIST_EACH (link, &hub->unwanted)
		free(CONTAINER_OF(link, struct event_channel, asks));
	list_init(&hub->unwanted);
	pthread_mutex_unlock(&hub->lock);
}

void event_hub_note_unreachable(struct event_hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	hub->is_unreachable = true;
	wake_all(hub);
	pthread_mutex_unlock(&hub->lock);
}
