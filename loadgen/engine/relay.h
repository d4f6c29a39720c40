/* relay.h - a TCP relay that keeps every byte back for a while: a database as far away as one likes.
 *
 * Half of the round trip on the way there, half on the way back. A byte leaves when its time has come, in order,
 * however many are under way (it delays, it does not slow down).
 *
 * Life:    relay_start() -> address -> relay_stop().
 * Thread:  one of its own, with its own loop and timer (timerfd); start and stop from any.
 * Limits:  RELAY_CONNECTIONS_MAX connections, 4 MiB under way in each direction of each; then it stops reading. A
 *          connection beyond is closed at once.
 * Errors:  -1 and `why`.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { RELAY_CONNECTIONS_MAX = 4096 };

struct relay;

/* `database`: a libpq URI or key=value string; its host (address, name or socket folder) and port are where bytes go.
 * *out_database is the same with host and port replaced by the relay's own; to be freed by the caller. */
int relay_start(struct relay **relay, const char *database, double round_trip_ms, char **out_database, char *why,
		size_t why_size);
void relay_stop(struct relay *relay);
