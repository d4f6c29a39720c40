/* signals.h - SIGTERM, SIGINT and SIGHUP, heard by a thread of its own: while every loop waits for something, too.
 *
 * Life:    signals_hold(), first of all -> signals_block(), before the loops are started -> signals_start() ->
 *          signals_stop().
 * Owner:   the caller's memory.
 * Thread:  `again`, `first` and `second` run in the thread of its own.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct signals {
	/* set by the caller */
	void (*again)(void *data);              /* SIGHUP */
	void (*first)(void *data, int number);  /* SIGTERM or SIGINT; SIGHUP is not told any more */
	void (*second)(void *data, int number); /* 0: none has come within patience_ms of the first */
	void *data;
	uint64_t patience_ms;
	/* private */
	pthread_t thread;
	atomic_bool is_stopped;
};

/* Until signals_block(), SIGTERM and SIGINT end the process at once with status 0, and say so on stderr if that takes it.
 * A SIGHUP waits until signals_start(); SIGPIPE, SIGUSR1 and SIGUSR2, which say nothing here, end nothing. */
void signals_hold(void);
/* SIGTERM and SIGINT wait, too. */
void signals_block(void);
void signals_start(struct signals *signals);
/* None is heard any more. */
void signals_stop(struct signals *signals);
