/* transfer.h - one GET by libcurl under our rules. Only http and https, no proxy, no address that egress denies.
 * Bounded in time and in the bytes that are read, compressed once at most.
 *
 * Life:    transfer_open() -> transfer_is_late() now and then -> transfer_close(), when it is over or at any time
 *          outside of curl's callbacks.
 * Owner:   the caller's memory, which does not move; `settings` and `multi` live as long. `url` is copied.
 * Thread:  the loop's.
 * Limits:  settings: connect, silence and total time; bytes of the body, decompressed.
 * Errors:  transfer_explain(): a sentence.
 */
#pragma once

#include "fetch/values/egress.h"
#include "fetch/multi.h"

#include "base/text.h"

enum { TRANSFER_WHY_BYTES = 400 };

struct transfer;

/* The next bytes of the body. False: that is enough; see `is_enough`. */
typedef bool transfer_bytes_fn(struct transfer *transfer, struct text bytes);

struct transfer_settings {
	const char *user_agent;
	struct egress egress;
	unsigned connect_timeout_ms; /* names, connection and TLS */
	unsigned silence_timeout_ms; /* without a byte from the host, before the first and after it */
};

struct transfer {
	/* set by the caller before transfer_open() */
	const struct transfer_settings *settings;
	struct multi *multi;
	transfer_bytes_fn *on_bytes;
	size_t bytes_max;       /* of the body */
	bool follows_redirects; /* curl does, not the caller */

	/* read-only */
	CURL *easy;
	uint64_t bytes;     /* of the body so far */
	bool is_enough;     /* on_bytes said so, or all bytes_max were read: what curl then calls an error is none */
	bool was_truncated; /* there was more than bytes_max */
	bool is_to_be_left_alone_for_ever; /* Retry-After with a number that curl cannot hold */

	/* private */
	uint64_t started_ns, last_byte_ns, deadline_ns;
	unsigned codings; /* of the answer that is arriving */
	bool was_denied, was_late, was_coded_twice;
	char why[TRANSFER_WHY_BYTES];
};

/* Where its time went, in microseconds; connect with TLS. */
struct transfer_times {
	uint64_t dns_us, connect_us, wait_us, transfer_us;
};

void transfer_open(struct transfer *transfer, const char *url, uint64_t deadline_ns);
/* Whether it has been silent for too long, or its time is over: to be closed then. */
bool transfer_is_late(struct transfer *transfer, uint64_t now_ns);
/* 0 while there is no answer. */
unsigned transfer_status(const struct transfer *transfer);
struct transfer_times transfer_times(const struct transfer *transfer);
/* Whether its host's name is unknown, or is of an address that is not to be connected to: no difference may be seen. */
bool transfer_is_refused(const struct transfer *transfer, CURLcode result);
/* Returns why it ended with `result`, or was late: a sentence, valid until transfer_close(). */
const char *transfer_explain(struct transfer *transfer, CURLcode result);
void transfer_close(struct transfer *transfer);
