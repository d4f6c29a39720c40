#include "identity/rate_table.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/require.h"
#include "identity/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
	WAYS = 8, /* keys that share a place */
	PLACES = RATE_TABLE_KEYS / WAYS,
	LOCKS = 16,
	SEED_BYTES = 16,
	KEY_BYTES_MAX = 4096, /* what is longer is told apart by its beginning */
};

struct entry {
	uint64_t tag;     /* of the key */
	uint64_t full_ns; /* when all of its quota is there again; before that time it is not known */
};

struct rate_table {
	uint8_t seed[SEED_BYTES];
	pthread_mutex_t locks[LOCKS];
	struct entry entries[PLACES][WAYS];
};

struct rate_table *rate_table_create(void)
{
	struct rate_table *table = memory_alloc_zeroed(1, sizeof(*table));

	REQUIRE(getrandom(table->seed, sizeof(table->seed), 0) == sizeof(table->seed));
	for (unsigned i = 0; i < LOCKS; i++)
		REQUIRE(pthread_mutex_init(&table->locks[i], NULL) == 0);
	return table;
}

void rate_table_destroy(struct rate_table *table)
{
	for (unsigned i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&table->locks[i]);
	free(table);
}

static void hash(const struct rate_table *table, struct text key, uint64_t *place, uint64_t *tag)
{
	char seeded[SEED_BYTES + KEY_BYTES_MAX];
	uint8_t digest[DIGEST_BYTES];
	size_t length = key.length < KEY_BYTES_MAX ? key.length : KEY_BYTES_MAX;

	memcpy(seeded, table->seed, SEED_BYTES);
	memcpy(seeded + SEED_BYTES, key.at, length);
	digest_sha256((struct text){seeded, SEED_BYTES + length}, digest);
	memcpy(place, digest, sizeof(*place));
	memcpy(tag, digest + sizeof(*place), sizeof(*tag));
	*place %= PLACES;
}

/* The key's own, or the one that goes for it. */
static struct entry *find(struct entry *ways, uint64_t tag)
{
	struct entry *least = &ways[0];

	for (unsigned i = 0; i < WAYS; i++) {
		if (ways[i].tag == tag)
			return &ways[i];
		if (ways[i].full_ns < least->full_ns)
			least = &ways[i];
	}
	*least = (struct entry){.tag = tag};
	return least;
}

static unsigned seconds(uint64_t ns)
{
	return (unsigned)((ns + NS_PER_S - 1) / NS_PER_S);
}

static struct rate_verdict take(struct entry *entry, const struct rate_quota *quota, uint64_t now_ns)
{
	uint64_t period_ns = quota->period_s * NS_PER_S, one_ns = period_ns / quota->count;
	uint64_t full_ns = entry->full_ns > now_ns ? entry->full_ns : now_ns;
	uint64_t used_ns = full_ns - now_ns;

	/* the quota was a longer one before a reload */
	if (used_ns > period_ns) {
		used_ns = period_ns;
		full_ns = now_ns + period_ns;
		entry->full_ns = full_ns;
	}
	if (used_ns + one_ns > period_ns)
		return (struct rate_verdict){
		    .reset_s = seconds(used_ns),
		    .retry_s = seconds(used_ns + one_ns - period_ns),
		};
	entry->full_ns = full_ns + one_ns;
	return (struct rate_verdict){
	    .is_allowed = true,
	    .left = (unsigned)((period_ns - used_ns - one_ns) / one_ns),
	    .reset_s = seconds(used_ns + one_ns),
	};
}

struct rate_verdict rate_table_take(struct rate_table *table, struct text key, const struct rate_quota *quota,
				    uint64_t now_ns)
{
	struct rate_verdict verdict;
	uint64_t place, tag;

	hash(table, key, &place, &tag);
	pthread_mutex_lock(&table->locks[place % LOCKS]);
	verdict = take(find(table->entries[place], tag), quota, now_ns);
	pthread_mutex_unlock(&table->locks[place % LOCKS]);
	return verdict;
}
