#include "server/http/address_counts.h"

#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>

void address_counts_init(struct address_counts *counts)
{
	for (unsigned i = 0; i < ADDRESS_BUCKETS; i++)
		list_init(&counts->buckets[i]);
}

/* An attacker that fills one bucket owns that many addresses, which is worse than a long list. */
static unsigned bucket_of(const struct network_address *key)
{
	uint32_t hash = hash_fnv1a((struct text){(const char *)key->bytes, sizeof(key->bytes)});

	return (hash ^ hash >> 16) % ADDRESS_BUCKETS;
}

struct address_count *address_counts_enter(struct address_counts *counts, const struct sockaddr *address)
{
	struct address_count *entry;
	struct list *bucket;
	struct network_address key = {{0}}; /* of what is neither IPv4 nor IPv6 */

	if (network_address_of_socket(address, &key))
		key = network_address_of_client(&key);
	bucket = &counts->buckets[bucket_of(&key)];
	LIST_EACH (item, bucket) {
		entry = CONTAINER_OF(item, struct address_count, link);
		if (memcmp(&entry->key, &key, sizeof(key)) == 0) {
			entry->count++;
			return entry;
		}
	}
	entry = memory_alloc_zeroed(1, sizeof(*entry));
	entry->key = key;
	entry->count = 1;
	list_append(bucket, &entry->link);
	return entry;
}

void address_counts_leave(struct address_count *entry)
{
	if (--entry->count > 0)
		return;
	list_remove(&entry->link);
	free(entry);
}
