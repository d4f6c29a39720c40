/* back_off.h - how long a job waits for its next attempt when its consumer does not say.
 *
 * It is exponential with equal jitter (Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015).
 * With top = min(10 min, 1 s * 2^(attempt - 1)) it is top / 2 + random(0, top / 2).
 *
 * Thread:  any.
 */
#pragma once

#include "base/clock.h"

#define BACK_OFF_FIRST_NS NS_PER_S
#define BACK_OFF_MOST_NS  (600 * NS_PER_S)

/* `attempt` is the one that failed, from 1. `random` is any 64 bits. */
uint64_t back_off_ns(unsigned attempt, uint64_t random);
