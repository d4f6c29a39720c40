#include "cache/store.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/require.h"
#include "base/siphash.h"

#include <stdlib.h>
#include <sys/random.h>

enum {
	MALLOC_BYTES = 16,  /* that it adds to each piece */
	USUAL_BYTES = 1024, /* of an entry: there is a bucket for each that fits */
	BUCKETS_MIN = 64,
	BUCKETS_MAX = 1 << 22,
};

struct cache_answer *cache_answer_create(size_t length)
{
	struct cache_answer *answer = memory_alloc(sizeof(*answer) + length);

	atomic_init(&answer->holders, 1);
	answer->length = length;
	return answer;
}

void cache_answer_hold(struct cache_answer *answer)
{
	atomic_fetch_add_explicit(&answer->holders, 1, memory_order_relaxed);
}

void cache_answer_release(struct cache_answer *answer)
{
	if (atomic_fetch_sub_explicit(&answer->holders, 1, memory_order_acq_rel) == 1)
		free(answer);
}

static size_t bytes_of(size_t key_length, const struct cache_answer *answer)
{
	return sizeof(struct cache_entry) + key_length + sizeof(*answer) + answer->length + 2 * MALLOC_BYTES;
}

void cache_store_init(struct cache_store *store, size_t bytes_max)
{
	size_t buckets = BUCKETS_MIN;

	while (buckets < BUCKETS_MAX && buckets < bytes_max / USUAL_BYTES)
		buckets *= 2;
	*store = (struct cache_store){.bytes_max = bytes_max, .bucket_count = buckets};
	store->buckets = memory_alloc_zeroed(buckets, sizeof(struct cache_entry *));
	list_init(&store->recent);
	REQUIRE(getrandom(store->seed, sizeof(store->seed), 0) == sizeof(store->seed));
}

static void free_entry(struct cache_entry *entry)
{
	cache_answer_release(entry->answer);
	free(entry);
}

void cache_store_free(struct list *taken)
{
	LIST_EACH (link, taken)
		free_entry(CONTAINER_OF(link, struct cache_entry, link));
}

void cache_store_cleanup(struct cache_store *store)
{
	cache_store_free(&store->recent);
	free(store->buckets);
}

unsigned cache_subject_of(struct text name)
{
	return hash_fnv1a(name) % CACHE_SUBJECTS;
}

uint64_t cache_store_hash(const struct cache_store *store, struct text key)
{
	return siphash(store->seed, key);
}

/* The place that points at the entry of this key, or at the end of its bucket. */
static struct cache_entry **place_of(const struct cache_store *store, struct text key, uint64_t hash)
{
	struct cache_entry **place = &store->buckets[hash & (store->bucket_count - 1)];

	while (*place != NULL &&
	       ((*place)->hash != hash || !text_equal((struct text){(*place)->key, (*place)->key_length}, key)))
		place = &(*place)->next;
	return place;
}

static void drop(struct cache_store *store, struct cache_entry **place)
{
	struct cache_entry *entry = *place;

	*place = entry->next;
	list_remove(&entry->link);
	store->bytes -= bytes_of(entry->key_length, entry->answer);
	store->count--;
	free_entry(entry);
}

static bool counts(const struct cache_store *store, const struct cache_entry *entry, uint64_t now_ns)
{
	return entry->generation == store->generations[entry->subject] && now_ns < entry->times.stale_until_ns;
}

const struct cache_entry *cache_store_find(struct cache_store *store, struct text key, uint64_t hash, uint64_t now_ns)
{
	struct cache_entry **place = place_of(store, key, hash), *entry = *place;

	if (entry == NULL)
		return NULL;
	if (!counts(store, entry, now_ns)) {
		drop(store, place);
		return NULL;
	}
	if (store->recent.next != &entry->link) {
		list_remove(&entry->link);
		list_prepend(&store->recent, &entry->link);
	}
	return entry;
}

static void make_room(struct cache_store *store, size_t bytes)
{
	while (store->bytes + bytes > store->bytes_max) {
		struct cache_entry *oldest = CONTAINER_OF(store->recent.previous, struct cache_entry, link);
		struct cache_entry **place = &store->buckets[oldest->hash & (store->bucket_count - 1)];

		while (*place != oldest)
			place = &(*place)->next;
		store->evicted += oldest->generation == store->generations[oldest->subject];
		drop(store, place);
	}
}

bool cache_store_put(struct cache_store *store, struct text key, uint64_t hash, unsigned subject, uint64_t generation,
		     const struct cache_times *times, struct cache_answer *answer)
{
	struct cache_entry **place = place_of(store, key, hash), *entry;
	size_t bytes = bytes_of(key.length, answer);

	if (generation != store->generations[subject] || bytes > store->bytes_max / CACHE_SHARE)
		return false;
	if (*place != NULL)
		drop(store, place);
	make_room(store, bytes);
	entry = memory_alloc(sizeof(*entry) + key.length);
	*entry = (struct cache_entry){
	    .hash = hash,
	    .generation = generation,
	    .subject = subject,
	    .times = *times,
	    .answer = answer,
	    .key_length = key.length,
	};
	memcpy(entry->key, key.at, key.length);
	cache_answer_hold(answer);
	place = &store->buckets[hash & (store->bucket_count - 1)];
	entry->next = *place;
	*place = entry;
	list_prepend(&store->recent, &entry->link);
	store->bytes += bytes;
	store->count++;
	return true;
}

void cache_store_forget(struct cache_store *store, unsigned subject)
{
	store->generations[subject]++;
}

void cache_store_forget_all(struct cache_store *store, struct list *taken)
{
	for (unsigned i = 0; i < CACHE_SUBJECTS; i++)
		store->generations[i]++;
	list_take_all(taken, &store->recent);
	memset(store->buckets, 0, store->bucket_count * sizeof(struct cache_entry *));
	store->bytes = 0;
	store->count = 0;
}
