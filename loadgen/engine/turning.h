/* turning.h - a loop that turns: two producers and a consumer pass items through a bounded queue on one libuv loop.
 *
 * Each of the three does one action, puts or gets one item, and gives the loop its turn. One that cannot go on is
 * woken by the one that lets it. Between the actions the loop does all that it does in a service: it looks at its
 * timers and asks the kernel for I/O. To show that it does, an event is made every TURNING_WAKE_EVERY items, and seen as I/O.
 *
 * Life:    one call.
 * Thread:  blocks until all items are through.
 * Limits:  8 bytes an item for its latency; the queue's own bound.
 */
#pragma once

#include <stdint.h>

enum { TURNING_WAKE_EVERY = 1000 };

struct turning {
	double seconds;
	uint64_t turns;                    /* of the loop */
	uint64_t events_made, events_seen; /* I/O; of those, the kernel may deliver two as one */
	uint64_t longest_queue;            /* the most that ever was in it */
	double p50_us, p99_us, max_us;     /* from made to got */
};

/* `items` in all, half from each producer; a queue of at most `queue`. */
struct turning turning_run(uint64_t items, uint64_t queue);
