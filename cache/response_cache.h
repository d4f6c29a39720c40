/* response_cache.h - answers of endpoints that may be cached, for all loops: one query for requests that are alike.
 *
 * A request that finds nothing fresh enters. The first one leads: it runs the query. Those of its key that come
 * meanwhile wait for it, and each of them has its own deadline. When the leader fails, the one that came last leads
 * in its place: it has the most time left. None waits for a leader that began before its subject was last forgotten.
 *
 * A stale answer is given at once while a leader is under way. The first request that sees it leads.
 *
 * A listener says what is to be forgotten. While it hears nothing, no answer older than CACHE_UNHEARD_NS is fresh, since
 * something may have been missed. When it hears again, all answers are forgotten.
 *
 * Life:    response_cache_create() -> requests, and what the listener says -> response_cache_destroy(), when no thread
 *          uses it any more. Of a ticket: all zero, the caller's part filled in -> response_cache_look() or
 *          response_cache_enter() -> by its turn: CACHE_HIT, response_cache_finish() of CACHE_LEADS, or `ready` of
 *          CACHE_WAITS.
 * Owner:   a ticket and its key are the caller's memory. A ticket's answer is to be released.
 * Thread:  any; a ticket is used by one thread at a time. `ready` is called in the leader's thread, or in that of
 *          response_cache_enter(). It calls nothing of the cache.
 * Limits:  those of the store (store.h).
 */
#pragma once

#include "base/clock.h"
#include "base/deadlines.h"
#include "cache/store.h"

#define CACHE_UNHEARD_NS (10 * NS_PER_S) /* NOTIFY may have said more meanwhile */

struct cache_flight;
struct response_cache;
struct cache_ticket;
typedef void cache_ready_fn(struct cache_ticket *ticket);

enum cache_turn {
	CACHE_NOTHING, /* it has not entered, or did not wait to the end */
	CACHE_HIT,     /* there is an answer */
	CACHE_LEADS,
	CACHE_WAITS,
};

struct cache_ticket {
	/* the caller's */
	struct text key;
	unsigned subject;
	uint64_t fresh_ns, stale_ns; /* how long the answer is fresh, and how long it may be given after that */
	void *data;
	struct deadline deadline; /* not looked at by the cache */
	/* read-only */
	enum cache_turn turn;
	struct cache_answer *answer; /* of CACHE_HIT */
	struct cache_times times;    /* of an answer that was stored */
	bool is_collapsed;           /* the answer is that of the leader that was waited for */
	bool has_waited;
	bool was_stale; /* what was found first was not fresh any more */
	/* private */
	uint64_t hash;
	struct cache_flight *flight;
	cache_ready_fn *ready;
	struct list link; /* on the flight's list while it waits */
};

enum cache_outcome {
	CACHE_KEEP,       /* the answer is stored, and given to those that wait */
	CACHE_SHARE_ONLY, /* it is given to them, and not stored */
	CACHE_FAILED,     /* it is the leader's alone */
};

struct cache_numbers {
	uint64_t hits, stale, misses, collapsed, evicted, forgotten;
	unsigned entries;
	size_t bytes;
	bool is_heard;
};

struct response_cache *response_cache_create(size_t bytes_max);
void response_cache_destroy(struct response_cache *cache);
struct cache_numbers response_cache_numbers(struct response_cache *cache);

/* Requests */

/* Returns whether there is an answer to give at once: its turn is CACHE_HIT. */
bool response_cache_look(struct response_cache *cache, struct cache_ticket *ticket, uint64_t now_ns);
/* The same of an answer that need not be fresh, since another cannot be had. */
bool response_cache_look_back(struct response_cache *cache, struct cache_ticket *ticket, uint64_t now_ns);
/* Looks once more; else it leads or waits. Of CACHE_WAITS `ready` is called once: it is CACHE_HIT or CACHE_LEADS then. */
enum cache_turn response_cache_enter(struct response_cache *cache, struct cache_ticket *ticket, cache_ready_fn *ready,
				     uint64_t now_ns);
/* Does not wait any more. False: `ready` was called, or is being called. */
bool response_cache_withdraw(struct response_cache *cache, struct cache_ticket *ticket);
/* Of CACHE_LEADS: what came of it. `answer` is held by the caller; NULL: CACHE_FAILED. Returns whether it was stored. */
bool response_cache_finish(struct response_cache *cache, struct cache_ticket *ticket, enum cache_outcome outcome,
			   struct cache_answer *answer, uint64_t now_ns);

/* What is to be forgotten */

/* By the name of a subject; empty: everything. */
void response_cache_forget(struct response_cache *cache, struct text name);
void response_cache_forget_all(struct response_cache *cache);
/* From now on it is heard what is to be forgotten. */
void response_cache_note_heard(struct response_cache *cache);
void response_cache_note_unheard(struct response_cache *cache);
