/* order.h - what a request asks of the queues, and what came of it: plain values between an exchange and the store.
 *
 * Life:    filled in -> queue_store_submit() -> `done`, exactly once -> its answer is read.
 * Owner:   the caller's memory. It is the store's, the arena included, from queue_store_submit() until `done`.
 * Thread:  the owner's. `done` is called in the store's, never inside queue_store_submit().
 * Limits:  ORDER_PARTS_MAX drafts or receipts; CLAIM_MAX jobs. It ends by its deadline.
 * Errors:  `error` and `why`, which a client may read.
 */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/deadlines.h"
#include "base/error.h"
#include "queue/values/dispatcher.h"

enum {
	ORDER_PARTS_MAX = 1000,
	ORDER_GROUP_BYTES_MAX = 128,
	ORDER_KEY_BYTES_MAX = 255,
	ORDER_ATTEMPTS = 5, /* where a job names no other number */
};

enum order_errand {
	ORDER_ENQUEUE,
	ORDER_CLAIM,
	ORDER_ACK,
	ORDER_NACK,
	ORDER_EXTEND,
	ORDER_CANCEL, /* whether it is leased or not */
	ORDER_GIVE_BACK,
	ORDER_FIGURES,
	ORDER_LIST_DEAD, /* dead letters */
	ORDER_RESEND,
	ORDER_PURGE,
	ORDER_PAUSE,
	ORDER_RESUME,
	ORDER_LIMIT,
};

/* A job to be. */
struct order_draft {
	struct text group, payload; /* a group of length 0: none */
	uint64_t delay_ns;
	int8_t priority;
	uint8_t max_attempts;
};

/* What a consumer says of a job that it was given. */
struct order_receipt {
	int64_t id;
	struct lease_token token;
	uint64_t delay_ns;          /* of a nack, or NACK_BACK_OFF; of an extension, how long the lease is */
	struct text reason;         /* of a nack */
	enum lease_verdict verdict; /* the answer */
};

/* A dead letter. */
struct order_dead {
	int64_t id;
	uint64_t enqueued_ns, died_ns;
	unsigned attempt, max_attempts;
	int priority;
	struct text group, reason, payload; /* length 0: none */
};

struct queue_order {
	/* set by the caller */
	enum order_errand errand;
	struct text queue; /* its name, which is valid */
	struct arena *arena;
	uint64_t deadline_ns; /* of base/clock.h */
	const atomic_bool *is_abandoned;
	const struct order_draft *drafts;
	unsigned draft_count;
	struct text key;                /* of an enqueue: length 0: none */
	uint64_t body_hash[2];          /* of one with a key */
	struct order_receipt *receipts; /* of a claim: what it acks before */
	unsigned receipt_count;
	unsigned want;                  /* of a claim, and of dead letters */
	int64_t first_id, last_id;      /* of dead letters: from, and to */
	struct queue_settings settings; /* of ORDER_LIMIT: all of them but is_paused */
	uint64_t lease_ns, wait_ns;
	void (*done)(struct queue_order *order);
	void *data;

	/* the answer */
	enum error error;
	const char *why;
	unsigned retry_s;    /* of ERROR_BUSY and ERROR_RATE_LIMITED; 0: not known */
	const int64_t *ids;  /* of the drafts */
	struct given *given; /* so many; a payload is there always */
	unsigned given_count;
	struct queue_figures figures;
	uint64_t oldest_age_ns; /* of its oldest_ns */
	bool is_queue_known;    /* of figures: there was such a queue; then `settings` are its own */
	struct order_dead *dead;
	unsigned dead_count;
	unsigned settled; /* letters that were sent again, or purged; `figures` say how many are left */

	/* private */
	struct list link;
	struct deadline ends;
	struct parked parked;
	struct write *write; /* of an enqueue that is under way */
	struct task *task;   /* of one about dead letters or settings */
	unsigned left;       /* receipts that are not written yet */
};
