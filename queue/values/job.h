/* job.h - a job: what is known of it from outside, and as the dispatcher keeps it.
 *
 * Of two jobs that are ready the one with the higher priority is given first, and of one priority the lower id.
 *
 * Owner:   texts are views.
 * Thread:  any.
 * Limits:  as below; 64 bytes a job beside its payload.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"
#include "queue/values/table.h"

enum {
	PRIORITY_MIN = -100,
	PRIORITY_MAX = 100,
	ATTEMPTS_MAX = 100,
	CLAIM_MAX = 1000, /* jobs that one claim is given */
};

#define JOB_ID_MAX ((INT64_C(1) << 56) - 1)

/* Why a job is given again. */
enum came_back { CAME_NEW, CAME_EXPIRED, CAME_NACKED, CAME_DISCONNECTED, CAME_RESTARTED };

/* Returns the word that answers have for it, or NULL of CAME_NEW. */
const char *came_back_word(enum came_back came_back);

/* What is known of a job when its row is committed, or read. */
struct job_spec {
	int64_t id; /* from 1 to JOB_ID_MAX */
	unsigned queue;
	uint64_t enqueued_ns;
	uint64_t due_ns; /* when its producer's delay is over, or after an attempt its retry may begin; 0: at once */
	int8_t priority;
	uint8_t attempt, max_attempts; /* attempts so far */
	enum came_back came_back;
	struct text group;   /* length 0: none */
	struct text payload; /* at is NULL: it is not in memory */
};

enum job_state {
	JOB_DELAYED, /* its producer's delay is not over: it has no place in its group yet */
	JOB_BEHIND,  /* ready, and others of its group come first */
	JOB_READY,
	JOB_LEASED,
	JOB_RETRY,  /* waits for its next attempt, and holds its group */
	JOB_ENDING, /* acked, cancelled or dead, and its row is still there */
	JOB_STATES,
};

struct payload {
	uint32_t length;
	char text[];
};

/* As it is kept. Numbers of jobs and groups are those of their pools. */
struct job {
	struct table_link link;
	uint32_t number;
	uint32_t group;        /* each queue has one of no name, for jobs without a group */
	uint32_t place;        /* in the heap that its state says */
	uint32_t older, newer; /* those of its queue that could be given, by the time since they could; 0: none */
	uint32_t delay_s;      /* of its producer: its age does not count it */
	int8_t priority;
	uint8_t attempt, max_attempts;
	uint8_t state : 3, is_listed : 1, came_back : 4;
	int64_t id;
	uint64_t enqueued_ns;
	uint64_t lease; /* its number while there is one; else 0 */
	struct payload *payload;
};

/* Smaller comes first. */
uint64_t job_order(const struct job *job);
