/* crowd.h - a simulation of a queue, of what serves it, and of the clients, on a clock of its own. */
#pragma once

#include "base/congestion.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	CLIENTS_MAX = 4096,
	PLACES_MAX = 4096,
	SERVERS_MAX = 64,
	LIMIT = 1000,
	TIME_S = 5, /* that a request has */
};

#define NEVER UINT64_MAX

static const uint64_t at_once_ns = 100 * NS_PER_US;

/* It asks again when it is answered. A stream of requests asks again at random, whatever is answered. */
struct client {
	uint64_t asks_ns;
	uint64_t pause_ns; /* after a refusal */
	uint64_t gap_ns;   /* of a stream, on average; 0: it is none */
	bool has_left;
};

struct place {
	uint64_t came_ns, expected_ns;
	struct client *client;
};

struct crowd {
	struct congestion queue;
	uint64_t now_ns, seed;
	unsigned servers;
	uint64_t service_ns, expected_ns;
	uint64_t free_ns[SERVERS_MAX]; /* when each is free again */
	struct place places[PLACES_MAX];
	unsigned first, waiting;
	struct client clients[CLIENTS_MAX];
	unsigned client_count;
	struct client *asking[CLIENTS_MAX]; /* a heap of those that will ask; the first is the soonest */
	unsigned asking_count;
	uint64_t door_ns; /* what one that asks takes of the loop */
	uint64_t door_free_ns;
	/* counted since begin_counting() */
	unsigned good, soon, late, refused;
};

static const struct {
	unsigned servers, service_ms;
} kinds[] = {{1, 20}, {1, 250}, {8, 60}, {8, 250}, {38, 20}, {38, 250}};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static struct crowd crowd_of(unsigned kind)
{
	return (struct crowd){
	    .now_ns = NS_PER_S,
	    .seed = 1,
	    .servers = kinds[kind].servers,
	    .service_ns = kinds[kind].service_ms * NS_PER_MS,
	};
}

static void swap(struct client **a, struct client **b)
{
	struct client *other = *a;

	*a = *b;
	*b = other;
}

static void will_ask(struct crowd *crowd, struct client *client, uint64_t when_ns)
{
	struct client **heap = crowd->asking;
	unsigned at = crowd->asking_count++;

	client->asks_ns = when_ns;
	heap[at] = client;
	for (; at > 0 && heap[at]->asks_ns < heap[(at - 1) / 2]->asks_ns; at = (at - 1) / 2)
		swap(&heap[at], &heap[(at - 1) / 2]);
}

static unsigned sooner_of(const struct crowd *crowd, unsigned a, unsigned b)
{
	return b < crowd->asking_count && crowd->asking[b]->asks_ns < crowd->asking[a]->asks_ns ? b : a;
}

static struct client *take_soonest(struct crowd *crowd)
{
	struct client **heap = crowd->asking, *soonest = heap[0];
	unsigned at = 0, child;

	heap[0] = heap[--crowd->asking_count];
	while ((child = sooner_of(crowd, sooner_of(crowd, at, 2 * at + 1), 2 * at + 2)) != at) {
		swap(&heap[at], &heap[child]);
		at = child;
	}
	return soonest;
}

static void add(struct crowd *crowd, struct client client)
{
	crowd->clients[crowd->client_count] = client;
	will_ask(crowd, &crowd->clients[crowd->client_count++], crowd->now_ns);
}

static void add_clients(struct crowd *crowd, unsigned count, uint64_t pause_ns)
{
	while (count-- > 0)
		add(crowd, (struct client){.pause_ns = pause_ns});
}

static void add_stream(struct crowd *crowd, double load)
{
	double gap_ns = (double)crowd->service_ns / crowd->servers / load;

	add(crowd, (struct client){.gap_ns = (uint64_t)gap_ns});
}

/* What they asked for already goes on. */
static void let_leave(struct crowd *crowd, unsigned from, unsigned count)
{
	for (unsigned i = from; i < from + count; i++)
		crowd->clients[i].has_left = true;
}

static double random_part(struct crowd *crowd)
{
	crowd->seed = crowd->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(crowd->seed >> 11) / 9007199254740992.0;
}

static unsigned soonest_server(const struct crowd *crowd)
{
	unsigned best = 0;

	for (unsigned i = 1; i < crowd->servers; i++)
		if (crowd->free_ns[i] < crowd->free_ns[best])
			best = i;
	return best;
}

static void answer(struct crowd *crowd, struct client *client, uint64_t when_ns, uint64_t pause_ns)
{
	if (client->gap_ns == 0)
		will_ask(crowd, client, when_ns + pause_ns);
}

static void refuse(struct crowd *crowd, struct client *client)
{
	crowd->refused++;
	answer(crowd, client, crowd->now_ns, client->pause_ns);
}

static void serve(struct crowd *crowd, struct place place)
{
	uint64_t over_ns = crowd->now_ns + crowd->service_ns;

	crowd->free_ns[soonest_server(crowd)] = over_ns;
	congestion_learn(&crowd->expected_ns, crowd->service_ns);
	if (over_ns <= place.came_ns + TIME_S * NS_PER_S)
		crowd->good++;
	else
		crowd->late++;
	if (over_ns <= place.came_ns + 2 * crowd->service_ns + 6 * NS_PER_MS)
		crowd->soon++;
	answer(crowd, place.client, over_ns, at_once_ns);
}

static void serve_first(struct crowd *crowd)
{
	struct place place = crowd->places[crowd->first];

	crowd->first = (crowd->first + 1) % PLACES_MAX;
	crowd->waiting--;
	congestion_leave(&crowd->queue, place.expected_ns);
	if (congestion_is_hopeless(&crowd->queue, place.came_ns + TIME_S * NS_PER_S, crowd->expected_ns, crowd->now_ns))
		refuse(crowd, place.client);
	else
		serve(crowd, place);
}

static enum refusal judge(struct crowd *crowd)
{
	struct congestion_guest guest = {
	    .deadline_ns = crowd->now_ns + TIME_S * NS_PER_S,
	    .usual_ns = TIME_S * NS_PER_S,
	    .expected_ns = crowd->expected_ns,
	    .limit = LIMIT,
	    .servers = crowd->servers,
	};

	return congestion_judge(&crowd->queue, &guest, crowd->now_ns);
}

static void ask(struct crowd *crowd, struct client *client)
{
	struct place place = {.came_ns = crowd->now_ns, .expected_ns = crowd->expected_ns, .client = client};

	if (client->has_left)
		return;
	crowd->door_free_ns = crowd->now_ns + crowd->door_ns;
	if (client->gap_ns > 0)
		will_ask(crowd, client, client->asks_ns + (uint64_t)((double)client->gap_ns * 2 * random_part(crowd)));
	if (crowd->waiting == 0 && crowd->free_ns[soonest_server(crowd)] <= crowd->now_ns) {
		serve(crowd, place);
	} else if (judge(crowd) != REFUSAL_NONE) {
		refuse(crowd, client);
	} else {
		congestion_enter(&crowd->queue, place.expected_ns, crowd->now_ns);
		crowd->places[(crowd->first + crowd->waiting++) % PLACES_MAX] = place;
	}
}

static uint64_t later_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void run(struct crowd *crowd, double seconds)
{
	uint64_t until_ns = crowd->now_ns + (uint64_t)(seconds * 1e9);

	for (;;) {
		uint64_t asks_ns =
		    crowd->asking_count > 0 ? later_of(crowd->asking[0]->asks_ns, crowd->door_free_ns) : NEVER;
		uint64_t serves_ns = crowd->waiting > 0 ? crowd->free_ns[soonest_server(crowd)] : NEVER;
		uint64_t next_ns = serves_ns <= asks_ns ? serves_ns : asks_ns;

		if (next_ns > until_ns)
			break;
		crowd->now_ns = later_of(crowd->now_ns, next_ns);
		if (serves_ns <= asks_ns)
			serve_first(crowd);
		else
			ask(crowd, take_soonest(crowd));
	}
	crowd->now_ns = until_ns;
}

static void begin_counting(struct crowd *crowd)
{
	crowd->good = crowd->soon = crowd->late = crowd->refused = 0;
}
