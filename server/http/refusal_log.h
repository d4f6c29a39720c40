/* refusal_log.h - requests with a method that their path does not have, in the log.
 *
 * A write that PostgreSQL refuses to a GET is an error of the database's, which exchange_log_db_error() logs.
 *
 * Life:    zeroed.
 * Thread:  its loop's.
 * Limits:  REFUSALS_LOGGED_MAX lines a second; the next line says how many requests had none.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

struct exchange;

enum { REFUSALS_LOGGED_MAX = 10 };

struct refusal_log {
	uint64_t second;
	unsigned count;    /* of this second */
	uint64_t left_out; /* since the last line */
};

/* `x` has no route and is answered with 405; `method` is as it was sent. */
void refusal_log_note(struct refusal_log *log, struct text method, const struct exchange *x, uint64_t now_ns);
