/* waiter.h - how a thread waits for what ends in another: awaitables use it where a thread waits.
 *
 * Life:    waiter_init() -> waiter_wait()* -> waiter_cleanup(), when it is over or will never be.
 * Owner:   the waiting thread, on its stack; the waking thread does not touch it any more afterwards.
 * Thread:  waiter_wake(): any, once. The rest: the waiting one.
 * Limits:  the deadline given to waiter_wait(). With WAITER_NO_DEADLINE the wait ends when waiter_wake() is called.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct waiter {
	pthread_mutex_t lock; /* guards is_over */
	pthread_cond_t is_over_now;
	bool is_over;
};

#define WAITER_NO_DEADLINE UINT64_MAX /* for what is known to end by itself */

void waiter_init(struct waiter *waiter);
void waiter_wake(struct waiter *waiter);
/* False: the deadline came first. */
bool waiter_wait(struct waiter *waiter, uint64_t deadline_ns);
void waiter_cleanup(struct waiter *waiter);
