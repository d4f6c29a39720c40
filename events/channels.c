/* The channels of the hub: which are wanted, and what came. */
#include "events/hub_parts.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/require.h"
#include "events/values/event_text.h"

#include <search.h>
#include <stdlib.h>
#include <sys/random.h>

enum { COMMANDS_MAX = 256 }; /* of one text, which is one transaction */

uint64_t hub_random_epoch(void)
{
	uint64_t epoch;

	REQUIRE(getrandom(&epoch, sizeof(epoch), 0) == sizeof(epoch));
	return epoch;
}

/* A tree, since clients choose names and could choose those that share a hash. */
static int compare(const void *a, const void *b)
{
	return strcmp(((const struct event_channel *)a)->name, ((const struct event_channel *)b)->name);
}

static void set_name(struct event_channel *channel, struct text name)
{
	REQUIRE(name.length <= CHANNEL_NAME_BYTES_MAX);
	memcpy(channel->name, name.at, name.length);
	channel->name[name.length] = '\0';
}

static struct event_channel *find(const struct event_hub *hub, struct text name)
{
	struct event_channel key, **found;

	if (name.length > CHANNEL_NAME_BYTES_MAX)
		return NULL;
	set_name(&key, name);
	found = tfind(&key, &hub->by_name, compare);
	return found != NULL ? *found : NULL;
}

static void want(struct event_hub *hub, struct event_channel *channel)
{
	channel->state = CHANNEL_WANTED;
	list_remove(&channel->asks);
	list_append(&hub->wanted, &channel->asks);
	event_hub_wake(hub);
}

static struct event_channel *create(struct event_hub *hub, struct text name)
{
	struct event_channel *channel = memory_alloc_zeroed(1, sizeof(*channel));

	set_name(channel, name);
	list_init(&channel->asks);
	list_init(&channel->rest);
	list_init(&channel->waiting);
	event_history_init(&channel->history, 0, hub->settings.history_max, hub->settings.history_bytes);
	list_append(&hub->channels, &channel->link);
	REQUIRE(tsearch(channel, &hub->by_name, compare) != NULL);
	want(hub, channel);
	return channel;
}

static void take_out(struct event_hub *hub, struct event_channel *channel)
{
	tdelete(channel, &hub->by_name, compare);
	list_remove(&channel->link);
	list_remove(&channel->asks);
	list_remove(&channel->rest);
	event_history_cleanup(&channel->history);
	list_init(&channel->history.entries);
}

void hub_channel_destroy(struct event_hub *hub, struct event_channel *channel)
{
	take_out(hub, channel);
	free(channel);
}

/* Of an idle one; where the session listens to it, it is told first. */
static void give_up(struct event_hub *hub, struct event_channel *channel)
{
	bool is_told = channel->state == CHANNEL_WANTED;

	hub->unused--;
	take_out(hub, channel);
	if (is_told) {
		free(channel);
		return;
	}
	list_append(&hub->unwanted, &channel->asks);
	event_hub_wake(hub);
}

static struct event_channel *first_idle(const struct event_hub *hub)
{
	return list_is_empty(&hub->idle) ? NULL : CONTAINER_OF(hub->idle.next, struct event_channel, rest);
}

struct event_channel *hub_channel_enter(struct event_hub *hub, struct text name)
{
	struct event_channel *channel = find(hub, name);

	if ((channel == NULL || channel->subscribers == 0) && hub->used == hub->settings.channels_max)
		return NULL;
	if (channel == NULL) {
		channel = create(hub, name);
		hub->used++;
	} else if (channel->subscribers == 0) {
		list_remove(&channel->rest);
		hub->unused--;
		hub->used++;
	}
	channel->subscribers++;
	return channel;
}

/* It is one subscriber more that never leaves, and takes no place of the others'. */
void hub_channel_tap(struct event_hub *hub, const struct event_tap *tap)
{
	struct event_channel *channel = find(hub, text_of(tap->channel));

	if (channel == NULL) {
		channel = create(hub, text_of(tap->channel));
	} else if (channel->subscribers == 0) {
		list_remove(&channel->rest);
		hub->unused--;
	} else {
		hub->used--;
	}
	channel->subscribers++;
	channel->tap = tap;
	if (channel->state == CHANNEL_LISTENING)
		tap->on_listening(tap->data);
}

void hub_channel_leave(struct event_hub *hub, struct event_channel *channel, uint64_t now_ns)
{
	if (--channel->subscribers > 0)
		return;
	hub->used--;
	hub->unused++;
	channel->idle_ns = now_ns;
	list_append(&hub->idle, &channel->rest);
	if (hub->unused > hub->settings.channels_max)
		give_up(hub, first_idle(hub));
}

void hub_channel_lose(struct event_hub *hub, struct event_channel *channel)
{
	if (channel->subscribers == 0) {
		hub->unused--;
		hub_channel_destroy(hub, channel);
		return;
	}
	if (channel->tap != NULL && channel->state == CHANNEL_LISTENING)
		channel->tap->on_lost(channel->tap->data);
	event_history_cleanup(&channel->history);
	event_history_init(&channel->history, 0, hub->settings.history_max, hub->settings.history_bytes);
	want(hub, channel);
}

/* The listener's */

static void add_command(struct buffer *sql, const char *command, const char *name)
{
	buffer_printf(sql, "%s \"", command);
	for (; *name != '\0'; name++) {
		if (*name == '"')
			buffer_add_char(sql, '"');
		buffer_add_char(sql, *name);
	}
	buffer_add(sql, TEXT("\";"));
}

static void add_unwanted(struct event_hub *hub, struct buffer *sql, unsigned *left)
{
	while (*left > 0 && !list_is_empty(&hub->unwanted)) {
		struct event_channel *channel = CONTAINER_OF(hub->unwanted.next, struct event_channel, asks);

		add_command(sql, "UNLISTEN", channel->name);
		list_remove(&channel->asks);
		free(channel);
		--*left;
	}
}

static void add_wanted(struct event_hub *hub, struct buffer *sql, unsigned *left)
{
	while (*left > 0 && !list_is_empty(&hub->wanted)) {
		struct event_channel *channel = CONTAINER_OF(hub->wanted.next, struct event_channel, asks);

		add_command(sql, "LISTEN", channel->name);
		channel->state = CHANNEL_ASKED;
		list_remove(&channel->asks);
		list_append(&hub->asked, &channel->asks);
		--*left;
	}
}

/* One that is wanted again was unwanted before: in this order. */
bool event_hub_add_commands(struct event_hub *hub, struct buffer *sql)
{
	unsigned left = COMMANDS_MAX;

	pthread_mutex_lock(&hub->lock);
	add_unwanted(hub, sql, &left);
	if (list_is_empty(&hub->unwanted))
		add_wanted(hub, sql, &left);
	pthread_mutex_unlock(&hub->lock);
	return left < COMMANDS_MAX;
}

void event_hub_note_done(struct event_hub *hub)
{
	const struct event_tap *tap = NULL;

	pthread_mutex_lock(&hub->lock);
	LIST_EACH (link, &hub->asked) {
		struct event_channel *channel = CONTAINER_OF(link, struct event_channel, asks);

		list_remove(link);
		channel->state = CHANNEL_LISTENING;
		channel->history.gone = hub->number;
		if (channel->tap != NULL)
			tap = channel->tap;
		hub_wake_waiting(channel);
	}
	pthread_mutex_unlock(&hub->lock);
	/* it may take its time, and loops take the lock */
	if (tap != NULL)
		tap->on_listening(tap->data);
}

void event_hub_publish(struct event_hub *hub, struct text name, struct text payload)
{
	char inline_bytes[1024];
	struct arena arena;
	struct buffer text = buffer_in(&arena);
	const struct event_tap *tap = NULL;
	struct event_channel *channel;

	arena_init(&arena, inline_bytes, sizeof(inline_bytes));
	pthread_mutex_lock(&hub->lock);
	channel = find(hub, name);
	/* one that has just been asked for begins when that is done */
	if (channel != NULL && channel->state == CHANNEL_LISTENING) {
		hub->events++;
		event_text_add(&text, "change", &(struct event_id){hub->epoch, ++hub->number}, payload);
		event_history_add(&channel->history, hub->number, buffer_text(&text));
		hub_wake_waiting(channel);
		tap = channel->tap;
	}
	pthread_mutex_unlock(&hub->lock);
	if (tap != NULL)
		tap->on_event(tap->data, payload);
	arena_cleanup(&arena);
}

void event_hub_sweep(struct event_hub *hub, uint64_t now_ns)
{
	struct event_channel *channel;

	pthread_mutex_lock(&hub->lock);
	while ((channel = first_idle(hub)) != NULL && channel->idle_ns + EVENT_LINGER_S * NS_PER_S <= now_ns)
		give_up(hub, channel);
	pthread_mutex_unlock(&hub->lock);
}
