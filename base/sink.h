/* sink.h - lines on their way to a file descriptor that may not take them: a thread of its own waits for it.
 *
 * Life:    sink_start() -> sink_put()* -> sink_flush(); never torn down: the process ends with the thread running.
 * Owner:   the caller's memory, static and zeroed; the descriptor stays the caller's.
 * Thread:  any. No lock is held while the descriptor is waited for.
 * Limits:  SINK_RING_BYTES of lines wait. A line is dropped and counted when there is no room, or when the descriptor
 *          has taken nothing for SINK_STUCK_MS.
 * Errors:  lines that cannot be written (ENOSPC, EPIPE, EBADF, ...) are dropped and counted; nothing is tried again.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum {
	SINK_RING_BYTES = 128 * 1024,
	SINK_STUCK_MS = 1000,
	SINK_LINE_MAX = 2048,  /* a longer text becomes several */
	SINK_REPORT_MAX = 256, /* bytes of the line that tells of dropped ones */
};

/* Writes the line that says how many were dropped, with its '\n'; returns its length, below SINK_REPORT_MAX. */
typedef size_t sink_report_fn(char line[static SINK_REPORT_MAX], uint64_t dropped);

struct sink {
	/* private */
	int fd;
	sink_report_fn *report;
	pthread_mutex_t lock; /* guards what follows, but what is the thread's own */
	pthread_cond_t has_lines, is_done;
	uint64_t first, end;        /* bytes taken from the ring, and put into it, since the start */
	uint64_t not_put;           /* lines dropped since the last one that found room */
	uint64_t busy_since_ns;     /* the thread has waited for the descriptor since then; 0: it does not */
	char ring[SINK_RING_BYTES]; /* records: a struct sink_record, then the line */
	_Atomic uint64_t dropped;   /* lines, in all */
	/* the thread's own */
	uint64_t not_written; /* lines dropped since the last write that succeeded */
	bool is_within_line;  /* the last write failed before the end of a line */
};

void sink_start(struct sink *sink, int fd, sink_report_fn *report);
/* Never waits. */
void sink_put(struct sink *sink, struct text line);
/* Waits until everything is written or dropped: until `deadline_ns` (base/clock.h), and not at all for a descriptor that
 * takes nothing. Returns whether it is. */
bool sink_flush(struct sink *sink, uint64_t deadline_ns);
/* Lines, since the start. */
uint64_t sink_dropped(const struct sink *sink);
