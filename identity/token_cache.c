#include "identity/token_cache.h"

#include "base/list.h"
#include "base/memory.h"

#include <stdlib.h>

struct entry {
	struct list by_use; /* the most recent first */
	struct entry *next; /* in its bucket */
	size_t bytes;
	uint8_t digest[DIGEST_BYTES];
	struct identity identity;
	char texts[]; /* role, claims */
};

struct token_cache {
	struct entry **buckets;
	uint64_t mask; /* a power of two, less one */
	struct list by_use;
	unsigned count, entries_max;
	size_t bytes, bytes_max;
	uint64_t generation;
};

struct token_cache *token_cache_create(unsigned entries_max, size_t bytes_max)
{
	struct token_cache *cache = memory_alloc_zeroed(1, sizeof(*cache));
	uint64_t size = 16;

	while (size < entries_max)
		size *= 2;
	cache->mask = size - 1;
	cache->buckets = memory_alloc_zeroed(size, sizeof(*cache->buckets));
	cache->entries_max = entries_max;
	cache->bytes_max = bytes_max;
	list_init(&cache->by_use);
	return cache;
}

/* The place of the pointer to the entry, or of the NULL at the end of its bucket. Only tokens with a good signature are
 * here: no attacker chooses which share a bucket. */
static struct entry **find_place(struct token_cache *cache, const uint8_t *digest)
{
	uint64_t start;
	struct entry **place;

	memcpy(&start, digest, sizeof(start));
	place = &cache->buckets[start & cache->mask];
	while (*place != NULL && memcmp((*place)->digest, digest, DIGEST_BYTES) != 0)
		place = &(*place)->next;
	return place;
}

static void drop(struct token_cache *cache, struct entry **place)
{
	struct entry *entry = *place;

	*place = entry->next;
	list_remove(&entry->by_use);
	cache->count--;
	cache->bytes -= entry->bytes;
	free(entry);
}

static void drop_oldest(struct token_cache *cache)
{
	struct entry *oldest = CONTAINER_OF(cache->by_use.previous, struct entry, by_use);

	drop(cache, find_place(cache, oldest->digest));
}

static void drop_all(struct token_cache *cache)
{
	while (!list_is_empty(&cache->by_use))
		drop_oldest(cache);
}

void token_cache_destroy(struct token_cache *cache)
{
	drop_all(cache);
	free(cache->buckets);
	free(cache);
}

/* Sets of keys only get newer. A verification that began with an older one may end later. */
static bool follow(struct token_cache *cache, uint64_t generation)
{
	if (generation > cache->generation) {
		drop_all(cache);
		cache->generation = generation;
	}
	return generation == cache->generation;
}

const struct identity *token_cache_find(struct token_cache *cache, const uint8_t digest[static DIGEST_BYTES],
					uint64_t generation, int64_t now_s)
{
	struct entry **place, *entry;

	if (!follow(cache, generation))
		return NULL;
	place = find_place(cache, digest);
	entry = *place;
	if (entry == NULL)
		return NULL;
	if (now_s >= entry->identity.expires_s) {
		drop(cache, place);
		return NULL;
	}
	list_remove(&entry->by_use);
	list_prepend(&cache->by_use, &entry->by_use);
	return &entry->identity;
}

static char *put(struct text *text, char *out)
{
	if (text->at == NULL)
		return out;
	memcpy(out, text->at, text->length);
	out[text->length] = '\0';
	text->at = out;
	return out + text->length + 1;
}

static struct entry *make_entry(const uint8_t *digest, const struct identity *identity)
{
	size_t bytes = sizeof(struct entry) + identity->role.length + identity->claims.length + 2;
	struct entry *entry = memory_alloc(bytes);

	*entry = (struct entry){.bytes = bytes, .identity = *identity};
	memcpy(entry->digest, digest, DIGEST_BYTES);
	put(&entry->identity.claims, put(&entry->identity.role, entry->texts));
	list_init(&entry->by_use);
	return entry;
}

void token_cache_add(struct token_cache *cache, const uint8_t digest[static DIGEST_BYTES], uint64_t generation,
		     const struct identity *identity)
{
	struct entry *entry, **place;

	if (!follow(cache, generation))
		return;
	place = find_place(cache, digest);
	if (*place != NULL)
		drop(cache, place);
	entry = make_entry(digest, identity);
	while (cache->count > 0 &&
	       (cache->count >= cache->entries_max || cache->bytes + entry->bytes > cache->bytes_max))
		drop_oldest(cache);
	if (cache->entries_max == 0 || entry->bytes > cache->bytes_max) {
		free(entry);
		return;
	}
	place = find_place(cache, digest);
	*place = entry;
	list_prepend(&cache->by_use, &entry->by_use);
	cache->count++;
	cache->bytes += entry->bytes;
}

unsigned token_cache_count(const struct token_cache *cache)
{
	return cache->count;
}
