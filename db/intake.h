/* intake.h - bounds how much libpq reads from a connection in one call, and counts it.
 *
 * libpq makes room for a whole message, however large, and reads on while the kernel has more. PostgreSQL on the same machine
 * sends as fast as that: hundreds of megabytes would arrive within one call. So recv() of the program stands in front of
 * libc's. Within a call that is metered, the socket gives INTAKE_BYTES; then it says EAGAIN, as if nothing more had come.
 * libpq comes back when its caller calls it again: the kernel says at once that the socket is readable.
 *
 * Thread:  any; each meters one call at a time.
 */
#pragma once

#include <stddef.h>

enum { INTAKE_BYTES = 262144 };

void intake_begin(int socket);
/* Returns how many bytes were read since intake_begin(). */
size_t intake_end(void);
