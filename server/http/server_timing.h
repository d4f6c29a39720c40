/* server_timing.h - the value of Server-Timing: where the time of an exchange went, in milliseconds.
 *
 *   queue;dur=0.021, db;dur=1.204, fetch;dur=12.100, total;dur=13.400
 *
 * The third stands there when something else than the database was awaited.
 */
#pragma once

#include "exchange/exchange.h"

enum { SERVER_TIMING_BYTES = 4 * 32 };

/* Writes at most SERVER_TIMING_BYTES, without a 0 byte. Returns how many. */
size_t server_timing_write(char *out, const struct exchange *x, uint64_t total_ns);
