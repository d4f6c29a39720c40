/* congestion.h - whether a queue has room, in number and in time, for one more: plain values and a rule, no I/O.
 *
 * What is let in is served, first in, first out. So the rule refuses at the door, at once, and not when a place has
 * been waited for in vain:
 *
 *   at ease      once the queue has not been empty for 100 ms: what would wait too long is refused, and the queue is
 *                overloaded. Too long is more than half of the time that it has, or than half of the usual time and
 *                itself takes. The queue is overloaded, too, when it is a tenth of the usual time long and has not
 *                ceased to grow for a second
 *   overloaded   nothing more is let in until the queue is 5 ms, or four places, long. It stays that short then
 *   on trial     2 s later. For 25 ms all that can be served in time is let in. Then the queue may be four times as
 *                long as it has become. The first refusal ends the trial.
 *   at ease again once nothing was refused for a second, and for as long as what waits and eight places take.
 *
 * A closed loop has a standing queue, which waits and does not grow, and a burst is over soon: both are left alone.
 * What arrives faster than it can be served fills any queue. A short one keeps all that serves busy as well as a long
 * one, and lets those in it wait as little as before.
 *
 * Refusals alone do not tell that an overload goes on. A closed loop that asks again at once is refused as long as the
 * queue is short. The trial lets all of its clients in, and then nothing is left to refuse.
 *
 * That a guest has less time than others is told to it, and says nothing of the queue.
 *
 * How long the queue is in time follows from what each is expected to take; what was never seen counts nothing.
 *
 * Life:    all zero -> congestion_judge() -> for what it lets in congestion_enter() -> congestion_leave().
 * Thread:  one at a time; the time is passed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum refusal {
	REFUSAL_NONE,
	REFUSAL_FULL, /* as many wait as may */
	REFUSAL_WAIT, /* it would wait for too long */
	REFUSAL_TIME, /* at its turn: less time is left than it is expected to take */
	REFUSAL_COUNT
};

/* What a client hears, in every mode, and what the metrics call it. */
const char *refusal_words(enum refusal refusal);
const char *refusal_name(enum refusal refusal);

struct congestion {
	uint64_t expected_ns; /* what all that waits is expected to take, one after the other */
	unsigned count;       /* of what waits */
	bool is_overloaded;
	uint64_t refused_ns; /* when it last refused for its length */
	/* while overloaded */
	uint64_t short_ns; /* since when it has been short again; 0: it was not yet */
	uint64_t trial_ns; /* when the trial under way began; 0: none is */
	unsigned allowed;  /* places that it may have during the trial */
	uint64_t since_ns; /* when the first came of those since when it was never empty */
	/* its shortest length in this window of time, and in those before */
	uint64_t window_ns;
	unsigned shortest, before[3];
	bool is_growing;
	uint64_t refused[REFUSAL_COUNT];
};

/* What asks to be let in. */
struct congestion_guest {
	uint64_t deadline_ns; /* absolute */
	uint64_t usual_ns;    /* the time that an ordinary guest has */
	uint64_t expected_ns; /* what it is expected to take; 0: it was never seen */
	unsigned limit;       /* most that may wait */
	unsigned servers;     /* how many are served at a time; at least 1 */
};

void congestion_enter(struct congestion *congestion, uint64_t expected_ns, uint64_t now_ns);
/* `expected_ns`: as it entered with. */
void congestion_leave(struct congestion *congestion, uint64_t expected_ns);
/* How long one more would wait. */
uint64_t congestion_wait_ns(const struct congestion *congestion, unsigned servers);
/* Counts what it refuses. */
enum refusal congestion_judge(struct congestion *congestion, const struct congestion_guest *guest, uint64_t now_ns);
/* At its turn: whether what is left to its deadline is clearly too little. An average may mislead, so that is half of
 * what is expected. Counts it. */
bool congestion_is_hopeless(struct congestion *congestion, uint64_t deadline_ns, uint64_t expected_ns, uint64_t now_ns);
/* Adds `refused` of one queue to `sum`. */
void congestion_add_refused(uint64_t sum[REFUSAL_COUNT], const struct congestion *congestion);

/* A moving average of what something takes; 0: it was never seen. */
static inline void congestion_learn(uint64_t *expected_ns, uint64_t took_ns)
{
	*expected_ns = *expected_ns == 0 ? took_ns + 1 : *expected_ns - *expected_ns / 8 + took_ns / 8 + 1;
}

/* What `Retry-After` says: whole seconds, at least one. */
static inline unsigned congestion_retry_s(uint64_t wait_ns)
{
	return 1 + (unsigned)(wait_ns / UINT64_C(1000000000));
}
