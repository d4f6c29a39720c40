/* live.h - one line on a terminal that says how far the measuring is, redrawn ten times a second, gone at the end.
 *
 * Life:    live_init() -> live_say(), live_on_progress()* -> live_end().
 * Thread:  one.
 * Limits:  nothing is written unless stderr is a terminal and `is_quiet` is false.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "loadgen/load.h"

struct live {
	bool is_on;
	unsigned columns;
	char what[128];
	unsigned step, steps; /* loads done, and in all; 0: not known */
};

void live_init(struct live *live, bool is_quiet);
/* What is measured from here on: "async, round 2 of 5". */
void live_say(struct live *live, const char *format, ...) PRINTF_LIKE(2, 3);
/* For load_plan.on_progress, with the live as its data. */
void live_on_progress(void *live, const struct load_progress *progress);
void live_end(struct live *live);

/* "12.3k", "850", "1.20M". */
void live_write_count(double count, char *text, size_t size);
