/* signals.h - SIGTERM and SIGINT, heard by a thread of its own: while every loop waits for something, too.
 *
 * Life:    signals_block(), before any other thread is started -> signals_start() -> signals_stop().
 * Owner:   the caller's memory.
 * Thread:  `first` and `second` run in the thread of its own.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct signals {
	/* set by the caller */
	void (*first)(void *data, int number);
	void (*second)(void *data, int number); /* 0: none has come within patience_ms of the first */
	void *data;
	uint64_t patience_ms;
	/* private */
	pthread_t thread;
	atomic_bool is_stopped;
};

void signals_block(void);
void signals_start(struct signals *signals);
/* None is heard any more. */
void signals_stop(struct signals *signals);
