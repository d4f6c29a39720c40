/* items.h - items that are made and processed by way of a queue of the service.
 *
 * A synchronous program makes all of them first. Producers and a consumer work at the same time. To make an item and to
 * process one takes a time that is slept. An item is a job whose payload is its number.
 *
 * Life:    items_run() -> items_cleanup().
 * Owner:   the plan is borrowed.
 * Thread:  one; it blocks, and has a thread for each producer.
 * Limits:  ITEMS_PRODUCERS_MAX producers. A consumer that is given nothing for `timeout_ns`, though items are missing, goes
 *          on without them. An interrupt ends the making; what was made is taken out of the queue.
 * Errors:  -1 and `why`: the service refused something, or cannot be reached. The queue may have items then.
 */
#pragma once

#include <stdint.h>

#include "loadgen/engine/target.h"

enum { ITEMS_PRODUCERS_MAX = 8, ITEMS_SAID_BYTES = 400, ITEMS_POLL_MS = 20 };

struct items_plan {
	const struct target *target;
	const char *queue;        /* the path of the queue: "/queues/a" */
	const char *headers;      /* as of struct caller */
	unsigned producers, each; /* items of each */
	uint64_t make_ns, process_ns, timeout_ns;
	bool is_synchronous; /* one thread makes all items, and then processes them */
	const volatile bool *is_interrupted;
};

/* Times since the beginning; 0: it did not come to that. */
struct item {
	_Atomic uint64_t made_ns;
	uint64_t got_ns, done_ns;
};

struct items_run {
	struct item *items;
	unsigned count, done, again; /* again: given more than once */
	uint64_t total_ns;
	_Atomic uint64_t slept_ns, asked_ns; /* of all sleeps */
	bool can_wait;                       /* else the consumer asks every ITEMS_POLL_MS */
	char said[ITEMS_SAID_BYTES];         /* why not, by the service */
};

MUST_CHECK int items_run(const struct items_plan *plan, struct items_run *run, char *why, size_t why_size);
void items_cleanup(struct items_run *run);
