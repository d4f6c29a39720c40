#include "server/http/address_counts.h"

#include "base/hash.h"
#include "base/memory.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

void address_counts_init(struct address_counts *counts)
{
	for (unsigned i = 0; i < ADDRESS_BUCKETS; i++)
		list_init(&counts->buckets[i]);
}

static void write_key(uint8_t key[static 16], const struct sockaddr *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	memset(key, 0, 16);
	if (address->sa_family == AF_INET) {
		memcpy(key, mapped, sizeof(mapped));
		memcpy(key + sizeof(mapped), &((const struct sockaddr_in *)address)->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		const uint8_t *bytes = ((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr;

		/* an IPv4 client of an IPv6 listener */
		memcpy(key, bytes, memcmp(bytes, mapped, sizeof(mapped)) == 0 ? 16 : 8);
	}
}

/* An attacker that fills one bucket owns that many addresses, which is worse than a long list. */
static unsigned bucket_of(const uint8_t key[static 16])
{
	uint32_t hash = hash_fnv1a((struct text){(const char *)key, 16});

	return (hash ^ hash >> 16) % ADDRESS_BUCKETS;
}

struct address_count *address_counts_enter(struct address_counts *counts, const struct sockaddr *address)
{
	struct address_count *entry;
	struct list *bucket;
	uint8_t key[16];

	write_key(key, address);
	bucket = &counts->buckets[bucket_of(key)];
	LIST_EACH (item, bucket) {
		entry = CONTAINER_OF(item, struct address_count, link);
		if (memcmp(entry->key, key, sizeof(key)) == 0) {
			entry->count++;
			return entry;
		}
	}
	entry = memory_alloc_zeroed(1, sizeof(*entry));
	memcpy(entry->key, key, sizeof(key));
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
