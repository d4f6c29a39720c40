/* exhaustion.h - when file descriptors run out: seen where it happens, counted, and said.
 *
 * accept4() and socket() of the program stand in front of libc's. libuv, libpq and libcurl call them and say nothing,
 * or the same for each attempt. Clients that cannot be accepted are turned away. libuv does that too, but only as long
 * as no other thread takes the descriptor that it keeps for it. Then it never comes back from accepting.
 *
 * Thread:  any.
 * Limits:  a line in the log each EXHAUSTION_SAID_EVERY_S, of each kind.
 */
#pragma once

#include <stdint.h>

enum { EXHAUSTION_SAID_EVERY_S = 10 };

enum exhaustion { EXHAUSTION_ACCEPT, EXHAUSTION_CONNECT, EXHAUSTION_COUNT };

/* Keeps a descriptor for turning clients away. At the start. */
void exhaustion_prepare(void);
/* How often there was none left, since the start. */
uint64_t exhaustion_times(enum exhaustion what);
