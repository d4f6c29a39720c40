#include "server/state/metrics_parts.h"

#include "base/memory.h"

#include <stdlib.h>
#include <time.h>

static void add_name(struct metrics *metrics, const char *name)
{
	unsigned count = metrics->name_count;

	if (count % CHUNK == 0)
		for (unsigned i = 0; i < metrics->loop_count; i++)
			metrics->loops[i].chunks[count / CHUNK] = memory_alloc_zeroed(CHUNK, sizeof(struct counters));
	metrics->names[count] = memory_copy_string(name);
	atomic_store_explicit(&metrics->name_count, count + 1, memory_order_release);
}

struct metrics *metrics_create(unsigned loop_count)
{
	struct metrics *metrics = memory_alloc_zeroed(1, sizeof(*metrics));

	metrics->loop_count = loop_count;
	metrics->loops = memory_alloc_zeroed(loop_count, sizeof(*metrics->loops));
	metrics->access = memory_alloc_zeroed(loop_count, sizeof(*metrics->access));
	add_name(metrics, "none");
	return metrics;
}

void metrics_destroy(struct metrics *metrics)
{
	for (unsigned i = 0; i < metrics->loop_count; i++)
		for (unsigned chunk = 0; chunk < CHUNKS_MAX; chunk++)
			free(metrics->loops[i].chunks[chunk]);
	for (unsigned i = 0; i < metrics->name_count; i++)
		free(metrics->names[i]);
	free(metrics->loops);
	free(metrics->access);
	free(metrics);
}

static unsigned find_name(struct metrics *metrics, const char *name)
{
	unsigned count = metrics->name_count;

	/* what is new is mostly behind all others */
	for (unsigned i = 0; i < count; i++)
		if (strcmp(metrics->names[i], name) == 0)
			return i;
	if (count == METRICS_NAMES_MAX)
		return NO_ROUTE;
	add_name(metrics, name);
	return count;
}

void metrics_register(struct metrics *metrics, struct router *router)
{
	for (unsigned i = 0; i < router->count; i++)
		router->routes[i]->counted_as = find_name(metrics, router->routes[i]->name);
}

void metrics_note_edition(struct metrics *metrics, unsigned endpoints)
{
	atomic_store(&metrics->endpoints, endpoints);
	atomic_store(&metrics->edition_s, (uint64_t)time(NULL));
	atomic_fetch_add(&metrics->editions, 1);
}

void metrics_note_refused_edition(struct metrics *metrics)
{
	atomic_fetch_add(&metrics->refused_editions, 1);
}

static void add(_Atomic uint64_t *counter, uint64_t amount)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
			      memory_order_relaxed);
}

static unsigned bucket_of(uint64_t ns)
{
	unsigned log2 = ns > 0 ? 63U - (unsigned)__builtin_clzll(ns) : 0;

	return log2 < FIRST_BUCKET_LOG2_NS ? 0 : log2 - FIRST_BUCKET_LOG2_NS + 1;
}

void metrics_note(struct metrics *metrics, unsigned loop, const struct exchange *x, uint64_t total_ns)
{
	const struct route *route = x->request.match.route;
	unsigned bucket = bucket_of(total_ns), class = x->response.status / 100;
	/* the admin listener's routes have none of their own */
	struct counters *counters = metrics_counters_of(metrics, loop, route != NULL ? route->counted_as : NO_ROUTE);

	add(&counters->by_class[class < CLASSES ? class : 0], 1);
	if (bucket < BUCKETS)
		add(&counters->buckets[bucket], 1);
	add(&counters->count, 1);
	add(&counters->total_ns, total_ns);
	add(&counters->queue_ns, x->queue_ns);
	add(&counters->db_ns, x->db_ns);
}

void metrics_note_turn(struct metrics *metrics, unsigned loop, uint64_t ns)
{
	struct loop_counters *counters = &metrics->loops[loop];
	unsigned bucket = bucket_of(ns);

	if (bucket < BUCKETS)
		add(&counters->turn_buckets[bucket], 1);
	add(&counters->turns, 1);
	add(&counters->turns_ns, ns);
}

void metrics_note_credential(struct metrics *metrics, unsigned loop, enum token_error error)
{
	add(&metrics->access[loop].verified[error], 1);
}

void metrics_note_known_credential(struct metrics *metrics, unsigned loop)
{
	add(&metrics->access[loop].known, 1);
}

void metrics_note_keys(struct metrics *metrics, bool is_good)
{
	add(is_good ? &metrics->keys.good : &metrics->keys.failed, 1);
	if (is_good)
		atomic_store(&metrics->keys.fetched_s, (uint64_t)time(NULL));
}

#define set(gauge, value) atomic_store_explicit(gauge, value, memory_order_relaxed)

void metrics_set_gauges(struct metrics *metrics, unsigned loop, const struct metrics_gauges *gauges)
{
	struct loop_counters *counters = &metrics->loops[loop];

	set(&counters->connections, gauges->connections);
	set(&counters->refused, gauges->refused);
	set(&counters->requests, gauges->requests);
	set(&counters->waiting, gauges->waiting);
	set(&counters->computations, gauges->computations);
	set(&counters->db_open, gauges->db_open);
	set(&counters->db_busy, gauges->db_busy);
	set(&counters->db_lost, gauges->db_lost);
	set(&counters->db_run_again, gauges->db_run_again);
	set(&counters->db_units, gauges->db_units);
	for (unsigned i = 0; gauges->turned_away != NULL && i < REFUSAL_COUNT; i++)
		set(&counters->turned_away[i], gauges->turned_away[i]);
}

void metrics_set_events(struct metrics *metrics, const struct metrics_events *events)
{
	set(&metrics->subscribers, events->subscribers);
	set(&metrics->channels, events->channels);
	set(&metrics->events_published, events->published);
	set(&metrics->subscribers_cut_off, events->cut_off);
	set(&metrics->listener_losses, events->losses);
}

void metrics_set_cache(struct metrics *metrics, const struct metrics_cache *cache)
{
	set(&metrics->cache.hits, cache->hits);
	set(&metrics->cache.stale, cache->stale);
	set(&metrics->cache.misses, cache->misses);
	set(&metrics->cache.collapsed, cache->collapsed);
	set(&metrics->cache.evicted, cache->evicted);
	set(&metrics->cache.forgotten, cache->forgotten);
	set(&metrics->cache.entries, cache->entries);
	set(&metrics->cache.bytes, cache->bytes);
	set(&metrics->cache.is_heard, cache->is_heard);
}
