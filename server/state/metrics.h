/* metrics.h - what has happened, counted per loop and route, and written in Prometheus' text format.
 *
 * Life:    metrics_create() -> metrics_note()* -> metrics_destroy().
 * Thread:  each loop writes its own counters, relaxed; any thread may read them: a sum is right, if a moment old.
 * Limits:  METRICS_NAMES_MAX names of routes, over all reloads; later ones are counted with those that have no route.
 */
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/congestion.h"
#include "exchange/router.h"
#include "exchange/exchange.h"
#include "identity/token_error.h"

struct metrics; /* opaque */

enum { METRICS_NAMES_MAX = 8192 };

/* What a loop is doing right now; set by it now and then. */
struct metrics_gauges {
	unsigned connections, requests, waiting, computations, db_open, db_busy;
	uint64_t refused, db_lost, db_run_again, db_units;
	const uint64_t *turned_away; /* by reason: REFUSAL_COUNT of them, or NULL: none */
};

/* Of live events, in all. */
struct metrics_events {
	unsigned subscribers, channels;
	uint64_t published, cut_off, losses;
};

/* Of the cache of answers, in all. */
struct metrics_cache {
	uint64_t hits, stale, misses, collapsed, evicted, forgotten;
	uint64_t entries, bytes;
	bool is_heard;
};

struct metrics *metrics_create(unsigned loop_count);
/* Gives each route of it its counters: those that a route of the same name had before. One thread at a time; before a
 * request is matched with the router. */
void metrics_register(struct metrics *metrics, struct router *router);
void metrics_destroy(struct metrics *metrics);
/* One response is on its way. */
void metrics_note(struct metrics *metrics, unsigned loop, const struct exchange *x, uint64_t total_ns);
/* A turn of the loop is over. */
void metrics_note_turn(struct metrics *metrics, unsigned loop, uint64_t ns);
/* A credential was verified: good, or why it is not. */
void metrics_note_credential(struct metrics *metrics, unsigned loop, enum token_error error);
/* A credential needed no verification. */
void metrics_note_known_credential(struct metrics *metrics, unsigned loop);
/* Keys of tokens were fetched from a URL, or not. One thread at a time. */
void metrics_note_keys(struct metrics *metrics, bool is_good);
void metrics_set_gauges(struct metrics *metrics, unsigned loop, const struct metrics_gauges *gauges);
/* One thread. */
void metrics_set_events(struct metrics *metrics, const struct metrics_events *events);
void metrics_set_cache(struct metrics *metrics, const struct metrics_cache *cache);
/* The endpoints were read: well, and `endpoints` are served now; or they are not as they should be. */
void metrics_note_edition(struct metrics *metrics, unsigned endpoints);
void metrics_note_refused_edition(struct metrics *metrics);
void metrics_write(const struct metrics *metrics, struct buffer *out);
