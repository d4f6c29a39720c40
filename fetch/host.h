/* host.h - what is known of the hosts that pages are fetched from, and kept for the next fetch. It is robots.txt, the
 * bucket, and how long the host wants to be left alone. One for all tasks, so that two callers together are as polite
 * as one.
 *
 * Life:    host_table_init() -> host_find()* -> host_table_cleanup().
 * Thread:  the fetcher's.
 * Limits:  beyond HOSTS_KEPT, a new host takes the place of old ones that are not in use. Where the oldest are all in use,
 *          there are more. robots.txt is asked for again after ROBOTS_KEPT_S, or ROBOTS_FAILURE_KEPT_S.
 */
#pragma once

#include "fetch/values/robots.h"

#include "base/list.h"

#include <stdint.h>

enum {
	HOSTS_KEPT = 1000,
	HOST_BUCKETS = 1024,
	ROBOTS_KEPT_S = 3600, /* RFC 9309 allows a day */
	ROBOTS_FAILURE_KEPT_S = 30,
	RETRY_AFTER_MAX_S = 30, /* a host that asks for more is not waited for */
	BUCKET_SLACK_MS = 10,   /* what a start may come late without the rate suffering */
};

enum robots_state { ROBOTS_UNKNOWN, ROBOTS_ASKED, ROBOTS_KNOWN, ROBOTS_UNREADABLE };

struct host {
	struct list link;        /* of those with its hash */
	struct list age;         /* by last use, the oldest first */
	unsigned queues, active; /* tasks that have pages here; transfers under way */
	uint64_t next_start_ns, left_alone_until_ns;
	enum robots_state robots_state;
	const struct robots *robots; /* NULL: everything is allowed */
	uint64_t robots_until_ns;
	char why[320];      /* ROBOTS_UNREADABLE */
	struct arena arena; /* of the rules */
	const char *origin;
};

struct host_table {
	struct list buckets[HOST_BUCKETS];
	struct list age;
	unsigned count;
};

void host_table_init(struct host_table *table);
void host_table_cleanup(struct host_table *table);
/* Returns the host of that origin, new if need be; valid while it has queues or anything active. */
struct host *host_find(struct host_table *table, const char *origin);
/* The bucket, of one token that `interval_ns` fills: whether it is full, and taking it. */
bool host_may_start(const struct host *host, uint64_t now_ns);
void host_take_start(struct host *host, uint64_t now_ns, uint64_t interval_ns);
/* It asked not to be called again for so long; a day is the most. */
void host_leave_alone(struct host *host, uint64_t now_ns, uint64_t seconds);
