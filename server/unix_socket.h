/* unix_socket.h - a unix socket to listen on, written unix:PATH.
 *
 * It listens under another name first, and takes the path then, in one step. So a process that listened there before is
 * succeeded without a gap, and what a process that crashed has left is no obstacle. The file stays when the program ends:
 * it may be a successor's.
 *
 * Thread:  start-up.
 * Limits:  UNIX_SOCKET_PATH_MAX bytes of path.
 * Errors:  -1 and `why`. A file of that name that is no socket is left as it is.
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"

enum { UNIX_SOCKET_PATH_MAX = 95 }; /* sun_path has 108 bytes, and the other name is longer by a number */

/* The path within unix:PATH, or NULL when it is written otherwise. */
const char *unix_socket_path(const char *address);
/* Returns a socket that listens there. */
MUST_CHECK int unix_socket_open(const char *path, int backlog, char *why, size_t why_bytes);
