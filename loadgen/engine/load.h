/* load.h - one load on one target: closed loop, open loop or bursts, every request recorded.
 *
 * Closed: `connections` clients, each asks again when it is answered; with `pipeline` > 1 each keeps so many under
 * way. Open: requests are due on a schedule that nothing holds up. A free connection takes them, or a new one is
 * opened, up to max_in_flight. What is due beyond that is recorded as NOT_SENT. Burst: every request of the set at one
 * instant, each on a connection that is there already, `repeats` times with `gap_ns` between.
 *
 * Life:    load_run() returns when the load is over: window, then drain. Connections are opened before the window.
 * Owner:   the measurement is the caller's; measurement_cleanup().
 * Thread:  the caller's; it runs a loop of its own (epoll itself, load.c says why). No lock, no sharing, one core;
 *          one load at a time.
 * Limits:  connections and max_in_flight up to LOAD_CONNECTIONS_MAX; every wait has a deadline (timeout_ns,
 *          drain_ns).
 * Errors:  -1 and `why` only when there is nothing to measure (no file left for a socket). A server that is not there,
 *          or dies, is a measurement with outcomes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/engine/record.h"
#include "loadgen/engine/request_set.h"

enum load_model { LOAD_CLOSED, LOAD_OPEN, LOAD_BURST };
enum load_arrivals { ARRIVALS_CONSTANT, ARRIVALS_POISSON };
enum { LOAD_CONNECTIONS_MAX = 60000, LOAD_PIPELINE_MAX = 1024 };

/* How far a load is, about ten times a second; for the live line. */
struct load_progress {
	double elapsed_s, total_s; /* warm-up included */
	bool is_warmup, is_draining;
	double rate; /* answers a second, over the last second */
	uint64_t in_flight, done, failed;
	double p99_ms; /* of the last second; negative when there was nothing */
};

struct load_plan {
	enum load_model model;
	struct request_set *requests;
	unsigned connections, pipeline; /* closed */
	double rate;                    /* open: requests a second */
	enum load_arrivals arrivals;
	unsigned max_in_flight; /* open */
	unsigned repeats;       /* burst */
	uint64_t gap_ns;
	uint64_t warmup_ns, duration_ns;
	unsigned redirects_max; /* followed for one request, on the same host; 0: none, a redirect is the answer */
	uint64_t
	    requests_max;    /* closed and open: end with the answer to the last of so many; 0: no bound but the time */
	uint64_t timeout_ns; /* of one request, from its intended start */
	uint64_t connect_timeout_ns, drain_ns;
	uint64_t seed;
	volatile bool *is_interrupted; /* Ctrl-C: the load ends with what there is; may be NULL */
	void (*on_progress)(void *data, const struct load_progress *progress); /* may be NULL */
	void *data;
};

/* How late sends were: log-linear, buckets of 1/16 of a power of two of nanoseconds. */
enum { LATENESS_BUCKETS = 16 * 40 };

/* The upper edge of a bucket. */
uint64_t lateness_edge_ns(unsigned bucket);
unsigned lateness_bucket(uint64_t ns);

/* What the generator knows about itself. Times are of the measured window. */
struct load_self_check {
	uint64_t lateness[LATENESS_BUCKETS]; /* of sends: sent - due; closed loop: turns of the loop, read to send */
	uint64_t lateness_count;
	double cpu_share;                            /* of one core, of this thread */
	unsigned connections_wanted, connections_up; /* at the beginning of the window */
	uint64_t connects, connect_failures;
	uint64_t reconnects; /* connections that had been up and were opened again; not those of --no-keep-alive */
	double connect_p50_ms, connect_max_ms;
	double
	    in_flight_mean; /* over the window, by counting; a request is under way from when it was due until done */
};

struct measurement {
	struct record_log records;
	struct load_self_check self_check;
	uint64_t started_ns; /* monotonic; every time in the records counts from here */
	uint64_t window_from_ns, window_to_ns;
	double others_share; /* of all processors, by other programs, around the load; NAN unknown (others.h) */
	bool is_interrupted, is_log_full;
	int connect_error; /* errno of the first connect that failed; 0 none did */
	uint64_t malformed_count;
	const char *malformed_what; /* of the first malformed response */
};

int load_run(const struct load_plan *plan, struct measurement *measurement, char *why, size_t why_size);
void measurement_cleanup(struct measurement *measurement);
/* Was the record due within the window? */
bool measurement_holds(const struct measurement *measurement, const struct record *record);
