/* key_refresh.h - the keys of tokens from a URL, which are fetched again now and then: by a thread of its own.
 *
 * They are fetched at the start, every KEY_REFRESH_S, at a reload, and when a token names a key that is not among
 * them. The last is done once in KEY_REFRESH_ASKED_S at most, however many such tokens come. While the URL gives none,
 * those from before count. Without any so far tokens are answered with 503.
 *
 * Life:    key_refresh_start() -> key_refresh_stop().
 * Owner:   the caller's memory; ring, URL and metrics are borrowed.
 * Thread:  any; the work is done in its own.
 * Limits:  KEY_REFRESH_TIMEOUT_MS a time; a set of KEY_SET_BYTES_MAX.
 * Errors:  in the log.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "fetch/transfer.h"
#include "identity/digest.h"
#include "identity/key_ring.h"
#include "server/state/metrics.h"

enum {
	KEY_REFRESH_S = 300,
	KEY_REFRESH_ASKED_S = 30,
	KEY_REFRESH_TIMEOUT_MS = 10000,
};

struct key_refresh {
	struct key_ring *ring;
	const char *url;
	struct metrics *metrics; /* learns how it went */

	/* private */
	char shown[200]; /* in the log: the URL without its query, which may hold a secret */
	struct transfer_settings transfer;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	atomic_bool is_over;
	uint8_t digest[DIGEST_BYTES]; /* of what was fetched last */
	bool is_asked, is_fetching, has_failed;
	uint64_t asked_ns; /* when it was asked for last; 0: not yet */
	bool was_fetched;  /* the first time is over */
};

/* Waits for the first time, and goes on whatever comes of it. */
void key_refresh_start(struct key_refresh *refresh);
/* A time that is under way is broken off. */
void key_refresh_stop(struct key_refresh *refresh);
