#include "loop/waiter.h"

#include "base/clock.h"

#include <errno.h>

void waiter_init(struct waiter *waiter)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&waiter->lock, NULL);
	pthread_cond_init(&waiter->is_over_now, &monotonic);
	pthread_condattr_destroy(&monotonic);
	waiter->is_over = false;
}

void waiter_wake(struct waiter *waiter)
{
	/* the waiter goes, with its lock, as soon as it can take it */
	pthread_mutex_lock(&waiter->lock);
	waiter->is_over = true;
	pthread_cond_signal(&waiter->is_over_now);
	pthread_mutex_unlock(&waiter->lock);
}

bool waiter_wait(struct waiter *waiter, uint64_t deadline_ns)
{
	struct timespec deadline = {(time_t)(deadline_ns / NS_PER_S), (long)(deadline_ns % NS_PER_S)};
	int status = 0;
	bool is_over;

	pthread_mutex_lock(&waiter->lock);
	while (!waiter->is_over && status != ETIMEDOUT)
		status = deadline_ns == WAITER_NO_DEADLINE
			     ? pthread_cond_wait(&waiter->is_over_now, &waiter->lock)
			     : pthread_cond_timedwait(&waiter->is_over_now, &waiter->lock, &deadline);
	is_over = waiter->is_over;
	pthread_mutex_unlock(&waiter->lock);
	return is_over;
}

void waiter_cleanup(struct waiter *waiter)
{
	pthread_mutex_destroy(&waiter->lock);
	pthread_cond_destroy(&waiter->is_over_now);
}
