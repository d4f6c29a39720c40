/* metrics_parts.h - where it is counted, for server/state/metrics*.c only: metrics.c counts, metrics_write.c writes it as
 * Prometheus reads it.
 *
 * Thread:  the counters of a loop have one writer, that loop; any thread reads them.
 */
#pragma once

#include "server/state/access_metrics.h"
#include "server/state/metrics.h"

#include <stdatomic.h>

/* Buckets double from 64 us: 64 us, 128 us, ... 33.5 s; what is longer is in +Inf only. Of requests and of turns. */
enum {
	BUCKETS = 20,
	FIRST_BUCKET_LOG2_NS = 16, /* 65,536 ns */
	CLASSES = 6,               /* of the status, 0: unknown */
};

struct counters {
	_Atomic uint64_t by_class[CLASSES], buckets[BUCKETS], count, total_ns, queue_ns, db_ns;
};

enum {
	CHUNK = 64,   /* counters that are made together */
	NO_ROUTE = 0, /* the first of the counters: for requests that match none */
	CHUNKS_MAX = METRICS_NAMES_MAX / CHUNK,
};

struct loop_counters {
	struct counters *chunks[CHUNKS_MAX];
	_Atomic uint64_t turn_buckets[BUCKETS], turns, turns_ns;
	_Atomic unsigned connections, requests, waiting, computations, db_open, db_busy;
	_Atomic uint64_t refused, db_lost, db_run_again, db_units, turned_away[REFUSAL_COUNT];
};

struct metrics {
	unsigned loop_count;
	struct loop_counters *loops;
	struct access_counters *access; /* of each loop */
	struct key_counters keys;
	_Atomic unsigned name_count; /* what is below it is constant */
	char *names[METRICS_NAMES_MAX];
	_Atomic unsigned endpoints;
	_Atomic uint64_t editions, refused_editions, edition_s;
	_Atomic unsigned subscribers, channels;
	_Atomic uint64_t events_published, subscribers_cut_off, listener_losses;
	struct {
		_Atomic uint64_t hits, stale, misses, collapsed, evicted, forgotten, entries, bytes, is_heard;
	} cache;
};

static inline struct counters *metrics_counters_of(const struct metrics *metrics, unsigned loop, unsigned name)
{
	return &metrics->loops[loop].chunks[name / CHUNK][name % CHUNK];
}

static inline uint64_t metrics_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}
