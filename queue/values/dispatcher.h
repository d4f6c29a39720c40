/* dispatcher.h - which job goes to which consumer: queues, leases, retries and waiting consumers, without I/O.
 *
 * PostgreSQL is the log, and this is what is known of it. A job is added when its row is committed, or read at the start.
 * Leases are in memory only. What is to be written comes out as a struct job_change, or is asked for by a result.
 *
 * Life:    dispatcher_create() -> queues, jobs, claims -> dispatcher_destroy().
 *          A job: dispatcher_reserve(), its INSERT, dispatcher_unreserve(), dispatcher_add() -> given, returned, given ...
 *          -> acked, cancelled or dead -> its row is deleted or moved -> dispatcher_ended().
 *          A turn: dispatcher_advance() -> dispatcher_next_change()* -> dispatcher_next_served()* ->
 *          dispatcher_next_unserved()* -> a timer for dispatcher_next_wake_ns().
 * Owner:   copies of all it is given, but struct parked, which is the caller's. Texts that it hands out are views, valid
 *          until the next call that takes a dispatcher which is not const.
 * Thread:  one at a time.
 * Limits:  as in its settings. dispatcher_add() takes what is committed in any case: reservations keep the bounds. A call
 *          takes time logarithmic in what there is, for each job that it gives or moves.
 * Errors:  told by the result; a stale token changes nothing.
 *
 * Times are nanoseconds since 1970 on a clock that never goes back. A queue is known by its number, from 0.
 */
#pragma once

#include "base/list.h"
#include "queue/values/job.h"
#include "queue/values/lease_token.h"

struct dispatcher;

struct dispatcher_settings {
	uint64_t epoch;   /* larger than that of each start before */
	uint64_t seed[2]; /* random */
	unsigned queues_max, jobs_max, parked_max;
	size_t payload_bytes_max; /* a larger payload is not kept */
	size_t kept_bytes_max;    /* of all payloads; beyond it none is kept */
};

struct dispatcher *dispatcher_create(const struct dispatcher_settings *settings);
void dispatcher_destroy(struct dispatcher *dispatcher);

/* Queues */

struct queue_settings {
	unsigned length_max;                /* 0: only jobs_max */
	unsigned group_concurrency;         /* 0 and 1: one job of a group after the other */
	unsigned rate_count, rate_period_s; /* so many are given in so long; count 0: there is no rate */
	bool is_paused;                     /* nothing is given */
};

/* Returns the queue's number, or -1 where there are queues_max. A queue stays. The name is valid, and not known. */
int dispatcher_add_queue(struct dispatcher *dispatcher, struct text name);
/* Returns the queue's number, or -1. */
int dispatcher_find_queue(const struct dispatcher *dispatcher, struct text name);
unsigned dispatcher_queue_count(const struct dispatcher *dispatcher);
struct text dispatcher_queue_name(const struct dispatcher *dispatcher, unsigned queue);
/* Another concurrency takes a time linear in the number of groups. Where it is lower, what was ready stays so, and may be
 * given in the order of priorities. */
void dispatcher_set_queue(struct dispatcher *dispatcher, unsigned queue, const struct queue_settings *settings);
const struct queue_settings *dispatcher_queue_settings(const struct dispatcher *dispatcher, unsigned queue);

struct queue_figures {
	unsigned ready;     /* nothing but a consumer, or an earlier job of their group, is missing */
	unsigned delayed;   /* wait for their time: of their producer, or of their retry */
	unsigned in_flight; /* leased */
	unsigned ending;    /* acked, cancelled or dead, and the row is still there */
	unsigned depth;     /* all four */
	unsigned reserved, parked;
	uint64_t dead;
	uint64_t
	    oldest_ns; /* when the oldest that is no more delayed by its producer, nor ending, could first be given;
			       0: there is none */
};

void dispatcher_figures(const struct dispatcher *dispatcher, unsigned queue, struct queue_figures *figures);
/* What dies is counted by itself; this is for what was dead at the start, and what is purged or sent again. */
void dispatcher_count_dead(struct dispatcher *dispatcher, unsigned queue, int64_t change);

/* Jobs */

enum reserved { RESERVED, RESERVED_NOT_QUEUE_FULL, RESERVED_NOT_ALL_FULL };

/* Asks before an INSERT. What is reserved counts as if it were there, until dispatcher_unreserve(). */
enum reserved dispatcher_reserve(struct dispatcher *dispatcher, unsigned queue, unsigned count) MUST_CHECK;
/* The same for jobs that were answered before: the queue's length does not matter. False: there is no room in all. */
bool dispatcher_reserve_answered(struct dispatcher *dispatcher, unsigned queue, unsigned count) MUST_CHECK;
void dispatcher_unreserve(struct dispatcher *dispatcher, unsigned queue, unsigned count);
/* Returns how many more jobs there may be: ask before jobs are read. */
unsigned dispatcher_room(const struct dispatcher *dispatcher);
/* False: its id is known, and nothing changes. */
bool dispatcher_add(struct dispatcher *dispatcher, const struct job_spec *spec, uint64_t now_ns);
/* False: there is none of that id, or it ends already. Else its row is to be deleted, then dispatcher_ended(). A lease
 * that it has is stale from now on. */
bool dispatcher_cancel(struct dispatcher *dispatcher, unsigned queue, int64_t id) MUST_CHECK;
/* The row of a job that ends is gone: only now is the next one of its group ready. */
void dispatcher_ended(struct dispatcher *dispatcher, int64_t id);

/* Claims */

struct given {
	int64_t id;
	struct lease_token token;
	unsigned queue;
	uint64_t enqueued_ns, lease_until_ns;
	unsigned attempt, max_attempts; /* this attempt counts */
	int priority;
	enum came_back came_back;
	struct text group;   /* length 0: none */
	struct text payload; /* at is NULL: it is only in its row */
};

/* Gives up to `want` jobs, at most CLAIM_MAX. Returns how many; 0 also where other claims have waited longer. */
unsigned dispatcher_claim(struct dispatcher *dispatcher, unsigned queue, unsigned want, uint64_t lease_ns,
			  uint64_t now_ns, struct given *given);

/* A claim that waits: part of what the caller knows of it, all zero at first. */
struct parked {
	struct list link; /* private, all of it */
	uint32_t place;
	unsigned queue, want;
	uint64_t lease_ns;
};

/* Lets a claim wait behind those that do already. False: parked_max wait. */
bool dispatcher_park(struct dispatcher *dispatcher, unsigned queue, struct parked *parked, unsigned want,
		     uint64_t lease_ns, uint64_t until_ns) MUST_CHECK;
/* Of one that waits: it has left. */
void dispatcher_unpark(struct dispatcher *dispatcher, struct parked *parked);
/* Returns a claim that waits no more, with `*count` jobs in `given` of CLAIM_MAX; NULL: there is none to serve. */
struct parked *dispatcher_next_served(struct dispatcher *dispatcher, uint64_t now_ns, struct given *given,
				      unsigned *count);
/* Returns a claim that waits no more since its time is over; NULL: there is none. */
struct parked *dispatcher_next_unserved(struct dispatcher *dispatcher, uint64_t now_ns);

/* Leases */

enum lease_verdict { LEASE_HELD, LEASE_STALE, LEASE_NO_JOB };

#define NACK_BACK_OFF UINT64_MAX

/* To be written. A job that is dead ends: its row is to be moved, then dispatcher_ended(). */
struct job_change {
	int64_t id;
	unsigned queue, attempt;
	uint64_t due_ns; /* of the next attempt; 0: at once */
	enum came_back came_back;
	bool is_dead;
};

/* LEASE_HELD: the job ends. Its row is to be deleted, then dispatcher_ended(). */
enum lease_verdict dispatcher_ack(struct dispatcher *dispatcher, unsigned queue, int64_t id, struct lease_token token);
/* LEASE_HELD: `change` is set. `delay_ns` may be NACK_BACK_OFF. */
enum lease_verdict dispatcher_nack(struct dispatcher *dispatcher, unsigned queue, int64_t id, struct lease_token token,
				   uint64_t delay_ns, uint64_t now_ns, struct job_change *change);
/* The lease ends `lease_ns` from now. */
enum lease_verdict dispatcher_extend(struct dispatcher *dispatcher, unsigned queue, int64_t id,
				     struct lease_token token, uint64_t lease_ns, uint64_t now_ns);
/* The consumer never had it: it is ready at once, and the attempt does not count. Nothing is to be written. */
enum lease_verdict dispatcher_give_back(struct dispatcher *dispatcher, unsigned queue, int64_t id,
					struct lease_token token);

/* Time */

/* What is due becomes ready; for a part of it at a time, where it is much. */
void dispatcher_advance(struct dispatcher *dispatcher, uint64_t now_ns);
/* Is there a lease that ended? Its job is ready at once, or dead. */
bool dispatcher_next_change(struct dispatcher *dispatcher, uint64_t now_ns, struct job_change *change);
/* Returns when there is something to do: 0 at once, UINT64_MAX never. */
uint64_t dispatcher_next_wake_ns(const struct dispatcher *dispatcher);
