/* server_timing.h - what a response says in Server-Timing of how long its request took within the server.
 *
 * https://www.w3.org/TR/server-timing/: entries at commas, each a name with parameters at semicolons. Read are the
 * entries queue, db and total, which Meantime writes.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

struct server_timing {
	uint32_t queue_us, database_us,
	    total_us; /* TIMING_UNKNOWN (record.h) when absent, or no number of milliseconds */
};

void server_timing_init(struct server_timing *timing);
/* Reads one header line's value. What an earlier line said stays where this one is silent. */
void server_timing_read(struct server_timing *timing, struct text value);
