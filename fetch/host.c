#include "fetch/host.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"

#include <stdlib.h>

void host_table_init(struct host_table *table)
{
	for (unsigned i = 0; i < HOST_BUCKETS; i++)
		list_init(&table->buckets[i]);
	list_init(&table->age);
	table->count = 0;
}

static void destroy(struct host_table *table, struct host *host)
{
	list_remove(&host->link);
	list_remove(&host->age);
	table->count--;
	arena_cleanup(&host->arena);
	free(host);
}

void host_table_cleanup(struct host_table *table)
{
	LIST_EACH (item, &table->age)
		destroy(table, CONTAINER_OF(item, struct host, age));
}

static unsigned hash_of(const char *origin)
{
	return hash_fnv1a(text_of(origin)) % HOST_BUCKETS;
}

static void forget_the_oldest(struct host_table *table)
{
	enum { LOOKED_AT_MAX = 16 };
	unsigned looked_at = 0;

	LIST_EACH (item, &table->age) {
		struct host *host = CONTAINER_OF(item, struct host, age);

		/* where all are in use, looking at all of them each time does not help */
		if (table->count < HOSTS_KEPT || looked_at++ == LOOKED_AT_MAX)
			return;
		if (host->queues == 0 && host->active == 0)
			destroy(table, host);
	}
}

static struct host *create(struct host_table *table, const char *origin)
{
	size_t bytes = strlen(origin) + 1;
	struct host *host = memory_alloc_zeroed(1, sizeof(*host) + bytes);

	host->origin = memcpy((char *)(host + 1), origin, bytes);
	list_append(&table->buckets[hash_of(origin)], &host->link);
	list_init(&host->age);
	table->count++;
	return host;
}

struct host *host_find(struct host_table *table, const char *origin)
{
	struct list *bucket = &table->buckets[hash_of(origin)];
	struct host *found = NULL;

	LIST_EACH (item, bucket)
		if (strcmp(CONTAINER_OF(item, struct host, link)->origin, origin) == 0)
			found = CONTAINER_OF(item, struct host, link);
	if (found == NULL) {
		forget_the_oldest(table);
		found = create(table, origin);
	}
	list_remove(&found->age);
	list_append(&table->age, &found->age);
	return found;
}

bool host_may_start(const struct host *host, uint64_t now_ns)
{
	return now_ns >= host->next_start_ns;
}

void host_take_start(struct host *host, uint64_t now_ns, uint64_t interval_ns)
{
	uint64_t earliest_ns = now_ns - BUCKET_SLACK_MS * NS_PER_MS;

	if (interval_ns > 0)
		host->next_start_ns =
		    (host->next_start_ns > earliest_ns ? host->next_start_ns : earliest_ns) + interval_ns;
}

void host_leave_alone(struct host *host, uint64_t now_ns, uint64_t seconds)
{
	const uint64_t most_s = 24 * 3600;
	uint64_t until_ns = now_ns + (seconds < most_s ? seconds : most_s) * NS_PER_S;

	if (until_ns > host->left_alone_until_ns)
		host->left_alone_until_ns = until_ns;
}
