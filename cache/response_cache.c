#include "cache/response_cache.h"

#include "base/memory.h"
#include "base/require.h"

#include <pthread.h>
#include <stdlib.h>

enum { FLIGHT_LISTS = 1024 };

/* A query that is under way, and what waits for it. */
struct cache_flight {
	struct list link;
	uint64_t hash, generation;
	unsigned subject;
	struct list waiting; /* tickets */
	size_t key_length;
	char key[];
};

struct response_cache {
	pthread_mutex_t lock; /* guards all that follows, and the private part of tickets that have entered */
	struct cache_store store;
	struct list flights[FLIGHT_LISTS];
	bool is_heard;
	uint64_t hits, stale, misses, collapsed, forgotten;
};

struct response_cache *response_cache_create(size_t bytes_max)
{
	struct response_cache *cache = memory_alloc_zeroed(1, sizeof(*cache));

	pthread_mutex_init(&cache->lock, NULL);
	cache_store_init(&cache->store, bytes_max);
	for (unsigned i = 0; i < FLIGHT_LISTS; i++)
		list_init(&cache->flights[i]);
	return cache;
}

void response_cache_destroy(struct response_cache *cache)
{
	/* of requests that were cut off at the end */
	for (unsigned i = 0; i < FLIGHT_LISTS; i++)
		LIST_EACH (link, &cache->flights[i])
			free(CONTAINER_OF(link, struct cache_flight, link));
	cache_store_cleanup(&cache->store);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

struct cache_numbers response_cache_numbers(struct response_cache *cache)
{
	struct cache_numbers numbers;

	pthread_mutex_lock(&cache->lock);
	numbers = (struct cache_numbers){
	    .hits = cache->hits,
	    .stale = cache->stale,
	    .misses = cache->misses,
	    .collapsed = cache->collapsed,
	    .evicted = cache->store.evicted,
	    .forgotten = cache->forgotten,
	    .entries = cache->store.count,
	    .bytes = cache->store.bytes,
	    .is_heard = cache->is_heard,
	};
	pthread_mutex_unlock(&cache->lock);
	return numbers;
}

/* Finding. The lock is held. */

/* While nothing is heard, an answer ends earlier by what it is fresh beyond the bound. */
static struct cache_times times_of(const struct response_cache *cache, const struct cache_entry *entry)
{
	struct cache_times times = entry->times;
	uint64_t unheard_until_ns = times.stored_ns + CACHE_UNHEARD_NS;

	if (LIKELY(cache->is_heard) || times.fresh_until_ns <= unheard_until_ns)
		return times;
	times.stale_until_ns -= times.fresh_until_ns - unheard_until_ns;
	times.fresh_until_ns = unheard_until_ns;
	return times;
}

static struct cache_flight *find_flight(struct response_cache *cache, const struct cache_ticket *ticket)
{
	LIST_EACH (link, &cache->flights[ticket->hash % FLIGHT_LISTS]) {
		struct cache_flight *flight = CONTAINER_OF(link, struct cache_flight, link);

		if (flight->hash == ticket->hash &&
		    flight->generation == cache_store_generation(&cache->store, ticket->subject) &&
		    text_equal((struct text){flight->key, flight->key_length}, ticket->key))
			return flight;
	}
	return NULL;
}

static void give(struct cache_ticket *ticket, struct cache_answer *answer)
{
	cache_answer_hold(answer);
	ticket->answer = answer;
	ticket->turn = CACHE_HIT;
}

/* Gives what is stored: a stale answer where it is welcome, or a leader is under way. */
static bool give_stored(struct response_cache *cache, struct cache_ticket *ticket, uint64_t now_ns, bool takes_stale)
{
	const struct cache_entry *entry = cache_store_find(&cache->store, ticket->key, ticket->hash, now_ns);
	struct cache_times times;
	bool was_fresh;

	if (entry == NULL)
		return false;
	times = times_of(cache, entry);
	if (now_ns >= times.stale_until_ns)
		return false;
	was_fresh = now_ns < times.fresh_until_ns;
	ticket->was_stale |= !was_fresh;
	if (!was_fresh && !takes_stale && find_flight(cache, ticket) == NULL)
		return false;
	give(ticket, entry->answer);
	ticket->times = times;
	cache->hits += was_fresh;
	cache->stale += !was_fresh;
	return true;
}

static bool look(struct response_cache *cache, struct cache_ticket *ticket, uint64_t now_ns, bool takes_stale)
{
	bool is_there;

	if (ticket->hash == 0)
		ticket->hash = cache_store_hash(&cache->store, ticket->key);
	pthread_mutex_lock(&cache->lock);
	is_there = give_stored(cache, ticket, now_ns, takes_stale);
	pthread_mutex_unlock(&cache->lock);
	return is_there;
}

bool response_cache_look(struct response_cache *cache, struct cache_ticket *ticket, uint64_t now_ns)
{
	return look(cache, ticket, now_ns, false);
}

bool response_cache_look_back(struct response_cache *cache, struct cache_ticket *ticket, uint64_t now_ns)
{
	return look(cache, ticket, now_ns, true);
}

/* Flights */

static void begin_flight(struct response_cache *cache, struct cache_ticket *ticket)
{
	struct cache_flight *flight = memory_alloc(sizeof(*flight) + ticket->key.length);

	*flight = (struct cache_flight){
	    .hash = ticket->hash,
	    .subject = ticket->subject,
	    .generation = cache_store_generation(&cache->store, ticket->subject),
	    .key_length = ticket->key.length,
	};
	memcpy(flight->key, ticket->key.at, ticket->key.length);
	list_init(&flight->waiting);
	list_append(&cache->flights[flight->hash % FLIGHT_LISTS], &flight->link);
	ticket->flight = flight;
	ticket->turn = CACHE_LEADS;
	cache->misses++;
}

enum cache_turn response_cache_enter(struct response_cache *cache, struct cache_ticket *ticket, cache_ready_fn *ready,
				     uint64_t now_ns)
{
	enum cache_turn turn;

	if (ticket->hash == 0)
		ticket->hash = cache_store_hash(&cache->store, ticket->key);
	ticket->ready = ready;
	pthread_mutex_lock(&cache->lock);
	if (!give_stored(cache, ticket, now_ns, false)) {
		ticket->flight = find_flight(cache, ticket);
		if (ticket->flight == NULL) {
			begin_flight(cache, ticket);
		} else {
			ticket->turn = CACHE_WAITS;
			ticket->has_waited = true;
			list_append(&ticket->flight->waiting, &ticket->link);
		}
	}
	/* a ticket that waits is the leader's from here on */
	turn = ticket->turn;
	pthread_mutex_unlock(&cache->lock);
	return turn;
}

bool response_cache_withdraw(struct response_cache *cache, struct cache_ticket *ticket)
{
	bool was_waiting;

	pthread_mutex_lock(&cache->lock);
	was_waiting = ticket->turn == CACHE_WAITS;
	if (was_waiting) {
		list_remove(&ticket->link);
		ticket->turn = CACHE_NOTHING;
	}
	pthread_mutex_unlock(&cache->lock);
	return was_waiting;
}

static void wake(struct cache_ticket *ticket)
{
	list_remove(&ticket->link);
	ticket->ready(ticket);
}

static void give_to_all(struct response_cache *cache, struct cache_flight *flight, struct cache_answer *answer)
{
	LIST_EACH (link, &flight->waiting) {
		struct cache_ticket *ticket = CONTAINER_OF(link, struct cache_ticket, link);

		give(ticket, answer);
		ticket->is_collapsed = true;
		cache->collapsed++;
		wake(ticket);
	}
}

/* The newest has the most time left: where the leader's deadline has passed, the oldest would soon follow it. Its query
 * begins now, so that what was forgotten before does not concern it. */
static void let_next_lead(struct response_cache *cache, struct cache_flight *flight)
{
	struct cache_ticket *next = CONTAINER_OF(flight->waiting.previous, struct cache_ticket, link);

	flight->generation = cache_store_generation(&cache->store, flight->subject);
	next->turn = CACHE_LEADS;
	cache->misses++;
	wake(next);
}

static bool store(struct response_cache *cache, const struct cache_ticket *ticket, struct cache_answer *answer,
		  uint64_t now_ns)
{
	struct cache_times times = {
	    .stored_ns = now_ns,
	    .fresh_until_ns = now_ns + ticket->fresh_ns,
	    .stale_until_ns = now_ns + ticket->fresh_ns + ticket->stale_ns,
	};

	return cache_store_put(&cache->store, ticket->key, ticket->hash, ticket->subject, ticket->flight->generation,
			       &times, answer);
}

bool response_cache_finish(struct response_cache *cache, struct cache_ticket *ticket, enum cache_outcome outcome,
			   struct cache_answer *answer, uint64_t now_ns)
{
	struct cache_flight *flight = ticket->flight;
	bool was_stored = false;

	REQUIRE(ticket->turn == CACHE_LEADS && (answer != NULL || outcome == CACHE_FAILED));
	ticket->turn = CACHE_NOTHING;
	pthread_mutex_lock(&cache->lock);
	if (outcome == CACHE_KEEP)
		was_stored = store(cache, ticket, answer, now_ns);
	if (outcome == CACHE_FAILED && !list_is_empty(&flight->waiting)) {
		let_next_lead(cache, flight);
		flight = NULL;
	} else {
		give_to_all(cache, flight, answer);
		list_remove(&flight->link);
	}
	pthread_mutex_unlock(&cache->lock);
	free(flight);
	return was_stored;
}

/* What is to be forgotten */

void response_cache_forget_all(struct response_cache *cache)
{
	struct list taken;

	pthread_mutex_lock(&cache->lock);
	cache_store_forget_all(&cache->store, &taken);
	pthread_mutex_unlock(&cache->lock);
	cache_store_free(&taken);
}

void response_cache_forget(struct response_cache *cache, struct text name)
{
	pthread_mutex_lock(&cache->lock);
	cache->forgotten++;
	cache_store_forget(&cache->store, cache_subject_of(name));
	pthread_mutex_unlock(&cache->lock);
	if (name.length == 0)
		response_cache_forget_all(cache);
}

static void set_heard(struct response_cache *cache, bool is_heard)
{
	pthread_mutex_lock(&cache->lock);
	cache->is_heard = is_heard;
	pthread_mutex_unlock(&cache->lock);
}

/* Heard first: what is stored from then on counts, and all that was stored before does not. */
void response_cache_note_heard(struct response_cache *cache)
{
	set_heard(cache, true);
	response_cache_forget_all(cache);
}

void response_cache_note_unheard(struct response_cache *cache)
{
	set_heard(cache, false);
}
