/* access_metrics.h - what is counted of identities: a part of metrics.h.
 *
 * Life:    all zero -> counted -> written.
 * Thread:  the counters of a loop have one writer, and so have those of keys; any thread may read them.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/buffer.h"
#include "identity/token_error.h"

/* Of one loop. */
struct access_counters {
	_Atomic uint64_t verified[TOKEN_ERROR_COUNT]; /* credentials, by result */
	_Atomic uint64_t known;                       /* those that needed no verification */
};

/* Of the keys that are fetched from a URL. */
struct key_counters {
	_Atomic uint64_t good, failed;
	_Atomic uint64_t fetched_s; /* Unix time of the last good one */
};

/* Only what has happened: most services have no keys. */
void access_metrics_write(const struct access_counters *loops, unsigned loop_count, const struct key_counters *keys,
			  struct buffer *out);
