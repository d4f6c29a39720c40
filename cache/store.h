/* store.h - answers by their keys, bounded in bytes: what was not used for longest goes first.
 *
 * A subject is what answers are forgotten by, such as the name of an endpoint. It is a number below CACHE_SUBJECTS, and
 * two names may share one: then more is forgotten than was to be. An answer counts while the generation of its subject
 * is the one that it was put with.
 *
 * Life:    cache_store_init() -> find, put, forget -> cache_store_cleanup().
 * Owner:   the store copies keys. An answer has holders, of which the store is one; the last one to let go frees it.
 * Thread:  one at a time; cache_answer_release(): any.
 * Limits:  bytes_max, with what malloc adds. An answer that takes more than an eighth of it is not kept.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/list.h"
#include "base/text.h"

enum {
	CACHE_SUBJECTS = 1024,
	CACHE_SHARE = 8, /* one answer takes one part of so many at most */
};

/* Never changed once it is made. */
struct cache_answer {
	atomic_uint holders;
	size_t length;
	_Alignas(16) char bytes[];
};

struct cache_times {
	uint64_t stored_ns, fresh_until_ns, stale_until_ns;
};

struct cache_entry {
	struct list link; /* the one that was used last comes first */
	struct cache_entry *next;
	uint64_t hash, generation;
	unsigned subject;
	struct cache_times times;
	struct cache_answer *answer;
	size_t key_length;
	char key[];
};

struct cache_store {
	size_t bytes_max, bytes;
	unsigned count;
	uint64_t evicted; /* for want of room */
	uint64_t seed[2];
	struct list recent;
	struct cache_entry **buckets;
	size_t bucket_count; /* a power of two */
	uint64_t generations[CACHE_SUBJECTS];
};

/* Its holder is the caller; the caller fills in the bytes. */
struct cache_answer *cache_answer_create(size_t length);
void cache_answer_hold(struct cache_answer *answer);
void cache_answer_release(struct cache_answer *answer);

void cache_store_init(struct cache_store *store, size_t bytes_max);
void cache_store_cleanup(struct cache_store *store);
unsigned cache_subject_of(struct text name);
uint64_t cache_store_hash(const struct cache_store *store, struct text key);

/* Returns what may be used at this time, be it stale, valid until the next call; NULL: nothing. */
const struct cache_entry *cache_store_find(struct cache_store *store, struct text key, uint64_t hash, uint64_t now_ns);
/* Keeps it in place of what has this key. False: it is too large, or its subject was forgotten since `generation`. */
bool cache_store_put(struct cache_store *store, struct text key, uint64_t hash, unsigned subject, uint64_t generation,
		     const struct cache_times *times, struct cache_answer *answer);
static inline uint64_t cache_store_generation(const struct cache_store *store, unsigned subject)
{
	return store->generations[subject];
}
/* What was put of this subject so far counts no more. Its memory is taken by what comes. */
void cache_store_forget(struct cache_store *store, unsigned subject);
/* Nothing counts any more; the entries are moved to `taken`, for cache_store_free() without a lock. */
void cache_store_forget_all(struct cache_store *store, struct list *taken);
void cache_store_free(struct list *taken);
