/* live.h - one line on a terminal that says how far the measuring is, redrawn ten times a second, gone at the end.
 *
 * Life:    live_init() -> live_expect() -> (live_begin() or live_say(), live_on_progress()*)* -> live_end().
 * Thread:  one.
 * Limits:  nothing is written unless stderr is a terminal and `is_quiet` is false.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "loadgen/engine/load.h"

struct live {
	bool is_on;
	char name[128], what[128];         /* "async, round 2 of 5"; "GET /wait/20" */
	double expected_s, done_s, load_s; /* of all loads; of those that are over; of the one under way */
	double elapsed_s;                  /* of the one under way */
	uint64_t begun_ns;                 /* when it began */
};

void live_init(struct live *live, bool is_quiet);
/* Adds so many seconds of loads to those that are still to come; negative: they will not come. */
void live_expect(struct live *live, double seconds);
/* Begins a load that takes `seconds`; 0: not known. The words name it in short. */
void live_begin(struct live *live, double seconds, const char *format, ...) PRINTF_LIKE(3, 4);
/* Says more of the load that has begun, where the line has room for it. */
void live_detail(struct live *live, const char *text);
/* Names something that takes time and is no load: "starting the service, async". */
void live_say(struct live *live, const char *format, ...) PRINTF_LIKE(2, 3);
/* For load_plan.on_progress, with the live as its data. */
void live_on_progress(void *live, const struct load_progress *progress);
void live_end(struct live *live);

/* live_line.c: composes the line. It is never wider than `columns`: what has no room is left out, a whole value at a
 * time, the least important first. Only a name that is too long itself is shortened, with "..." at its end. `progress`
 * NULL: no load is under way. */
enum { LIVE_LINE_BYTES = 512 };
void live_line(const struct live *live, const struct load_progress *progress, unsigned columns,
	       char line[static LIVE_LINE_BYTES]);
